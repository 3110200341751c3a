// The packed tarball under every Node release line that is supported, as ESM and as CJS, each with the newest SDK that
// runs there. Node itself comes from the npm registry and is kept in .cache.

import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const RELEASES = ['20.19.0', '22', '24', '26']
const SDK = {
  2: ['@opentelemetry/api@~1.9.1', '@opentelemetry/sdk-logs@0.223.1'],
  3: ['@opentelemetry/api@~1.10.0', '@opentelemetry/sdk-logs@3'],
}

const IMPORTS = `
import * as bridge from 'otel-log-bridge'
import * as pinoBridge from 'otel-log-bridge/pino'
import * as winstonBridge from 'otel-log-bridge/winston'
import pino from 'pino'
import winston from 'winston'
import * as sdk from '@opentelemetry/sdk-logs'
import { createRequire } from 'node:module'
import { program } from './program.mjs'
await program({ bridge, pinoBridge, winstonBridge, pino, winston, sdk, resolve: createRequire(import.meta.url).resolve })
`
const REQUIRES = `
const bridge = require('otel-log-bridge')
const pinoBridge = require('otel-log-bridge/pino')
const winstonBridge = require('otel-log-bridge/winston')
const parts = { pino: require('pino'), winston: require('winston'), sdk: require('@opentelemetry/sdk-logs') }
import('./program.mjs').then(({ program }) =>
  program({ bridge, pinoBridge, winstonBridge, ...parts, resolve: require.resolve }),
)
`

const root = join(import.meta.dirname, '../..')
const work = mkdtempSync(join(tmpdir(), 'otel-log-bridge-nodes-'))
const quiet = ['--no-audit', '--no-fund', '--no-save', '--loglevel=error']
let failed = 0

function npm(args, cwd) {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function nodeBinary(release) {
  const folder = join(root, '.cache', `node-${release}`)
  const binary = join(folder, 'node_modules/node/bin/node')
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    npm(['install', '--prefix', folder, ...quiet, `node@${release}`], folder)
  }
  return binary
}

function installFor(generation, tarball) {
  const folder = join(work, `sdk${generation}`)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  npm(['install', ...quiet, tarball, 'pino@10', 'winston@3', ...SDK[generation]], folder)
  copyFileSync(join(import.meta.dirname, 'program.mjs'), join(folder, 'program.mjs'))
  writeFileSync(join(folder, 'esm.mjs'), IMPORTS)
  writeFileSync(join(folder, 'cjs.cjs'), REQUIRES)
  return folder
}

try {
  const [{ filename }] = JSON.parse(npm(['pack', '--json', '--ignore-scripts', '--pack-destination', work], root))
  const folders = { 2: installFor(2, join(work, filename)), 3: installFor(3, join(work, filename)) }
  for (const release of RELEASES) {
    const binary = nodeBinary(release)
    const version = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim()
    const generations = Number.parseInt(version.slice(1), 10) >= 22 ? [2, 3] : [2]
    for (const generation of generations) {
      for (const file of ['esm.mjs', 'cjs.cjs']) {
        const cell = `Node ${version}, SDK ${generation}, ${file.slice(0, 3).toUpperCase()}`
        try {
          execFileSync(binary, [file], { cwd: folders[generation], stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
          console.log(`passed  ${cell}`)
        } catch (error) {
          failed++
          console.log(`FAILED  ${cell}\n${error.stderr ?? error}`)
        }
      }
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
process.exitCode = failed === 0 ? 0 : 1
