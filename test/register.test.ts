// `node --import otel-log-bridge/register app.js`: apps that know nothing of the bridge, in processes of their own. They run
// what is built, in a folder of their own, with the packages that an app has.

import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ChildResult, resultOf } from './children/internal-spawn.ts'
import { type OtlpReceiver, startOtlpReceiver } from './support/otlp-receiver.ts'

const root = join(import.meta.dirname, '..')
const REGISTER = ['--import', 'otel-log-bridge/register']
let folder: string
let receiver: OtlpReceiver

beforeEach(async () => {
  receiver = await startOtlpReceiver()
  folder = await mkdtemp(join(tmpdir(), 'otel-log-bridge-'))
  await install('otel-log-bridge', root)
  for (const name of ['pino', 'winston']) await install(name, join(root, 'node_modules', name))
})
afterEach(async () => {
  await receiver.close()
  await rm(folder, { recursive: true })
})

async function install(name: string, source: string): Promise<void> {
  const path = join(folder, 'node_modules', name)
  await mkdir(dirname(path), { recursive: true })
  await symlink(source, path, 'dir')
}

/** Runs `main`, among `files` by name, as an app of the folder. */
async function run(
  flags: readonly string[],
  main: string,
  files: Record<string, string>,
  env: Record<string, string> = {},
): Promise<ChildResult> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const inherited = { PATH: process.env.PATH ?? '', ...receiver.env }
  return resultOf(spawn(process.execPath, [...flags, main], { cwd: folder, env: { ...inherited, ...env } }))
}

const bodies = () => receiver.records.map(({ body }) => body)

const LOGGING = `
  pino({ name: 'shop' }).info({ order: 1 }, 'by pino')
  winston.configure({ transports: [new winston.transports.Console()] })
  winston.warn('by winston')
`
const ESM = `import pino from 'pino'
  import winston from 'winston'
  ${LOGGING}`
const CJS = `const { pino } = require('pino')
  const winston = require('winston')
  ${LOGGING}`

describe('without an SDK', () => {
  test.each([
    ['an app of ES modules', REGISTER, 'app.mjs', ESM, {}],
    ['an app of CommonJS', REGISTER, 'app.cjs', CJS, {}],
    ['--require, ES modules', ['--require', 'otel-log-bridge/register'], 'app.mjs', ESM, {}],
    ['--require, CommonJS', ['--require', 'otel-log-bridge/register'], 'app.cjs', CJS, {}],
    ['NODE_OPTIONS', [], 'app.mjs', ESM, { NODE_OPTIONS: REGISTER.join(' ') }],
    ['both, and twice', [...REGISTER, ...REGISTER, '-r', 'otel-log-bridge/register'], 'app.mjs', ESM, {}],
  ])('%s: what both loggers log is exported from a thread', async (_how, flags, main, text, env) => {
    const { code, stdout, stderr } = await run(flags, main, { [main]: text }, env)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.trimEnd().split('\n').sort()).toEqual([
      '{"level":"warn","message":"by winston"}',
      expect.stringMatching(/^{"level":30,.*"name":"shop","order":1,"msg":"by pino"}$/),
    ])
    expect(receiver.records).toHaveLength(2)
    expect(receiver.records).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ body: 'by pino', scopeName: 'shop', attributes: { order: 1 }, severityText: 'info' }),
        expect.objectContaining({ body: 'by winston', severityText: 'warn' }),
      ]),
    )
  })

  test('an app writes the same bytes as without it', async () => {
    const app = `import pino from 'pino'
      import winston from 'winston'
      const logger = pino({ base: null, timestamp: false, redact: ['card'], level: 'debug' }, pino.multistream([
        { level: 'debug', stream: process.stdout }, { level: 'error', stream: process.stdout }]))
      logger.debug({ card: 1 }, 'debug')
      logger.child({ a: 1 }).error(new TypeError('e').message)
      const transport = pino.transport({ target: 'pino/file' })
      const behind = pino({ base: null, timestamp: false }, transport)
      behind.info('by a transport')
      behind.flush((error) => {
        console.log('flushed', error)
        winston.add(new winston.transports.Console({ format: winston.format.simple() }))
        winston.info('by winston', { a: 1 })
        console.log(winston.default.transports.length, pino.name, pino.length, pino.version === behind.version)
      })`
    const without = await run([], 'app.mjs', { 'app.mjs': app })
    const registered = await run(REGISTER, 'app.mjs', {})
    expect({ ...registered, milliseconds: 0 }).toEqual({ ...without, milliseconds: 0 })
    expect(without.stdout).toContain('by a transport')
    expect(bodies().sort()).toEqual(['by a transport', 'by winston', 'debug', 'e'])
    expect(receiver.records.find(({ body }) => body === 'debug')?.attributes).toEqual({ card: '[Redacted]' })
  })

  test.each([
    ['process.exit()', 'process.exit(3)', { code: 3 }],
    ['an exception', 'throw new Error("the app is broken")', { code: 1 }],
    ['SIGTERM', 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)', { signal: 'SIGTERM' }],
  ])('what is logged right before %s arrives', async (_end, end, result) => {
    const app = `${ESM}; ${end}`
    expect(await run(REGISTER, 'app.mjs', { 'app.mjs': app })).toMatchObject(result)
    expect(bodies().sort()).toEqual(['by pino', 'by winston'])
  })

  test('an exception that the app has winston log arrives', async () => {
    const app = `import winston from 'winston'
      winston.createLogger({ transports: [new winston.transports.Console({ handleExceptions: true })] })
      throw new Error('the app is broken')`
    expect(await run(REGISTER, 'app.mjs', { 'app.mjs': app })).toMatchObject({ code: 1 })
    expect(receiver.records).toMatchObject([{ attributes: { 'exception.message': 'the app is broken' } }])
  })

  test('a burst before the first turn of the event loop arrives, all of it', async () => {
    const app = `import pino from 'pino'
      const logger = pino({ level: 'info' }, { write() {} })
      for (let i = 0; i < 5000; i++) logger.info({ i }, 'burst')
      process.exit()`
    const { stderr } = await run(REGISTER, 'app.mjs', { 'app.mjs': app })
    expect(stderr).toBe('')
    expect(receiver.records.map(({ attributes }) => attributes.i)).toEqual(Array.from({ length: 5000 }, (_, i) => i))
  })

  test('an app that runs on has its records exported', async () => {
    const app = `import pino from 'pino'
      pino().info('hello')
      process.stdin.once('data', () => process.exit())`
    await writeFile(join(folder, 'app.mjs'), app)
    const env = { PATH: process.env.PATH ?? '', ...receiver.env }
    const child = spawn(process.execPath, [...REGISTER, 'app.mjs'], { cwd: folder, env })
    const result = resultOf(child)
    await receiver.received(1)
    child.stdin.write('end\n')
    expect(await result).toMatchObject({ code: 0, stderr: '' })
    expect(bodies()).toEqual(['hello'])
  })
})

/** Tells of each thread that the process starts, and of its end. */
const COUNTING = `const threads = require('node:worker_threads')
  const { writeSync } = require('node:fs')
  threads.Worker = class extends threads.Worker {
    constructor(...args) {
      super(...args)
      writeSync(1, 'thread\\n')
      this.once('exit', () => writeSync(1, 'thread ended\\n'))
    }
  }`

/** A LoggerProvider of the app's that writes what it is given to standard output, behind `sdk:`. */
const SDK = (setGlobal: string) => `
  import { writeSync } from 'node:fs'
  import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
  ${setGlobal}
  const exporter = {
    export(batch, done) {
      globalThis.onExport?.()
      for (const { body } of batch) writeSync(1, \`sdk:\${body}\\n\`)
      done({ code: 0 })
    },
    async shutdown() {},
    async forceFlush() {},
  }
  logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }))`

const GENERATIONS = [
  {
    generation: 3,
    setGlobal: "import { logs } from '@opentelemetry/api'",
    from: createRequire(import.meta.url),
    packages: ['api', 'sdk-logs'],
  },
  {
    generation: 2,
    setGlobal: "import { logs } from '@opentelemetry/api-logs'",
    from: createRequire(join(root, 'test/fixtures/sdk2/package.json')),
    packages: ['api', 'api-logs', 'sdk-logs'],
  },
]

describe.each(GENERATIONS)('with an SDK of generation $generation', ({ setGlobal, from, packages }) => {
  beforeEach(async () => {
    for (const name of packages.map((short) => `@opentelemetry/${short}`)) {
      const entry = from.resolve(name)
      await install(name, entry.slice(0, entry.lastIndexOf(name) + name.length))
    }
    await writeFile(join(folder, 'telemetry.mjs'), SDK(setGlobal))
  })

  const sent = ({ stdout }: ChildResult) => stdout.split('\n').filter((line) => line.startsWith('sdk:'))
  const TELEMETRY = ['--import', './telemetry.mjs']
  /** So that a busy machine does not take the second in which it is waited for to load it. */
  const LOADED = "import '@opentelemetry/sdk-logs'\n"

  test.each([
    ['before the bridge', [...TELEMETRY, ...REGISTER], ESM],
    ['behind the bridge', [...REGISTER, ...TELEMETRY], ESM],
    ['by the app, behind its first records', REGISTER, `${LOADED}${ESM}; await import('./telemetry.mjs')`],
    ['by the app, later', REGISTER, `${LOADED}${ESM}; setTimeout(() => import('./telemetry.mjs'), 50)`],
  ])('that is started %s: it gets all records, and nobody else', async (_when, flags, app) => {
    const result = await run(flags, 'app.mjs', { 'app.mjs': app })
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(sent(result)).toEqual(['sdk:by pino', 'sdk:by winston'])
    expect(receiver.requests).toEqual([])
  })

  test('that is started when records have been exported without it: what follows is its own', async () => {
    const app = `import { bridgeStats } from 'otel-log-bridge'
      import pino from 'pino'
      const logger = pino()
      logger.info('early')
      const timer = setInterval(async () => {
        if (bridgeStats().emitted === 0) return
        clearInterval(timer)
        await import('./telemetry.mjs')
        logger.info('late')
      }, 10)`
    const files = { 'app.mjs': app, 'counting.cjs': COUNTING }
    const result = await run(['--require', './counting.cjs', ...REGISTER], 'app.mjs', files)
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(sent(result)).toEqual(['sdk:late'])
    expect(result.stdout).toContain('thread ended')
    expect(bodies()).toEqual(['early'])
  })

  test('whose exporter logs: that is not bridged', async () => {
    const app = `${ESM}; const logger = pino({ name: 'exporter' }); globalThis.onExport = () => logger.info('exporting')`
    const result = await run([...REGISTER, ...TELEMETRY], 'app.mjs', { 'app.mjs': `${app}; logger.info('last')` })
    expect(sent(result)).toEqual(['sdk:by pino', 'sdk:by winston', 'sdk:last'])
    expect(result.stdout.split('\n').filter((line) => line.includes('exporting'))).toHaveLength(1)
  })

  test('a logger that the app has attached itself is bridged once', async () => {
    const app = `import { createPinoStream } from 'otel-log-bridge/pino'
      import { OpenTelemetryTransport } from 'otel-log-bridge/winston'
      import pino from 'pino'
      import winston from 'winston'
      pino(createPinoStream()).info('by pino')
      winston.createLogger({ transports: [new OpenTelemetryTransport()] }).info('by winston')`
    expect(sent(await run([...REGISTER, ...TELEMETRY], 'app.mjs', { 'app.mjs': app }))).toEqual([
      'sdk:by pino',
      'sdk:by winston',
    ])
  })
})

test.each([
  ['before', (own: string[]) => [...own, ...REGISTER]],
  ['behind', (own: string[]) => [...REGISTER, ...own]],
])('an instrumentation that the app makes itself, %s it, attaches by its own options', async (_where, order) => {
  await install('@opentelemetry/instrumentation', join(root, 'node_modules/@opentelemetry/instrumentation'))
  const own = `import { registerInstrumentations } from '@opentelemetry/instrumentation'
    import { LogBridgeInstrumentation } from 'otel-log-bridge/instrumentation'
    registerInstrumentations({ instrumentations: [new LogBridgeInstrumentation({ scopeName: 'own' })] })`
  const files = { 'own.mjs': own, 'app.mjs': ESM }
  expect(await run(order(['--import', './own.mjs']), 'app.mjs', files)).toMatchObject({ code: 0, stderr: '' })
  expect(receiver.records.map(({ body, scopeName }) => [body, scopeName]).sort()).toEqual([
    ['by pino', 'own'],
    ['by winston', 'own'],
  ])
})

test.each([
  ['OTEL_SDK_DISABLED', 'true'],
  ['OTEL_LOGS_EXPORTER', 'none'],
])('%s=%s: nothing is made', async (name, value) => {
  const files = { 'app.mjs': ESM, 'counting.cjs': COUNTING }
  const result = await run(['--require', './counting.cjs', ...REGISTER], 'app.mjs', files, { [name]: value })
  expect(result).toMatchObject({ code: 0, stderr: '' })
  expect(result.stdout).not.toContain('thread')
  expect(receiver.requests).toEqual([])
  // Without the variable it is told.
  expect((await run(['--require', './counting.cjs', ...REGISTER], 'app.mjs', files)).stdout).toContain('thread')
})

test('threads of the app are attached, and those that export are not', async () => {
  // Where the app is of ES modules, pino gives its threads no preload.
  const app = `const { Worker } = require('node:worker_threads')
    const pino = require('pino')
    pino(pino.transport({ target: './transport.mjs' })).info('on the main thread')
    for (const how of ['ends', 'exits']) new Worker('./worker.mjs', { argv: [how] })`
  const worker = `import pino from 'pino'
    pino().info('in a thread that ' + process.argv[2])
    if (process.argv[2] === 'exits') process.exit()`
  const transport = `import { Writable } from 'node:stream'
    import pino from 'pino'
    const logger = pino({}, { write() {} })
    for (let i = 0; i < 600; i++) logger.info('in a transport')
    export default () => new Writable({ write(chunk, _, done) { done() } })`
  const files = { 'app.cjs': app, 'worker.mjs': worker, 'transport.mjs': transport, 'counting.cjs': COUNTING }
  const { code, stdout, stderr } = await run(['--require', './counting.cjs', ...REGISTER], 'app.cjs', files)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  // Those of the app, its transport's, and what exports for each of the three that log.
  expect(stdout.match(/^thread$/gm)).toHaveLength(6)
  expect(bodies().sort()).toEqual(['in a thread that ends', 'in a thread that exits', 'on the main thread'])
})

test('without @opentelemetry/instrumentation it says so, and the app goes on', async () => {
  // It is missing for whoever asks: a folder above the app's may have it.
  const missing = `const Module = require('node:module')
    const resolve = Module._resolveFilename
    Module._resolveFilename = (name, parent, isMain, options) =>
      resolve(name, parent, isMain, name === '@opentelemetry/instrumentation' ? { paths: ['/nowhere'] } : options)`
  const files = { 'app.mjs': ESM, 'missing.cjs': missing }
  const { code, stdout, stderr } = await run(['--require', './missing.cjs', ...REGISTER], 'app.mjs', files)
  expect(stderr).toBe(
    "otel-log-bridge error [not-attached] pino and winston are not attached: '@opentelemetry/instrumentation' is not there; " +
      'install it with: npm install @opentelemetry/instrumentation\n',
  )
  expect([code, stdout.trimEnd().split('\n').length]).toEqual([0, 2])
})

test('a logger that a preload made before is named', async () => {
  const early = `import pino from 'pino'
    globalThis.early = pino({ name: 'early' })`
  const app = `globalThis.early.info('early')
    ${CJS}`
  const files = { 'early.mjs': early, 'app.cjs': app }
  const { stderr } = await run(['--import', './early.mjs', ...REGISTER], 'app.cjs', files)
  expect(stderr.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/warn \[loaded-before\] pino \d.* was loaded before the bridge: .*; load the bridge first: /),
    expect.stringMatching(/warn \[not-attached\] the pino logger 'early' is not attached: it was made before /),
  ])
  expect(bodies().sort()).toEqual(['by pino', 'by winston'])
})
