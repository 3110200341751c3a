// The packed tarball, as users install it: its files, its exports, its types, and both module systems.

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { version } from '../src/version.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
let folder: string
let tarball: string
let packed: { path: string }[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-log-bridge-'))
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
  })
  const [report] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[]
  if (report === undefined) throw new Error('npm pack printed no report')
  tarball = join(folder, report.filename)
  packed = report.files
})

afterAll(() => rm(folder, { recursive: true, force: true }))

test('holds the build, the licence and the readme, and nothing else', () => {
  const others = packed.map(({ path }) => path).filter((path) => !path.startsWith('dist/'))
  expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json'])
})

test('tells receivers the version that it is published as', async () => {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  expect(version).toBe(manifest.version)
})

test('its exports agree with its files', async () => {
  const bytes = await readFile(tarball)
  const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true })
  expect(messages.map((message) => formatMessage(message, pkg ?? {}))).toEqual([])
})

test('its types resolve under every module resolution of TypeScript', async () => {
  const bytes = await readFile(tarball)
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(bytes)))
  if (result.types === false) throw new Error('the package has no types')
  // TypeScript's resolution of Node 10 knows no exports: only the main entry can be found there.
  const problems = result.problems.filter(
    (problem) => !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
  )
  expect(problems).toEqual([])
})

test('installs without scripts', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: object }
  expect(Object.keys(scripts).filter((name) => /^(?:pre|post)?install$|^prepare$/.test(name))).toEqual([])
})

test('require.resolve finds the pino target', () => {
  expect(createRequire(import.meta.url).resolve('otel-log-bridge/pino')).toBe(
    join(root, 'dist/adapters/pino/index.cjs'),
  )
})

const NAMES = {
  'otel-log-bridge': ['areLogsSuppressed', 'bridgeStats', 'createBridge', 'diagLogger', 'setInternalLogSink'],
  'otel-log-bridge/pino': ['createPinoStream', 'createPinoTransport', 'default', 'otelMixin'],
  'otel-log-bridge/winston': ['OpenTelemetryTransport'],
  'otel-log-bridge/worker': ['WorkerLoggerProvider'],
  'otel-log-bridge/processor': ['BufferedLogRecordProcessor'],
  'otel-log-bridge/instrumentation': ['LogBridgeInstrumentation'],
}

test.each(Object.entries(NAMES))('%s loads as ESM and as CJS, with the same names', async (entry, names) => {
  const program = join(root, 'dist', 'names.test.cjs')
  await writeFile(
    program,
    `const cjs = Object.keys(require('${entry}')); import('${entry}').then((m) => console.log(JSON.stringify([cjs, Object.keys(m)])))`,
  )
  try {
    const { stdout } = await run(process.execPath, [program])
    const [cjs, esm] = JSON.parse(stdout) as [string[], string[]]
    expect(esm).toEqual(expect.arrayContaining(names))
    expect(cjs.filter((name) => name !== '__esModule').sort()).toEqual(
      [...esm].filter((name) => name !== 'module.exports').sort(),
    )
  } finally {
    await rm(program)
  }
})
