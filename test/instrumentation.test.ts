// LogBridgeInstrumentation: every logger that is made behind it is bridged, once, and the app sees nothing of it.

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { logs } from '@opentelemetry/api'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import type { pino as Pino } from 'pino'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type * as Winston from 'winston'
import { LogBridgeInstrumentation, type LogBridgeInstrumentationConfig } from '../adapters/instrumentation/index.ts'
import { createPinoStream, createPinoTransport } from '../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../adapters/winston/index.ts'
import { type InternalLogEntry, type LoggerProvider as Provider, setInternalLogSink } from '../src/index.ts'
import { settle, TestExporter, until } from './support/feedback.ts'
import { LoggerProvider, simpleProcessor } from './support/otel.ts'

const require = createRequire(import.meta.url)
let exporter: TestExporter
let loggerProvider: LoggerProvider
let told: InternalLogEntry[]

beforeEach(() => {
  exporter = new TestExporter()
  loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
  told = []
  setInternalLogSink((entry) => void told.push(entry))
  forget('pino')
  forget('winston')
})
afterEach(() => setInternalLogSink(undefined))

/** The next require loads it anew, as an app's first one does. */
function forget(name: string): void {
  for (const path of Object.keys(require.cache)) {
    if (path.includes(join('node_modules', name, '/'))) delete require.cache[path]
  }
}

const loadPino = () => require('pino') as typeof Pino
const loadWinston = () => require('winston') as typeof Winston

function instrument(config: LogBridgeInstrumentationConfig = {}): LogBridgeInstrumentation {
  const instrumentation = new LogBridgeInstrumentation({ loggerProvider, ...config })
  onTestFinished(() => instrumentation.disable())
  return instrumentation
}

const messages = () => told.map(({ message }) => message)

/** A destination that keeps its lines. */
function collector(): { write(line: string): void; readonly lines: string[] } {
  const lines: string[] = []
  return { write: (line) => void lines.push(line), lines }
}

describe('pino', () => {
  test('is bridged by whichever name it was imported, with its children, above its level', () => {
    instrument()
    const pino = loadPino()
    for (const make of [pino, pino.pino, pino.default]) {
      const logger = make({ name: 'shop', level: 'info' }, collector())
      logger.info({ order: 1 }, 'parent')
      logger.child({ user: 'u' }).warn('child')
      logger.debug('below')
    }
    expect(exporter.bodies).toEqual(['parent', 'child', 'parent', 'child', 'parent', 'child'])
    expect(exporter.records[0]).toMatchObject({ attributes: { order: 1 }, instrumentationScope: { name: 'shop' } })
    expect(exporter.records[1]).toMatchObject({ attributes: { user: 'u' }, severityText: 'warn' })
  })

  test('writes the same bytes as without it', () => {
    const write = (pino: typeof Pino) => {
      const { lines, ...destination } = collector()
      const logger = pino(
        {
          redact: ['password'],
          msgPrefix: '[app] ',
          timestamp: () => ',"time":1',
          base: { a: 1 },
          mixin: () => ({ mixed: true }),
          hooks: { streamWrite: (line) => line.replaceAll('secret', '***') },
        },
        destination,
      )
      logger.info({ password: 'p', nested: { n: 1 } }, 'a secret %s', 'text')
      logger.child({ b: 2 }, { level: 'error' }).error(new Error('e').message)
      return lines
    }
    const plain = write(loadPino())
    forget('pino')
    instrument()
    expect(write(loadPino())).toEqual(plain)
    expect(exporter.records[0]).toMatchObject({ body: '[app] a *** text', attributes: { password: '[Redacted]' } })
  })

  test('a multistream gets each record by its level', () => {
    instrument()
    const pino = loadPino()
    const all = collector()
    const errors = collector()
    const streams = pino.multistream([
      { level: 'debug', stream: all },
      { level: 'error', stream: errors },
    ])
    const logger = pino({ level: 'debug' }, streams)
    logger.debug('debug')
    logger.error('error')
    expect([all.lines.length, errors.lines.length]).toEqual([2, 1])
    expect(exporter.bodies).toEqual(['debug', 'error'])
  })

  test('a transport still gets each line', async () => {
    instrument()
    const folder = await mkdtemp(join(tmpdir(), 'otel-log-bridge-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const pino = loadPino()
    const destination = join(folder, 'log')
    const transport = pino.transport({ target: 'pino/file', options: { destination } })
    const logger = pino(transport)
    logger.info('hello')
    await new Promise((resolve) => logger.flush(resolve))
    transport.end()
    await new Promise((resolve) => transport.once('close', resolve))
    expect(JSON.parse(await readFile(destination, 'utf8'))).toMatchObject({ msg: 'hello' })
    expect(exporter.bodies).toEqual(['hello'])
  })

  test('its destination is the one that the app gave it, for whoever looks', async () => {
    instrument()
    const pino = loadPino()
    const folder = await mkdtemp(join(tmpdir(), 'otel-log-bridge-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const given = pino.destination({ dest: join(folder, 'log'), sync: false })
    const logger = pino(given)
    const stream = (logger as unknown as Record<symbol, typeof given>)[pino.symbols.streamSym] as typeof given
    expect(stream).toBeInstanceOf(given.constructor)
    const ready = new Promise((resolve) => stream.once('ready', resolve))
    await ready
    logger.info('hello')
    stream.flushSync()
    expect(await readFile(join(folder, 'log'), 'utf8')).toContain('hello')
    Object.assign(stream, { ofApp: 1 })
    expect(given).toMatchObject({ ofApp: 1 })
    const closed = new Promise((resolve) => given.once('close', resolve))
    stream.end()
    await closed
  })

  test('flush() tells what the destination tells, once the provider is flushed, too', async () => {
    const order: string[] = []
    const failure = new Error('the disk is full')
    const slow: Provider = {
      getLogger: () => ({ emit() {} }),
      async forceFlush() {
        await settle()
        order.push('provider')
      },
    }
    instrument({ loggerProvider: slow })
    const destination = {
      ...collector(),
      flush(callback: (error: Error) => void) {
        order.push('destination')
        callback(failure)
      },
    }
    const error = await new Promise((resolve) => loadPino()({}, destination).flush(resolve))
    expect(error).toBe(failure)
    expect(order).toEqual(['destination', 'provider'])
  })

  test('neither destination is in the way of the other', () => {
    instrument({
      loggerProvider: {
        getLogger: () => ({
          emit(record) {
            loggerProvider.getLogger('').emit(record as never)
            throw new Error('refused')
          },
        }),
      },
    })
    const { lines, write } = collector()
    const broken = {
      write(line: string) {
        write(line)
        throw new Error('the pipe is broken')
      },
    }
    const logger = loadPino()({}, broken)
    expect(() => logger.info('hello')).toThrow('the pipe is broken')
    expect([lines.length, exporter.bodies]).toEqual([1, ['hello']])
    expect(messages()).toEqual(['a record could not be bridged: Error: refused'])
  })

  test('a line that tells everything is read where it is exported', () => {
    const lines: string[] = []
    const emitLine = (line: string) => lines.push(line) > 0
    instrument({ loggerProvider: { getLogger: () => ({ emit() {}, emitLine }) } })
    const destination = collector()
    loadPino()({}, destination).info({ a: 1 }, 'hello')
    expect(lines).toEqual(destination.lines)
  })

  test('what an exporter logs is not bridged', async () => {
    exporter = new TestExporter((_batch, done) => {
      logger.info('exporting')
      setImmediate(() => {
        logger.info('exported')
        done({ code: 0 })
      })
    })
    instrument({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(exporter)] }) })
    const { lines, write } = collector()
    const logger = loadPino()({}, { write })
    logger.info('hello')
    await until(() => lines.length === 3, 'what the exporter logs')
    await settle()
    expect(exporter.bodies).toEqual(['hello'])
  })

  test.each<[string, (pino: typeof Pino) => Pino.Logger]>([
    ['as its destination', (pino) => pino(createPinoStream({ loggerProvider }))],
    [
      'in its multistream',
      (pino) => pino({}, pino.multistream([{ stream: collector() }, { stream: createPinoStream({ loggerProvider }) }])),
    ],
    [
      'in its multistream, later',
      (pino) => {
        const streams = pino.multistream([{ stream: collector() }])
        const logger = pino({}, streams)
        streams.add({ stream: createPinoStream({ loggerProvider }) })
        return logger
      },
    ],
  ])('one that the app has attached %s is bridged once', (_how, make) => {
    instrument()
    make(loadPino()).info('hello')
    expect(exporter.bodies).toEqual(['hello'])
  })

  test.each<[string, (pino: typeof Pino) => Pino.Logger]>([
    ['createPinoTransport()', (pino) => pino(createPinoTransport())],
    ['the target', (pino) => pino({ transport: { target: 'otel-log-bridge/pino' } })],
    [
      'the target among others',
      (pino) =>
        pino({
          transport: {
            targets: [
              { target: 'pino/file', options: { destination: '/dev/null' } },
              { target: 'otel-log-bridge/pino' },
            ],
          },
        }),
    ],
  ])('one that the app has attached by %s is left to its thread', (_how, make) => {
    vi.stubEnv('OTEL_LOGS_EXPORTER', 'none')
    onTestFinished(() => void vi.unstubAllEnvs())
    instrument()
    const pino = loadPino()
    const logger = make(pino)
    onTestFinished(() => {
      const stream = (logger as unknown as Record<symbol, Writable>)[pino.symbols.streamSym]
      stream?.end()
    })
    logger.info('hello')
    expect(exporter.bodies).toEqual([])
  })

  test('neither a logger nor what it has logged is held', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    instrument({ loggerProvider: { getLogger: () => ({ emit() {} }) } })
    const pino = loadPino()
    const references = (() => {
      const fields = { a: 1 }
      const logger = pino({}, collector())
      logger.info(fields, 'hello')
      return [new WeakRef(fields), new WeakRef(logger)]
    })()
    await vi.waitFor(() => {
      collect()
      expect(references.map((reference) => reference.deref() === undefined)).toEqual([true, true])
    })
  })
})

describe('winston', () => {
  class Collector extends Writable {
    readonly lines: string[] = []

    override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
      this.lines.push(String(chunk).trim())
      callback()
    }
  }

  const intoCollector = (winston: typeof Winston, stream = new Collector()) => {
    return { stream, transport: new winston.transports.Stream({ stream }) }
  }

  test('is bridged by the default logger, a logger, a container’s and a child, above their level', () => {
    instrument()
    const winston = loadWinston()
    const { transport } = intoCollector(winston)
    winston.configure({ transports: [transport] })
    winston.info('default', { a: 1 })
    winston.debug('below')
    const logger = winston.createLogger({ level: 'warn', transports: [intoCollector(winston).transport] })
    logger.warn('logger')
    logger.info('below')
    logger.child({ user: 'u' }).error('child')
    winston.loggers.add('shop', { transports: [intoCollector(winston).transport] }).info('container')
    expect(exporter.bodies).toEqual(['default', 'logger', 'child', 'container'])
    expect(exporter.records[0]).toMatchObject({ attributes: { a: 1 } })
    expect(exporter.records[2]).toMatchObject({ attributes: { user: 'u' }, severityText: 'error' })
  })

  test('the app finds its own transports, levels and lines', () => {
    instrument()
    const winston = loadWinston()
    const { stream, transport } = intoCollector(winston)
    transport.level = 'error'
    const logger = winston.createLogger({ transports: [transport] })
    logger.info('not for the transport')
    logger.error('for both')
    expect(logger.transports).toEqual([transport])
    expect([logger.isLevelEnabled('info'), logger.isLevelEnabled('error')]).toEqual([false, true])
    expect(stream.lines).toEqual(['{"level":"error","message":"for both"}'])
    expect(exporter.bodies).toEqual(['not for the transport', 'for both'])
  })

  test('stays attached when the app configures the logger anew, or clears it', () => {
    instrument()
    const winston = loadWinston()
    const logger = winston.createLogger({ transports: [intoCollector(winston).transport] })
    logger.configure({ level: 'debug', transports: [intoCollector(winston).transport] })
    logger.debug('configured')
    logger.clear()
    expect(logger.transports).toEqual([])
    logger.add(intoCollector(winston).transport)
    logger.debug('cleared')
    expect(exporter.bodies).toEqual(['configured', 'cleared'])
  })

  test('ends as ever', async () => {
    instrument()
    const winston = loadWinston()
    const { stream, transport } = intoCollector(winston)
    const logger = winston.createLogger({ transports: [transport] })
    logger.info('hello')
    const finished = new Promise((resolve) => logger.once('finish', resolve))
    logger.end()
    await finished
    expect([stream.lines.length, exporter.bodies]).toEqual([1, ['hello']])
  })

  test('one that the app has attached, or attaches later, is bridged once', () => {
    instrument()
    const winston = loadWinston()
    class Own extends OpenTelemetryTransport {}
    const logger = winston.createLogger({ transports: [new OpenTelemetryTransport({ loggerProvider })] })
    logger.info('from the start')
    const other = winston.createLogger({ transports: [intoCollector(winston).transport] })
    other.add(new Own({ loggerProvider }))
    other.info('later')
    other.configure({ transports: [intoCollector(winston).transport] })
    other.info('no more')
    expect(exporter.bodies).toEqual(['from the start', 'later', 'no more'])
  })

  test('what an exporter logs is not bridged', async () => {
    let logged = 0
    exporter = new TestExporter((_batch, done) => {
      logger.info('exporting')
      logged++
      done({ code: 0 })
    })
    instrument({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(exporter)] }) })
    const winston = loadWinston()
    const logger = winston.createLogger({ transports: [intoCollector(winston).transport] })
    logger.info('hello')
    await until(() => logged === 1, 'the export')
    await settle()
    expect(exporter.bodies).toEqual(['hello'])
  })

  test('a logger is not held', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    instrument()
    const winston = loadWinston()
    const reference = (() => {
      const logger = winston.createLogger({ transports: [intoCollector(winston).transport] })
      logger.info('hello')
      return new WeakRef(logger)
    })()
    await vi.waitFor(() => {
      collect()
      expect(reference.deref() === undefined).toBe(true)
    })
  })
})

describe('the instrumentation', () => {
  test('takes off what it has attached when it is disabled, and attaches again when it is enabled', () => {
    const instrumentation = instrument()
    const pino = loadPino()
    const winston = loadWinston()
    const destination = collector()
    const logger = pino({}, destination)
    const child = logger.child({})
    const other = winston.createLogger({ transports: [new winston.transports.Stream({ stream: sink() })] })
    const logAll = () => {
      logger.info('pino')
      child.info('child')
      other.info('winston')
    }
    logAll()
    instrumentation.disable()
    logAll()
    expect((logger as unknown as Record<symbol, unknown>)[pino.symbols.streamSym]).toBe(destination)
    pino({}, collector()).info('made while it was disabled')
    instrumentation.enable()
    pino({}, collector()).info('made afterwards')
    expect(exporter.bodies).toEqual(['pino', 'child', 'winston', 'made afterwards'])
    expect(destination.lines.length).toBe(4)
  })

  test('attaches a logger once, where several are made: by the options of the newest', () => {
    instrument()
    instrument({ scopeName: 'the newest' })
    const winston = loadWinston()
    loadPino()({}, collector()).info('pino')
    winston.createLogger({ transports: [new winston.transports.Stream({ stream: sink() })] }).info('winston')
    expect(exporter.bodies).toEqual(['pino', 'winston'])
    expect(exporter.records.map(({ instrumentationScope }) => instrumentationScope.name)).toEqual([
      'the newest',
      'the newest',
    ])
  })

  test('takes the LoggerProvider that it is registered with, else the global one', () => {
    const instrumentation = new LogBridgeInstrumentation()
    onTestFinished(registerInstrumentations({ instrumentations: [instrumentation], loggerProvider }))
    const pino = loadPino()
    pino({}, collector()).info('given')
    const global = new TestExporter()
    const other = new LogBridgeInstrumentation()
    onTestFinished(registerInstrumentations({ instrumentations: [other] }))
    logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [simpleProcessor(global)] }))
    onTestFinished(() => logs.disable())
    pino({}, collector()).info('global')
    expect([exporter.bodies, global.bodies]).toEqual([['given'], ['global']])
  })

  test('takes options for loggers that are made afterwards', () => {
    const instrumentation = instrument({ scopeName: 'before' })
    const pino = loadPino()
    const logger = pino({}, collector())
    instrumentation.setConfig({ loggerProvider, scopeName: 'after' })
    pino({}, collector()).info('hello')
    logger.info('hello')
    expect(exporter.records.map(({ instrumentationScope }) => instrumentationScope.name)).toEqual(['after', 'before'])
    instrumentation.disable()
    logger.info('no more')
    expect(exporter.records.length).toBe(2)
  })

  test.each([
    [{ scopename: 'x' }, /^LogBridgeInstrumentation: unknown option 'scopename'; known are .*enabled.*scopeName/],
    [{ enabled: 'yes' }, "LogBridgeInstrumentation: option 'enabled': expected a boolean, got 'yes'"],
    [{ limits: { depth: -1 } }, /^LogBridgeInstrumentation: .*depth/],
  ])('refuses %o', (options, message) => {
    expect(() => new LogBridgeInstrumentation(options as object)).toThrow(message)
  })
})

describe('what is not attached is named', () => {
  test('loggers of a package that was loaded before, once, and those made afterwards are attached', () => {
    const pino = loadPino()
    const winston = loadWinston()
    const logger = pino({ name: 'early' }, collector())
    const instrumentation = instrument()
    instrumentation.disable()
    instrumentation.enable()
    expect(messages()).toEqual([
      expect.stringMatching(/^pino \d+\.\d+\.\d+ was loaded before the bridge: .*; load the bridge first: .*pino$/),
      expect.stringMatching(
        /^winston \d+\.\d+\.\d+ was loaded before the bridge: .*; load the bridge first: .*winston$/,
      ),
    ])
    pino({}, collector()).info('late')
    winston.createLogger({ transports: [new winston.transports.Stream({ stream: sink() })] }).info('late')
    expect(exporter.bodies).toEqual(['late', 'late'])
    told = []
    for (let i = 0; i < 3; i++) logger.child({}).info('early')
    expect(exporter.bodies).toEqual(['late', 'late'])
    expect(messages()).toEqual([
      expect.stringMatching(/^the pino logger 'early' is not attached: it was made before the bridge was loaded; load/),
    ])
  })

  test('a logger of a bundled copy', async () => {
    const copy = await copyOf('pino')
    // A bundle's modules have no place in node_modules, and nobody sees them being loaded.
    await cp(join(copy, 'node_modules', 'pino'), join(copy, 'bundle'), { recursive: true })
    instrument()
    const pino = require(join(copy, 'bundle', 'pino.js')) as typeof Pino
    pino({}, collector()).info('hello')
    expect(exporter.bodies).toEqual([])
    expect(messages()).toEqual([
      expect.stringMatching(
        /^a pino logger without a name is not attached: it comes from a copy of pino \d+\.\d+\.\d+ /,
      ),
    ])
  })

  test('of several versions in a tree, the one that is too old', async () => {
    const [current, old] = [await copyOf('pino'), await copyOf('pino', '8.21.0')]
    const tooOld = await copyOf('winston', '3.7.2')
    instrument()
    for (const folder of [current, old]) {
      const pino = require(join(folder, 'node_modules', 'pino')) as typeof Pino
      pino({}, collector()).info(folder)
    }
    loadPino()({}, collector()).info('of the app')
    require(join(tooOld, 'node_modules', 'winston'))
    expect(exporter.bodies).toEqual([current, 'of the app'])
    expect(messages().slice(0, 1)).toEqual(['pino 8.21.0 is not attached: update it to 9.0 or newer'])
    expect(messages().slice(-1)).toEqual(['winston 3.7.2 is not attached: update it to 3.8 or newer'])
  })

  test('nothing, where all is well, and nothing is asked of pino for long', () => {
    instrument()
    const pino = loadPino()
    const logger = pino({}, collector())
    const { tracingChannel } = require('node:diagnostics_channel') as typeof import('node:diagnostics_channel')
    const { start } = tracingChannel('pino_asJson')
    expect(start.hasSubscribers).toBe(true)
    for (let i = 0; i < 200; i++) logger.info('hello')
    expect(start.hasSubscribers).toBe(false)
    expect(messages()).toEqual([])
  })
})

function sink(): Writable {
  return new Writable({ write: (_chunk, _encoding, callback) => callback() })
}

/** Another copy in a tree of its own. @returns the folder above its node_modules. */
async function copyOf(name: string, version?: string): Promise<string> {
  const folder = await mkdtemp(join(import.meta.dirname, '.copy-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const root = join(folder, 'node_modules', name)
  await cp(join(import.meta.dirname, '../node_modules', name), root, { recursive: true, dereference: true })
  if (version !== undefined) {
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as object
    await writeFile(join(root, 'package.json'), JSON.stringify({ ...manifest, version }))
  }
  return folder
}
