// The packed tarball with every combination of what it supports: Node, SDK, pino and winston, loaded as ESM and as CJS.
// Prints a table, and writes it to docs/compatibility.md. Node comes from the npm registry and is kept in .cache.

import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const page = join(root, 'docs/compatibility.md')
const START = '<!-- from here on by test/matrix/run.mjs -->'
const DEADLINE_MS = 120_000

const NODES = ['20.19.0', '22', '24', '26']
const SDKS = {
  'SDK 2': { api: '~1.9.1', logs: '0.223.1', hooks: '2', instrumentation: '0.223.0' },
  'SDK 3': { api: '~1.10.0', logs: '3', hooks: '3', instrumentation: '0.301', needs: [22, 15] },
}
const LOGGERS = ['9', '10'].flatMap((pino) => ['3.8.0', '3'].map((winston) => ({ pino, winston })))

/** What is installed together, by name; the last is as old as the peer dependencies allow. */
const installations = [
  ...Object.entries(SDKS).flatMap(([sdk, packages]) => LOGGERS.map((loggers) => ({ sdk, ...packages, ...loggers }))),
  {
    sdk: 'SDK 2, oldest API',
    ...SDKS['SDK 2'],
    api: '1.4.0',
    instrumentation: '0.200',
    pino: '9.0.0',
    winston: '3.8.0',
  },
]

const ENTRIES = {
  ESM: [
    'esm.mjs',
    `import * as bridge from 'otel-log-bridge'
import * as pinoBridge from 'otel-log-bridge/pino'
import * as winstonBridge from 'otel-log-bridge/winston'
import * as worker from 'otel-log-bridge/worker'
import * as processor from 'otel-log-bridge/processor'
import pino from 'pino'
import winston from 'winston'
import * as api from '@opentelemetry/api'
import * as hooks from '@opentelemetry/context-async-hooks'
import * as sdk from '@opentelemetry/sdk-logs'
import { createRequire } from 'node:module'
import { conformance } from './conformance.mjs'
const logs = api.logs ?? (await import('@opentelemetry/api-logs')).logs
const { resolve } = createRequire(import.meta.url)
await conformance({ bridge, pinoBridge, winstonBridge, worker, processor, pino, winston, api, hooks, sdk, logs, resolve })
`,
  ],
  CJS: [
    'cjs.cjs',
    `const api = require('@opentelemetry/api')
const modules = {
  bridge: require('otel-log-bridge'),
  pinoBridge: require('otel-log-bridge/pino'),
  winstonBridge: require('otel-log-bridge/winston'),
  worker: require('otel-log-bridge/worker'),
  processor: require('otel-log-bridge/processor'),
  pino: require('pino'),
  winston: require('winston'),
  hooks: require('@opentelemetry/context-async-hooks'),
  sdk: require('@opentelemetry/sdk-logs'),
  logs: api.logs ?? require('@opentelemetry/api-logs').logs,
  resolve: require.resolve,
}
import('./conformance.mjs').then(({ conformance }) => conformance({ ...modules, api }))
`,
  ],
}

const QUIET = ['--no-audit', '--no-fund', '--no-save', '--loglevel=error']

async function npm(args, cwd) {
  const { stdout } = await run('npm', args, { cwd, encoding: 'utf8' })
  return stdout
}

/** @returns the path of its binary, and its version. */
async function nodeOf(release) {
  const folder = join(root, '.cache', `node-${release}`)
  const binary = join(folder, 'node_modules/node/bin/node')
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    await npm(['install', '--prefix', folder, ...QUIET, `node@${release}`], folder)
  }
  const { stdout } = await run(binary, ['--version'])
  return { binary, version: stdout.trim().slice(1) }
}

async function install(folder, tarball, { api, logs, hooks, instrumentation, pino, winston }) {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  const packages = [
    `@opentelemetry/api@${api}`,
    `@opentelemetry/sdk-logs@${logs}`,
    `@opentelemetry/context-async-hooks@${hooks}`,
    `@opentelemetry/instrumentation@${instrumentation}`,
    `pino@${pino}`,
    `winston@${winston}`,
  ]
  await npm(['install', ...QUIET, tarball, ...packages], folder)
  copyFileSync(join(import.meta.dirname, 'conformance.mjs'), join(folder, 'conformance.mjs'))
  for (const [file, text] of Object.values(ENTRIES)) writeFileSync(join(folder, file), text)
  const versionOf = (name) =>
    JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version
  return {
    sdk: versionOf('@opentelemetry/sdk-logs'),
    api: versionOf('@opentelemetry/api'),
    pino: versionOf('pino'),
    winston: versionOf('winston'),
  }
}

function isBelow(version, [major, minor]) {
  const [ownMajor, ownMinor] = version.split('.').map(Number)
  return ownMajor < major || (ownMajor === major && ownMinor < minor)
}

/** @returns what is said of the cell, and why it failed. */
async function check(binary, folder, file) {
  try {
    const { stdout } = await run(binary, [file], { cwd: folder, timeout: DEADLINE_MS })
    const { checks, failures } = JSON.parse(stdout)
    return { says: `${checks.length - failures.length}/${checks.length}`, failures }
  } catch (error) {
    return { says: 'failed', failures: [error.stderr || String(error)] }
  }
}

/** At most as many at once as there are cores. */
async function inParallel(tasks) {
  const left = [...tasks]
  const worker = async () => {
    for (let task = left.shift(); task !== undefined; task = left.shift()) await task()
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
}

function tableOf(nodes, rows) {
  const head = ['SDK', 'API', 'pino', 'winston', ...nodes.map(({ version }) => `Node ${version}`)]
  const cells = rows.map(({ versions, says }) => [
    ...[versions.sdk, versions.api, versions.pino, versions.winston],
    ...nodes.map(({ version }) => says.get(version).join(' · ')),
  ])
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

const work = mkdtempSync(join(tmpdir(), 'otel-log-bridge-matrix-'))
const failures = []
let passed = 0
try {
  const packed = await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', work], root)
  const tarball = join(work, JSON.parse(packed)[0].filename)
  const nodes = []
  for (const release of NODES) nodes.push(await nodeOf(release))
  const rows = []
  for (const [number, installation] of installations.entries()) {
    const folder = join(work, String(number))
    const versions = await install(folder, tarball, installation)
    const says = new Map(nodes.map(({ version }) => [version, []]))
    rows.push({ versions, says })
    const tasks = nodes.flatMap(({ binary, version }) => {
      if (installation.needs && isBelow(version, installation.needs)) {
        says.get(version).push(`– (${installation.sdk} needs Node ${installation.needs.join('.')})`)
        return []
      }
      return Object.entries(ENTRIES).map(([format, [file]], place) => async () => {
        const cell = `Node ${version}, ${installation.sdk}, pino ${versions.pino}, winston ${versions.winston}, ${format}`
        const result = await check(binary, folder, file)
        says.get(version)[place] = `${format} ${result.says}`
        if (result.failures.length === 0) passed++
        else failures.push(`${cell}\n${result.failures.join('\n')}`)
        console.log(`${result.failures.length === 0 ? 'passed' : 'FAILED'}  ${cell}: ${result.says}`)
      })
    })
    await inParallel(tasks)
  }
  const table = tableOf(nodes, rows)
  console.log(`\n${table}\n`)
  const [prose] = readFileSync(page, 'utf8').split(START)
  writeFileSync(page, `${prose}${START}\n\n${table}\n`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
for (const failure of failures) console.log(`FAILED  ${failure}\n`)
console.log(`${passed} cells passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1
