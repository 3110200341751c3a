// The winston transport as its users meet it: every way of logging, of attaching, and everything that winston's
// streams, formats, siblings and crash handlers do around it.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import winston from 'winston'
import Transport from 'winston-transport'
import { OpenTelemetryTransport, type OpenTelemetryTransportOptions } from '../adapters/winston/index.ts'
import { type LoggerProvider as AnyLoggerProvider, setInternalLogSink, withLogsSuppressed } from '../src/index.ts'
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  simpleProcessor,
  TracerProvider,
  useContextManager,
} from './support/otel.ts'

let removeContextManager: () => void
beforeEach(() => {
  removeContextManager = useContextManager()
})
afterEach(() => removeContextManager())

// Failures are provoked here all the time; what is said of them is tested elsewhere.
setInternalLogSink(() => {})

const tracer = new TracerProvider().getTracer('test')

/** A transport, and what came through it. */
function bridged(options?: OpenTelemetryTransportOptions) {
  const exporter = new InMemoryLogRecordExporter()
  const loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
  const transport = new OpenTelemetryTransport({ loggerProvider, ...options })
  const records = () => exporter.getFinishedLogRecords()
  return {
    transport,
    loggerProvider,
    records,
    bodies: () => records().map(({ body }) => body),
    only() {
      expect(records().length).toBe(1)
      return records()[0] as ReturnType<typeof records>[number]
    },
  }
}

/** @returns the trace id of the span that was active in `fn`. */
function inSpan(fn: () => unknown): string {
  const span = tracer.startSpan('test')
  context.with(trace.setSpan(context.active(), span), fn)
  span.end()
  return span.spanContext().traceId
}

type Info = Record<string | symbol, unknown> & { level: string; message: unknown }

/** Keeps what it is given. While it is stalled it calls nobody back. */
class Sibling extends Transport {
  readonly infos: Info[] = []
  onLog: (info: Info) => void = () => {}
  isStalled = false
  #waiting: (() => void)[] = []

  override log(info: Info, next: () => void): void {
    this.infos.push(info)
    this.onLog(info)
    if (this.isStalled) this.#waiting.push(next)
    else next()
  }

  get messages(): unknown[] {
    return this.infos.map(({ message }) => message)
  }

  /** Takes one more record. */
  step(): void {
    this.#waiting.shift()?.()
  }

  resume(): void {
    this.isStalled = false
    for (const next of this.#waiting.splice(0)) next()
  }
}

function stalledSibling(): Sibling {
  return Object.assign(new Sibling(), { isStalled: true })
}

const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 20_000 })

/** Enough for winston's streams to be full. */
function fill(logger: winston.Logger): void {
  for (let i = 0; i < 40; i++) logger.info('filler')
}

/** A format that counts its runs. */
function countingFormat(transform: (info: winston.Logform.TransformableInfo) => unknown = (info) => info) {
  const counted = { runs: 0, format: undefined as unknown as winston.Logform.Format }
  counted.format = winston.format((info) => {
    counted.runs++
    return transform(info) as winston.Logform.TransformableInfo
  })()
  return counted
}

/** Own property names and symbols, and all listeners: what an attached transport might leave behind. */
function footprint(logger: winston.Logger) {
  return {
    keys: Reflect.ownKeys(logger).map(String).sort(),
    listeners: logger.eventNames().flatMap((name) => logger.listeners(name).map((fn) => [String(name), fn.name])),
    write: logger.write,
    transform: logger._transform,
  }
}

// biome-ignore lint/suspicious/noExplicitAny: winston takes anything, its types do not
const anything = (value: unknown) => value as any

describe('context, trace and suppression are those of the call', () => {
  type Log = (message: string) => unknown
  const withLogger = (way: (logger: winston.Logger) => Log) => (transport: Transport, sibling: Transport) =>
    way(winston.createLogger({ transports: [sibling, transport] }))
  const ways: Record<string, (transport: Transport, sibling: Transport) => Log> = {
    'logger.info(message)': withLogger((logger) => (message) => logger.info(message)),
    'logger.info(message, meta)': withLogger((logger) => (message) => logger.info(message, { a: 1 })),
    'logger.log(level, message)': withLogger((logger) => (message) => logger.log('info', message)),
    'logger.log(level, message, meta)': withLogger((logger) => (message) => logger.log('info', message, { a: 1 })),
    'logger.log(info)': withLogger((logger) => (message) => logger.log({ level: 'info', message })),
    'logger.write(info)': withLogger((logger) => (message) => logger.write({ level: 'info', message })),
    'startTimer().done(info)': withLogger((logger) => (message) => logger.startTimer().done({ message })),
    'profile(id) twice': withLogger((logger) => (message) => logger.profile(message).profile(message)),
    'a child logger': withLogger((logger) => (message) => logger.child({ child: 1 }).info(message)),
    'a grandchild logger': withLogger((logger) => {
      const grandchild = logger.child({ child: 1 }).child({ grandchild: 2 })
      return (message) => grandchild.info(message)
    }),
    'a transport added later': (transport, sibling) => {
      const logger = winston.createLogger({ transports: [sibling] }).add(transport)
      return (message) => logger.info(message)
    },
    'a transport added through a child': (transport, sibling) => {
      const logger = winston.createLogger({ transports: [sibling] })
      logger.child({ child: 1 }).add(transport)
      return (message) => logger.info(message)
    },
    'logger.configure with the same transport': (transport, sibling) => {
      const logger = winston.createLogger({ transports: [sibling, transport] })
      logger.configure({ transports: [sibling, transport] })
      return (message) => logger.info(message)
    },
    'logger.configure with a new transport': (transport, sibling) => {
      const logger = winston.createLogger({ transports: [bridged().transport] })
      logger.configure({ transports: [transport, sibling] })
      return (message) => logger.info(message)
    },
    'a transport shared by two loggers': (transport, sibling) => {
      const loggers = ['a', 'b'].map((app) => winston.createLogger({ defaultMeta: { app }, transports: [transport] }))
      for (const logger of loggers) logger.add(sibling)
      let turn = 0
      return (message) => loggers[turn++ % 2]?.info(message)
    },
    'a logger of winston.loggers': (transport, sibling) => {
      const container = new winston.Container({ transports: [transport, sibling] })
      container.add('first')
      container.add('second')
      let turn = 0
      return (message) => container.get(turn++ % 2 === 0 ? 'first' : 'second').info(message)
    },
    'two transports on one logger': (transport, sibling) => {
      const logger = winston.createLogger({ transports: [bridged().transport, sibling, transport] })
      return (message) => logger.info(message)
    },
  }

  test.each(Object.entries(ways))('%s', async (_name, way) => {
    const { transport, records } = bridged()
    const sibling = new Sibling()
    const log = way(transport, sibling)
    const first = inSpan(() => log('first'))
    withLogsSuppressed(() => log('suppressed'))
    const second = inSpan(() => log('second'))
    log('outside')
    const expected = [
      ['first', first],
      ['second', second],
      ['outside', undefined],
    ]
    expect(records().map(({ body, spanContext }) => [body, spanContext?.traceId])).toEqual(expected)
    // Then winston's streams deliver what they have kept.
    await setImmediate()
    expect(records().map(({ body, spanContext }) => [body, spanContext?.traceId])).toEqual(expected)
  })

  test.each(Object.entries(ways))('%s, behind a sibling that never calls back', (_name, way) => {
    const { transport, records } = bridged()
    const log = way(transport, stalledSibling())
    for (let i = 0; i < 40; i++) log('filler')
    const first = inSpan(() => log('first'))
    withLogsSuppressed(() => log('suppressed'))
    const second = inSpan(() => log('second'))
    expect(
      records()
        .filter(({ body }) => body !== 'filler')
        .map(({ body, spanContext }) => [body, spanContext?.traceId]),
    ).toEqual([
      ['first', first],
      ['second', second],
    ])
    expect(records().length).toBe(42)
  })

  test('a suppressed record still reaches the other transports, now or when they can take it', async () => {
    const { transport, bodies } = bridged()
    const sibling = stalledSibling()
    const logger = winston.createLogger({ transports: [transport, sibling] })
    fill(logger)
    withLogsSuppressed(() => logger.info('suppressed'))
    sibling.resume()
    await until(() => sibling.messages.includes('suppressed'))
    expect(bodies()).not.toContain('suppressed')
  })

  test('several transports on one logger each bridge every record once, the format runs once', () => {
    const counted = countingFormat()
    const outputs = [bridged(), bridged(), bridged({ level: 'error' })]
    const transports = outputs.map(({ transport }) => transport)
    const logger = winston.createLogger({ format: counted.format, transports })
    logger.info('one')
    logger.error('two')
    expect(outputs.map(({ bodies }) => bodies())).toEqual([['one', 'two'], ['one', 'two'], ['two']])
    expect(counted.runs).toBe(2)
  })

  test("winston's default logger", () => {
    const { transport, bodies } = bridged()
    winston.add(transport)
    try {
      winston.info('hello')
      expect(bodies()).toEqual(['hello'])
    } finally {
      winston.remove(transport)
    }
  })
})

describe('a sibling that holds winston up', () => {
  const rebuilds = {
    'leaves the info as it is': (info: object) => info,
    'builds a new info': (info: Info) => ({ level: info.level, message: info.message, n: info.n }),
    'spreads the info': (info: object) => ({ ...info }),
  }

  test.each(Object.entries(rebuilds))(
    'every record is bridged once and in order, formats run once a record, with a format that %s',
    async (_name, rebuild) => {
      const { transport, records } = bridged()
      const sibling = stalledSibling()
      const counted = countingFormat(rebuild as (info: object) => object)
      const logger = winston.createLogger({ format: counted.format, transports: [transport, sibling] })
      const numbers = Array.from({ length: 100 }, (_, n) => n)
      for (const n of numbers) logger.info('hello', { n })
      const bridgedNumbers = () => records().map(({ attributes }) => attributes.n)
      expect(bridgedNumbers()).toEqual(numbers)
      expect(counted.runs).toBe(100)

      sibling.resume()
      logger.info('hello', { n: 100 })
      // winston's transports leave records without the level symbol alone.
      if (rebuild !== rebuilds['builds a new info']) {
        await until(() => sibling.infos.length === 101)
        expect(sibling.infos.map(({ n }) => n)).toEqual([...numbers, 100])
      } else await setImmediate()
      expect(bridgedNumbers()).toEqual([...numbers, 100])
      expect(counted.runs).toBe(101)
    },
  )

  test('one object logged many times is bridged as often', async () => {
    const { transport, bodies } = bridged()
    const sibling = stalledSibling()
    const logger = winston.createLogger({ transports: [sibling, transport] })
    const info = { level: 'info', message: 'the same' }
    for (let i = 0; i < 50; i++) logger.write(info)
    expect(bodies().length).toBe(50)
    sibling.resume()
    await until(() => sibling.infos.length === 50)
    logger.write(info)
    expect(bodies().length).toBe(51)
    expect(sibling.infos.length).toBe(51)
  })

  test('a format sees the level that winston gives it', () => {
    const { transport, records } = bridged()
    const format = winston.format.combine(winston.format.colorize(), winston.format.simple())
    const logger = winston.createLogger({ format, transports: [stalledSibling(), transport] })
    fill(logger)
    logger.startTimer().done({ message: 'done', level: 'warn' })
    logger.write({ level: 'error', message: 'written' })
    expect(
      records()
        .slice(40)
        .map(({ body, severityText }) => [body, severityText]),
    ).toEqual([
      ['done', 'warn'],
      ['written', 'error'],
    ])
  })

  test('a level that a format changes decides, held up or not', () => {
    const { transport, records } = bridged({ level: 'warn' })
    const LEVEL = Symbol.for('level')
    const format = winston.format((info) => {
      if (info.to !== undefined) info.level = info[LEVEL] = info.to as string
      return info
    })()
    const logger = winston.createLogger({ format, transports: [transport] })
    const log = () => {
      logger.info('raised', { to: 'error' })
      logger.error('lowered', { to: 'info' })
    }
    log()
    logger.add(stalledSibling())
    fill(logger)
    log()
    const raised = ['raised', 'error', 17]
    expect(records().map(({ body, severityText, severityNumber }) => [body, severityText, severityNumber])).toEqual([
      raised,
      raised,
    ])
  })

  test('the transport is removed and added again meanwhile: nothing is bridged twice', async () => {
    const { transport, bodies } = bridged()
    const sibling = stalledSibling()
    const counted = countingFormat(rebuilds['spreads the info'])
    const logger = winston.createLogger({ format: counted.format, transports: [sibling, transport] })
    for (let i = 0; i < 50; i++) logger.info(`before ${i}`)
    logger.remove(transport).add(transport)
    for (let i = 0; i < 50; i++) logger.info(`after ${i}`)
    sibling.resume()
    await until(() => sibling.infos.length === 100)
    expect(bodies().sort()).toEqual(sibling.messages.sort())
    expect(counted.runs).toBe(100)
  })

  test('the transport is away while winston takes some of the records: none of them is bridged again', async () => {
    const { transport, bodies } = bridged()
    const sibling = stalledSibling()
    const logger = winston.createLogger({ transports: [sibling, transport] })
    for (let i = 0; i < 50; i++) logger.info(`${i}`)
    logger.remove(transport)
    for (let i = 0; i < 20; i++) {
      sibling.step()
      await setImmediate()
    }
    logger.add(transport)
    sibling.resume()
    await until(() => sibling.infos.length === 50)
    await setImmediate()
    expect(bodies()).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`))
  })

  test('two copies of the package on one logger: each bridges every record once, the format runs once', async () => {
    vi.resetModules()
    const copy = await import('../adapters/winston/index.ts')
    expect(copy.OpenTelemetryTransport).not.toBe(OpenTelemetryTransport)
    const { transport, bodies } = bridged()
    const bodiesOfCopy: unknown[] = []
    const transportOfCopy = new copy.OpenTelemetryTransport({
      loggerProvider: { getLogger: () => ({ emit: ({ body }) => void bodiesOfCopy.push(body) }) },
    })
    const sibling = stalledSibling()
    const counted = countingFormat(rebuilds['spreads the info'])
    const logger = winston.createLogger({
      format: counted.format,
      transports: [sibling, transport, transportOfCopy],
    })
    const numbers = Array.from({ length: 50 }, (_, i) => `${i}`)
    for (const number of numbers) logger.info(number)
    sibling.resume()
    await until(() => sibling.infos.length === 50)
    expect([bodies(), bodiesOfCopy, counted.runs]).toEqual([numbers, numbers, 50])
    logger.remove(transport).remove(transportOfCopy)
    expect(Object.hasOwn(logger, 'write')).toBe(false)
  })

  test('records that wait in winston keep no context alive', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const { transport, records } = bridged()
    const logger = winston.createLogger({ transports: [stalledSibling(), transport] })
    fill(logger)
    const key = createContextKey('request')
    const log = () => {
      const request = { of: 'a user' }
      context.with(ROOT_CONTEXT.setValue(key, request), () => logger.info('held'))
      return new WeakRef(request)
    }
    const reference = log()
    expect(records().length).toBe(41)
    // The exporter keeps its records, and with them nothing of the context.
    await until(() => {
      gc()
      return reference.deref() === undefined
    })
  })
})

describe('re-entrant use', () => {
  test.each([
    ['healthy', false],
    ['stalled', true],
  ])('a format that logs once, with a %s sibling', async (_name, isStalled) => {
    const { transport, bodies } = bridged()
    const sibling = Object.assign(new Sibling(), { isStalled })
    const format = winston.format((info) => {
      if (info.message === 'outer') logger.info('inner')
      return info
    })()
    const logger: winston.Logger = winston.createLogger({ format, transports: [transport, sibling] })
    if (isStalled) fill(logger)
    logger.info('outer')
    logger.info('later')
    const expected = [...Array(isStalled ? 40 : 0).fill('filler'), 'inner', 'outer', 'later']
    expect(bodies()).toEqual(expected)
    sibling.resume()
    await until(() => sibling.infos.length === expected.length)
    expect(sibling.messages.sort()).toEqual(expected.sort())
    expect(bodies().length).toBe(expected.length)
  })

  test('a format that logs for every record: four nested records are bridged, the call returns', () => {
    const { transport, bodies } = bridged()
    let calls = 0
    const format = winston.format((info) => {
      if (isOn) logger.info(`nested ${calls++}`)
      return info
    })()
    let isOn = false
    const logger: winston.Logger = winston.createLogger({ format, transports: [transport, stalledSibling()] })
    fill(logger)
    isOn = true
    logger.info('outer')
    isOn = false
    expect(bodies().slice(40)).toEqual(['nested 3', 'nested 2', 'nested 1', 'nested 0', 'outer'])
    expect(transport.stats().dropped.reentrant).toBe(1)
  })

  test('a sibling that logs: its record follows the one that made it, and has the same trace', () => {
    const { transport, records } = bridged()
    const sibling = new Sibling()
    const logger = winston.createLogger({ transports: [sibling, transport] })
    sibling.onLog = ({ message }) => {
      if (message === 'outer') logger.info('inner')
    }
    const traceId = inSpan(() => logger.info('outer'))
    expect(records().map(({ body, spanContext }) => [body, spanContext?.traceId])).toEqual([
      ['outer', traceId],
      ['inner', traceId],
    ])
    expect(sibling.messages).toEqual(['outer', 'inner'])
  })

  test('a sibling that logs the info it was given to another logger with the same transport', () => {
    const { transport, bodies } = bridged()
    const other = winston.createLogger({ transports: [transport] })
    const sibling = new Sibling()
    sibling.onLog = (info) => other.write(info)
    const logger = winston.createLogger({ transports: [sibling, transport] })
    logger.info('twice')
    expect(bodies()).toEqual(['twice', 'twice'])
  })

  test('getters that log', () => {
    const { transport, bodies } = bridged()
    // No format may read the getters: they are for the bridge.
    const logger = winston.createLogger({ format: countingFormat().format, transports: [transport] })
    const meta = (text: string) => ({
      nested: {
        get value() {
          logger.info(text)
          return text
        },
      },
    })
    logger.info('outer', meta('first'))
    logger.info('outer', meta('second'))
    expect(bodies()).toEqual(['first', 'outer', 'second', 'outer'])
  })

  test('an exporter that logs with the same logger is not heard, and the other transports hear it', () => {
    const sibling = new Sibling()
    const exported: unknown[] = []
    const loggerProvider: AnyLoggerProvider = {
      getLogger: () => ({
        emit({ body }) {
          exported.push(body)
          logger.info('exporting')
        },
      }),
    }
    const transport = new OpenTelemetryTransport({ loggerProvider })
    const logger = winston.createLogger({ transports: [transport, sibling] })
    logger.info('hello')
    expect(exported).toEqual(['hello'])
    expect(sibling.messages).toEqual(['hello', 'exporting'])
    expect(transport.stats().dropped.reentrant).toBe(1)
  })
})

describe('crash records', () => {
  interface Exported {
    readonly body: string
    readonly severityText: string
    readonly attributes: Record<string, unknown>
  }

  function run(scenario: string): Promise<{ code: number; records: Exported[]; stderr: string }> {
    const program = join(import.meta.dirname, 'children', `winston-${scenario}.ts`)
    return new Promise((resolve) => {
      execFile(process.execPath, [program], (error, stdout, stderr) => {
        const lines = stdout.split('\n').filter((line) => line !== '')
        const code = error === null ? 0 : Number(error.code)
        resolve({ code, records: lines.map((line) => JSON.parse(line) as Exported), stderr })
      })
    })
  }

  const scenarios = [
    ['uncaught-exception', 'uncaughtException: boom'],
    ['unhandled-rejection', 'unhandledRejection: boom'],
    ['exception-handlers', 'uncaughtException: boom'],
    ['rejection-handlers', 'unhandledRejection: boom'],
    ['exception-twice-attached', 'uncaughtException: boom'],
    ['exception-behind-stalled-sibling', 'uncaughtException: boom'],
  ] as const

  test.concurrent.each(scenarios)('%s: arrives once, and winston ends the process with 1', async (scenario, start) => {
    const { code, records, stderr } = await run(scenario)
    expect(stderr).toBe('')
    expect(code).toBe(1)
    const crashes = records.filter(({ body }) => body.startsWith(start))
    expect(crashes.length).toBe(1)
    expect(records.length).toBe(scenario === 'exception-behind-stalled-sibling' ? 41 : 1)
    expect(crashes[0]).toMatchObject({
      severityText: 'error',
      attributes: {
        'exception.type': 'CrashError',
        'exception.message': 'boom',
        'exception.stacktrace': expect.stringMatching(/boom\n {4}at /),
      },
    })
  })

  test.concurrent('exit-on-error-off: the app goes on, and so does logging', async () => {
    const { code, records, stderr } = await run('exit-on-error-off')
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(records.map(({ body }) => body.split('\n')[0])).toEqual(['uncaughtException: boom', 'still here'])
  })

  test.concurrent('not-handled: without handleExceptions only the transport that asked for it gets the crash', async () => {
    const { code, records, stderr } = await run('exception-not-handled')
    expect(code).toBe(1)
    expect(records).toEqual([])
    expect(stderr).toMatch('sibling: uncaughtException: boom')
  })
})

describe('a failure stays inside', () => {
  const thrower = () => {
    throw new Error('broken provider')
  }
  const emit = vi.fn()
  const providers: Record<string, AnyLoggerProvider> = {
    getLogger: { getLogger: thrower },
    emit: { getLogger: () => ({ emit: thrower }) },
    enabled: { getLogger: () => ({ emit, enabled: thrower }) },
  }

  test.each(Object.entries(providers))('a provider that throws in %s', (_name, loggerProvider) => {
    const transport = new OpenTelemetryTransport({ loggerProvider })
    const sibling = new Sibling()
    const logger = winston.createLogger({ transports: [transport, sibling] })
    const errors: unknown[] = []
    logger.on('error', (error) => errors.push(error))
    for (let i = 0; i < 40; i++) logger.info(`${i}`)
    expect(sibling.infos.length).toBe(40)
    expect(errors).toEqual([])
    expect(logger.transports).toEqual([transport, sibling])
    expect(transport.stats()).toMatchObject({ seen: 40, dropped: { failed: 40 } })
  })

  test('a provider that throws once: the next record is bridged', () => {
    const { transport, loggerProvider, bodies } = bridged()
    vi.spyOn(loggerProvider, 'getLogger').mockImplementationOnce(thrower)
    const logger = winston.createLogger({ transports: [transport] })
    logger.info('lost')
    logger.info('bridged')
    expect(bodies()).toEqual(['bridged'])
  })

  test('a format of the transport that throws', () => {
    const format = winston.format((info) => {
      if (info.message === 'bad') throw new Error('broken format')
      return info
    })()
    const { transport, bodies } = bridged({ format })
    const sibling = new Sibling()
    const logger = winston.createLogger({ transports: [transport, sibling] })
    logger.info('bad')
    logger.info('good')
    expect(sibling.messages).toEqual(['bad', 'good'])
    expect(bodies()).toEqual(['good'])
    expect(transport.stats().dropped.failed).toBe(1)
  })

  test('a format of the transport changes its own record, not that of the siblings', () => {
    const format = winston.format((info) => Object.assign(info, { message: 'changed' }))()
    const { transport, bodies } = bridged({ format })
    const sibling = new Sibling()
    const logger = winston.createLogger({ transports: [transport, sibling] })
    logger.info('original')
    expect([bodies(), sibling.messages]).toEqual([['changed'], ['original']])
  })

  const hostile = () => {
    throw new Error('hostile')
  }
  /** Each of its errors has a number: the app must see the one that it sees without us. */
  const hostileProxy = () => {
    let errors = 0
    const trap = () => {
      throw new Error(`hostile ${errors++}`)
    }
    return new Proxy({}, new Proxy({}, { get: () => trap }))
  }
  const plain = { level: 'info', message: 'weird' }
  /** How to make it, and the bodies that it is bridged with: none where winston itself throws or drops it. */
  const weirdInfos: [name: string, make: () => unknown, bodies: unknown[]][] = [
    ['a null prototype', () => Object.assign(Object.create(null), plain), ['weird']],
    ['a class instance', () => Object.assign(new (class Weird {})(), plain), ['weird']],
    [
      'a getter that throws',
      () => Object.defineProperty({ ...plain }, 'bad', { get: hostile, enumerable: true }),
      ['weird'],
    ],
    [
      'a message getter that throws',
      () => Object.defineProperty({ level: 'info' }, 'message', { get: hostile, enumerable: true }),
      ['[Throws: Error: hostile]'],
    ],
    ['a level getter that throws', () => Object.defineProperty({ message: 'weird' }, 'level', { get: hostile }), []],
    ['frozen', () => Object.freeze({ ...plain, [Symbol.for('level')]: 'info' }), ['weird']],
    ['frozen, without a level symbol', () => Object.freeze({ ...plain }), []],
    ['a Proxy', () => new Proxy({ ...plain }, {}), ['weird']],
    ['a Proxy that throws for its keys', () => new Proxy({ ...plain }, { ownKeys: hostile }), ['weird']],
    ['a Proxy that throws for everything', hostileProxy, []],
    ['no level', () => ({ message: 'weird' }), []],
    ['an unknown level', () => ({ level: 'constructor', message: 'weird' }), []],
    ['no message', () => ({ level: 'info' }), [undefined]],
    ['circular', () => circular({ ...plain }), ['weird']],
    ['an array', () => Object.assign(['a'], plain), ['weird']],
    ['a string', () => 'weird', []],
    ['a number', () => 7, []],
  ]

  function circular(info: Record<string, unknown>): object {
    info.self = info
    return info
  }

  /** What the app sees of writing `info`. */
  function write(logger: winston.Logger, info: unknown): string {
    try {
      return String(logger.write(anything(info)))
    } catch (error) {
      return `throws ${error}`
    }
  }

  test.each(weirdInfos)('a weird info, %s: what winston alone does, then on with the next', (_name, make, expected) => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { transport, bodies } = bridged()
    const [alone, sibling] = [new Sibling(), new Sibling()]
    const { format } = countingFormat()
    const loggerAlone = winston.createLogger({ format, transports: [alone] })
    const logger = winston.createLogger({ format, transports: [sibling, transport] })
    expect(write(logger, make())).toBe(write(loggerAlone, make()))
    expect(sibling.infos.length).toBe(alone.infos.length)
    expect(bodies()).toEqual(expected)
    logger.info('next')
    expect(bodies()).toEqual([...expected, 'next'])
    error.mockRestore()
  })

  test('an info whose keys cannot be read says so', () => {
    const { transport, only } = bridged()
    const logger = winston.createLogger({ format: countingFormat().format, transports: [transport] })
    logger.write(new Proxy({ ...plain }, { ownKeys: hostile }))
    expect(only().attributes).toEqual({ attributes: '[Throws: Error: hostile]' })
  })

  test("a format of the logger that throws: the app gets winston's error once, the next record is bridged", () => {
    const error = new Error('broken format')
    const counted = countingFormat((info) => {
      if (info.message === 'bad') throw error
      return info
    })
    const { transport, bodies } = bridged()
    const sibling = new Sibling()
    const logger = winston.createLogger({ format: counted.format, transports: [transport, sibling] })
    expect(() => logger.info('bad')).toThrow(error)
    logger.info('good')
    expect([bodies(), sibling.messages, counted.runs]).toEqual([['good'], ['good'], 2])
    expect(transport.stats()).toMatchObject({ seen: 2, emitted: 1, dropped: { failed: 1 } })
  })

  test('a format of the logger that throws while winston is held up: the error comes when winston gets to it', () => {
    const counted = countingFormat((info) => {
      if (info.message === 'bad') throw new Error('broken format')
      return info
    })
    const { transport, bodies } = bridged()
    const sibling = stalledSibling()
    const logger = winston.createLogger({ format: counted.format, transports: [transport, sibling] })
    fill(logger)
    logger.info('bad')
    logger.info('good')
    expect(bodies().slice(40)).toEqual(['good'])
    expect(() => sibling.resume()).toThrow('broken format')
    expect(counted.runs).toBe(42)
  })

  test('logging where the stack is exhausted leaves a logger that bridges every later record once', () => {
    const { transport, bodies } = bridged()
    const counted = countingFormat((info) => ({ ...info }))
    const logger = winston.createLogger({ format: counted.format, transports: [new Sibling(), transport] })
    let calls = 0
    const deepen = (): void => {
      try {
        deepen()
      } catch {
        // The stack is exhausted here and at some levels above.
      }
      if (calls++ > 300) return
      try {
        logger.info('deep')
      } catch {
        // winston's own error.
      }
    }
    deepen()
    expect(calls).toBeGreaterThan(300)
    const before = bodies().length
    const runs = counted.runs
    const traceIds = ['one', 'two'].map((message) => inSpan(() => logger.info(message)))
    expect(new Set(traceIds).size).toBe(2)
    expect(bodies().slice(before)).toEqual(['one', 'two'])
    expect(counted.runs).toBe(runs + 2)
    expect(logger.format).toBe(counted.format)
  })

  test('a listener of the app that throws on `logged` holds nothing up', async () => {
    const { transport, bodies } = bridged()
    const sibling = new Sibling()
    const logger = winston.createLogger({ transports: [transport, sibling] })
    const errors: unknown[] = []
    const catchError = (error: unknown) => errors.push(error)
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException').on('uncaughtException', catchError)
    transport.on('logged', () => {
      throw new Error('from a listener')
    })
    for (let i = 0; i < 40; i++) logger.info(`${i}`)
    await until(() => errors.length === 40)
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
    expect([bodies().length, sibling.infos.length]).toEqual([40, 40])
  })
})

describe('attaching and letting go', () => {
  const ways: Record<string, (logger: winston.Logger, transport: Transport) => unknown> = {
    'logger.remove': (logger, transport) => logger.remove(transport),
    'logger.clear': (logger) => logger.clear(),
    'logger.close': (logger) => logger.close(),
    'logger.configure without it': (logger) => logger.configure({ format: logger.format }),
    'logger.unpipe': (logger, transport) => logger.unpipe(transport),
    'child.remove': (logger, transport) => logger.child({ child: 1 }).remove(transport),
    'transport.destroy': (_logger, transport) => transport.destroy(),
  }
  const adders: Record<string, (logger: winston.Logger, transport: Transport) => unknown> = {
    'logger.add': (logger, transport) => logger.add(transport),
    'child.add': (logger, transport) => logger.child({ child: 2 }).add(transport),
  }
  const pairs = Object.keys(adders).flatMap((adder) => Object.keys(ways).map((way) => [adder, way] as const))

  test.each(pairs)('%s, then %s: the logger is as it was', async (adder, way) => {
    const { transport, bodies } = bridged()
    const logger = winston.createLogger({ format: winston.format.json() })
    const before = footprint(logger)
    const transportBefore = listenerCounts(transport)
    adders[adder]?.(logger, transport)
    expect(footprint(logger)).not.toEqual(before)
    logger.info('bridged')
    ways[way]?.(logger, transport)
    expect(footprint(logger)).toEqual(before)
    // winston's own bookkeeping, which it keeps on any transport.
    expect(listenerCounts(transport)).toEqual({ ...transportBefore, error: 1, warn: 1 })
    logger.add(new Sibling()).info('not bridged')
    await setImmediate()
    expect(bodies()).toEqual(['bridged'])
  })

  /** Those that are there to stay. */
  function listenerCounts(transport: Transport): Record<string, number> {
    const counts = transport.eventNames().map((name) => [String(name), transport.listenerCount(name)])
    const { pipe, unpipe, ...rest } = Object.fromEntries(counts) as Record<string, number>
    return rest
  }

  test.each(['remove', 'configure', 'close'] as const)('added again after %s, 20 times, it works as before', (way) => {
    const { transport, bodies } = bridged()
    const logger = winston.createLogger({ transports: [transport] })
    const attached = footprint(logger).listeners
    const pipes = [transport.listenerCount('pipe'), transport.listenerCount('unpipe')]
    for (let i = 0; i < 20; i++) {
      if (way === 'remove') logger.remove(transport).add(transport)
      else if (way === 'configure') logger.configure({ transports: [transport] })
      else logger.close().add(transport)
      logger.info(`${i}`)
    }
    expect(bodies()).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`))
    expect(footprint(logger).listeners).toEqual(attached)
    // winston-transport has two listeners that serve once.
    expect(transport.listenerCount('pipe')).toBeLessThanOrEqual(pipes[0] as number)
    expect(transport.listenerCount('unpipe')).toBeLessThanOrEqual(pipes[1] as number)
  })

  test('added twice: each record is bridged once, and it takes two removals', () => {
    const { transport, records } = bridged()
    // So that nothing comes down the pipes.
    const logger = winston.createLogger({ transports: [stalledSibling()] })
    fill(logger)
    const before = footprint(logger)
    logger.add(transport).add(transport)
    const first = inSpan(() => logger.info('one'))
    logger.remove(transport)
    const second = inSpan(() => logger.info('two'))
    logger.remove(transport)
    expect(footprint(logger)).toEqual(before)
    expect(records().map(({ body, spanContext }) => [body, spanContext?.traceId])).toEqual([
      ['one', first],
      ['two', second],
    ])
  })

  test('removing one of two transports leaves the other at work', () => {
    const [first, second] = [bridged(), bridged()]
    const logger = winston.createLogger({ transports: [first.transport, second.transport] })
    logger.info('both')
    logger.remove(first.transport)
    const traceId = inSpan(() => logger.info('second'))
    expect(first.bodies()).toEqual(['both'])
    expect(second.records().map(({ body, spanContext }) => [body, spanContext?.traceId])).toEqual([
      ['both', undefined],
      ['second', traceId],
    ])
  })

  test('removing it from one of two loggers leaves the other at work', () => {
    const { transport, bodies } = bridged()
    const [first, second] = [1, 2].map(() => winston.createLogger({ transports: [transport] }))
    first?.remove(transport)
    first?.add(new Sibling()).info('first')
    second?.info('second')
    expect(bodies()).toEqual(['second'])
  })

  test('logger.end() flushes the provider, then emits finish', async () => {
    const { transport, loggerProvider, bodies } = bridged()
    const flush = vi.spyOn(loggerProvider, 'forceFlush')
    const logger = winston.createLogger({ transports: [new Sibling(), transport] })
    logger.info('last')
    const finished = new Promise<void>((resolve) => logger.on('finish', () => resolve()))
    logger.end()
    await finished
    expect(flush).toHaveBeenCalledOnce()
    expect(bodies()).toEqual(['last'])
  })

  test('logger.end() emits finish where the provider cannot be flushed', async () => {
    const { transport, loggerProvider } = bridged()
    vi.spyOn(loggerProvider, 'forceFlush').mockRejectedValue(new Error('no flush'))
    const logger = winston.createLogger({ transports: [transport] })
    const finished = new Promise<void>((resolve) => logger.on('finish', () => resolve()))
    logger.end()
    await finished
  })

  test('after logger.end() winston refuses records, and none is bridged', async () => {
    const { transport, bodies } = bridged()
    const logger = winston.createLogger({ transports: [transport] })
    const errors: string[] = []
    logger.on('error', ({ message }) => errors.push(message))
    logger.end()
    logger.info('too late')
    await new Promise<void>((resolve) => logger.on('finish', () => resolve()))
    logger.info('later still')
    expect(errors).toEqual(['write after end', 'write after end'])
    expect(bodies()).toEqual([])
  })

  test('a transport that the app ends or destroys by itself makes no error on the logger', async () => {
    const outputs = [bridged(), bridged()]
    // Flushing takes its time.
    for (const { loggerProvider } of outputs) {
      vi.spyOn(loggerProvider, 'forceFlush').mockReturnValue(new Promise(() => {}))
    }
    const sibling = new Sibling()
    const logger = winston.createLogger({ transports: [...outputs.map(({ transport }) => transport), sibling] })
    const errors: unknown[] = []
    logger.on('error', (error) => errors.push(error))
    outputs[0]?.transport.destroy()
    outputs[1]?.transport.end()
    await setImmediate()
    logger.info('hello')
    expect(errors).toEqual([])
    expect(sibling.messages).toEqual(['hello'])
    expect(logger.transports).toEqual([sibling])
  })

  test('a logger that was destroyed takes no records, and none is bridged', () => {
    const { transport, bodies } = bridged()
    const sibling = new Sibling()
    const logger = winston.createLogger({ transports: [sibling, transport] })
    logger.on('error', () => {})
    logger.destroy()
    logger.info('too late')
    expect([bodies(), sibling.messages]).toEqual([[], []])
  })
})

describe('others who patch the logger', () => {
  type Write = winston.Logger['write']
  type Wrap = (write: Write) => (this: winston.Logger, ...args: Parameters<Write>) => boolean
  /** What tracers do: dd-trace hands on a Proxy, others a copy with fields of their own. */
  const wraps: Record<string, Wrap> = {
    'passes the info on': (write) =>
      function (...args) {
        return write.apply(this, args)
      },
    'hands on a Proxy': (write) =>
      function (info, ...rest) {
        return write.apply(this, [anything(new Proxy(anything(info), {})), ...rest] as Parameters<Write>)
      },
    'hands on a copy': (write) =>
      function (info, ...rest) {
        return write.apply(this, [anything({ ...anything(info), added: true }), ...rest] as Parameters<Write>)
      },
  }
  const places: Record<string, (logger: winston.Logger, wrap: Wrap) => unknown> = {
    'on the logger': (logger, wrap) => {
      logger.write = wrap(logger.write) as Write
    },
    'on its prototype': (logger, wrap) => {
      const prototype = Object.getPrototypeOf(logger) as winston.Logger
      prototype.write = wrap(prototype.write) as Write
    },
  }
  const cases = Object.keys(wraps).flatMap((wrap) =>
    Object.keys(places).flatMap((place) =>
      ['before', 'after'].flatMap((when) => [false, true].map((isStalled) => [wrap, place, when, isStalled] as const)),
    ),
  )

  test.each(cases)('a write that %s, patched %s %s us (siblings stalled: %s)', async (wrap, place, when, isStalled) => {
    const { transport, records } = bridged()
    const counted = countingFormat()
    const sibling = Object.assign(new Sibling(), { isStalled })
    const logger = winston.createLogger({ format: counted.format, transports: [sibling] })
    const doPatch = () => places[place]?.(logger, wraps[wrap] as Wrap)
    if (when === 'before') doPatch()
    logger.add(transport)
    if (when === 'after') doPatch()
    const fillers = isStalled ? 40 : 0
    if (isStalled) fill(logger)
    const traceId = inSpan(() => logger.info('hello', { a: 1 }))
    const expectBridgedOnce = () => {
      expect(records().length).toBe(fillers + 1)
      expect(counted.runs).toBe(fillers + 1)
      const last = records().at(-1)
      expect([last?.body, last?.spanContext?.traceId, last?.attributes.a]).toEqual(['hello', traceId, 1])
      expect(last?.attributes.added).toBe(wrap === 'hands on a copy' ? true : undefined)
    }
    expectBridgedOnce()
    sibling.resume()
    await until(() => sibling.infos.length === fillers + 1)
    expectBridgedOnce()
  })

  test('a patch on top of ours outlives the transport; added again, records are bridged once', () => {
    const { transport, bodies } = bridged()
    const sibling = new Sibling()
    const logger = winston.createLogger({ transports: [sibling, transport] })
    const seen: unknown[] = []
    const { write } = anything(logger)
    logger.write = ((info: Info) => {
      seen.push(info.message)
      return write.call(logger, info)
    }) as Write
    logger.remove(transport)
    logger.info('without')
    logger.add(transport)
    logger.info('with')
    logger.remove(transport)
    logger.info('without again')
    expect(bodies()).toEqual(['with'])
    expect(seen).toEqual(['without', 'with', 'without again'])
    expect(sibling.messages).toEqual(seen)
  })

  test('a patch of the app is put back as it was', () => {
    const { transport } = bridged()
    const logger = winston.createLogger()
    const { write } = anything(logger)
    const patched = ((info: Info) => write.call(logger, info)) as Write
    logger.write = patched
    logger.add(transport).remove(transport)
    expect(Object.getOwnPropertyDescriptor(logger, 'write')).toEqual({
      value: patched,
      configurable: true,
      enumerable: true,
      writable: true,
    })
  })

  test('a patch that logs', () => {
    const { transport, bodies } = bridged()
    const counted = countingFormat()
    const sibling = new Sibling()
    const logger = winston.createLogger({ format: counted.format, transports: [sibling] })
    const { write } = anything(logger)
    logger.write = ((info: Info) => {
      if (info.message === 'outer') logger.info('inner')
      return write.call(logger, info)
    }) as Write
    logger.add(transport)
    logger.info('outer')
    expect([bodies(), sibling.messages, counted.runs]).toEqual([['inner', 'outer'], ['inner', 'outer'], 2])
  })

  test.each([
    ['healthy', false],
    ['stalled', true],
  ])('a patch that keeps a record from winston disturbs no other, with a %s sibling', async (_name, isStalled) => {
    const { transport, bodies } = bridged()
    const sibling = Object.assign(new Sibling(), { isStalled })
    const logger = winston.createLogger({ transports: [sibling] })
    const { write } = anything(logger)
    logger.write = ((info: Info) => info.message === 'no' || write.call(logger, info)) as Write
    logger.add(transport)
    const numbers = Array.from({ length: 50 }, (_, i) => `${i}`)
    for (const number of numbers) {
      logger.info(number)
      logger.info('no')
    }
    sibling.resume()
    await until(() => sibling.infos.length === 50)
    expect(bodies().filter((body) => body !== 'no')).toEqual(numbers)
    expect(sibling.messages).toEqual(numbers)
  })
})

describe('levels and silence', () => {
  test('silent on the logger', () => {
    const { transport, bodies } = bridged()
    const logger = winston.createLogger({ silent: true, transports: [transport] })
    logger.info('one')
    logger.silent = false
    logger.info('two')
    logger.silent = true
    logger.info('three')
    expect(bodies()).toEqual(['two'])
  })

  test('silent on the transport', () => {
    const { transport, bodies } = bridged({ silent: true })
    const sibling = new Sibling()
    const logger = winston.createLogger({ transports: [transport, sibling] })
    logger.info('one')
    transport.log({ level: 'info', message: 'direct' })
    transport.silent = false
    logger.info('two')
    expect([bodies(), sibling.messages]).toEqual([['two'], ['one', 'two']])
    expect(transport.stats().seen).toBe(1)
  })

  test("the logger's level, also when it changes", () => {
    const { transport, bodies } = bridged()
    const logger = winston.createLogger({ level: 'warn', transports: [transport] })
    logger.info('one')
    logger.warn('two')
    logger.level = 'debug'
    logger.debug('three')
    logger.silly('four')
    expect(bodies()).toEqual(['two', 'three'])
  })

  test("the transport's own level goes before the logger's, up and down, also when it changes", () => {
    const { transport, bodies } = bridged({ level: 'debug' })
    const logger = winston.createLogger({ level: 'error', transports: [transport] })
    logger.debug('one')
    logger.silly('two')
    transport.level = 'warn'
    logger.info('three')
    logger.warn('four')
    expect(bodies()).toEqual(['one', 'four'])
  })

  test('isLevelEnabled knows the transport', () => {
    const { transport } = bridged({ level: 'debug' })
    const logger = winston.createLogger({ level: 'error', transports: [transport] })
    expect([logger.isDebugEnabled(), logger.isSillyEnabled()]).toEqual([true, false])
  })

  const tables: Record<string, { levels: winston.config.AbstractConfigSetLevels; severities: number[] }> = {
    npm: { levels: winston.config.npm.levels, severities: [17, 13, 9, 7, 6, 5, 1] },
    syslog: { levels: winston.config.syslog.levels, severities: [21, 19, 18, 17, 13, 10, 9, 5] },
    cli: { levels: winston.config.cli.levels, severities: [17, 13, 11, 10, 9, 5, 4, 3, 2, 1] },
    custom: { levels: { fatal: 0, error: 1, audit: 2, info: 3, chatter: 4 }, severities: [21, 17, 13, 9, 5] },
  }

  test.each(Object.entries(tables))('%s levels', (_name, { levels, severities }) => {
    const { transport, records } = bridged()
    const names = Object.keys(levels)
    const logger = winston.createLogger({ levels, level: names.at(-1) as string, transports: [transport] })
    for (const name of names) logger.log(name, 'hello')
    expect(records().map(({ severityText }) => severityText)).toEqual(names)
    expect(records().map(({ severityNumber }) => severityNumber)).toEqual(severities)
  })

  test('the option severities goes before the built-in ones', () => {
    const { transport, records } = bridged({ severities: { info: 12, constructor: 4 } })
    const logger = winston.createLogger({ transports: [transport] })
    logger.info('hello')
    logger.warn('hello')
    expect(records().map(({ severityNumber }) => severityNumber)).toEqual([12, 13])
  })

  test('a level named as something that every object has', () => {
    const { transport, records } = bridged({ severities: { info: 12 } })
    const levels = { error: 0, valueOf: 1, info: 2 }
    const logger = winston.createLogger({ levels, transports: [transport] })
    logger.log('valueOf', 'hello')
    logger.log('info', 'hello')
    expect(records().map(({ severityNumber }) => severityNumber)).toEqual([13, 12])
  })

  test.each([
    ['colorize', winston.format.colorize()],
    ['colorize, then a new info', winston.format.combine(winston.format.colorize(), rebuild())],
    ['cli', winston.format.cli()],
  ])('%s does not colour severityText', (_name, format) => {
    const { transport, only } = bridged()
    winston.createLogger({ format, transports: [transport] }).warn('hello')
    expect(only()).toMatchObject({ severityText: 'warn', severityNumber: 13 })
  })

  function rebuild() {
    return winston.format((info) => ({ level: info.level, message: info.message }))()
  }
})

describe('what a record becomes', () => {
  /** The one record that `log` makes on a logger with these options. */
  function recordOf(log: (logger: winston.Logger) => unknown, options: winston.LoggerOptions = {}) {
    const { transport, only } = bridged()
    log(winston.createLogger({ ...options, transports: [transport] }))
    return only()
  }
  const { combine, errors, json, metadata, printf, simple, splat, timestamp } = winston.format

  test('message, level, metadata, defaultMeta and child metadata', () => {
    const { body, severityText, severityNumber, attributes } = recordOf(
      (logger) => logger.child({ requestId: 'r1' }).warn('hello', { user: { id: 7, roles: ['a', 'b'] }, ok: true }),
      { defaultMeta: { service: 'shop', limits: { cpu: 0.5 } } },
    )
    expect({ body, severityText, severityNumber, attributes }).toEqual({
      body: 'hello',
      severityText: 'warn',
      severityNumber: 13,
      attributes: {
        service: 'shop',
        limits: { cpu: 0.5 },
        requestId: 'r1',
        user: { id: 7, roles: ['a', 'b'] },
        ok: true,
      },
    })
  })

  test('a message that is no string keeps its shape', () => {
    expect(recordOf((logger) => logger.info({ message: { order: 5, lines: [1, 2] } })).body).toEqual({
      order: 5,
      lines: [1, 2],
    })
  })

  test('values of every kind', () => {
    const { attributes } = recordOf(
      (logger) =>
        logger.info('hello', { date: new Date(0), map: new Map([['a', 1]]), big: 12n, none: null, un: undefined }),
      { format: simple() },
    )
    expect(attributes).toEqual({ date: '1970-01-01T00:00:00.000Z', map: { a: 1 }, big: 12, none: null })
  })

  test.each([
    ['format.timestamp()', timestamp()],
    ['format.timestamp() with an alias', timestamp({ alias: 'at' })],
  ])("%s gives the record's time", (_name, format) => {
    const early = Date.now()
    const { hrTime, attributes } = recordOf((logger) => logger.info('hello'), { format })
    const millis = hrTime[0] * 1000 + hrTime[1] / 1e6
    expect(millis).toBeGreaterThanOrEqual(early)
    expect(millis).toBeLessThanOrEqual(Date.now())
    expect(attributes.timestamp).toBeUndefined()
  })

  test('a timestamp of the app: the time where it is one, else an attribute', () => {
    const at = recordOf((logger) => logger.info('hello', { timestamp: '2020-01-02T03:04:05.678Z' }))
    expect([at.hrTime, at.attributes]).toEqual([[1577934245, 678000000], {}])
    const text = recordOf((logger) => logger.info('hello'), { format: timestamp({ format: () => 'teatime' }) })
    expect(text.attributes).toEqual({ timestamp: 'teatime' })
  })

  test('format.splat() interpolates', () => {
    const { body, attributes } = recordOf((logger) => logger.info('%s has %d', 'Alice', 7, { more: true }), {
      format: combine(splat(), json()),
    })
    expect([body, attributes]).toEqual(['Alice has 7', { more: true }])
  })

  test('a format that returns false keeps the record back', () => {
    const format = winston.format((info) => (info.private ? false : info))()
    const { transport, bodies } = bridged()
    const logger = winston.createLogger({ format, transports: [transport] })
    logger.info('one', { private: true })
    logger.info('two')
    expect(bodies()).toEqual(['two'])
    expect(transport.stats()).toMatchObject({ seen: 2, emitted: 1, dropped: { filtered: 1 } })
  })

  test("redaction by the logger's format holds", () => {
    const format = winston.format(({ password, ...info }) => anything({ ...info, message: 'redacted' }))()
    const { body, attributes } = recordOf((logger) => logger.info('secret', { password: 'p', user: 'u' }), { format })
    expect([body, attributes]).toEqual(['redacted', { user: 'u' }])
  })

  test('printf leaves the body the message', () => {
    const { body } = recordOf((logger) => logger.info('hello'), { format: printf(({ level }) => `[${level}]`) })
    expect(body).toBe('hello')
  })

  test('format.metadata() nests', () => {
    const { attributes } = recordOf((logger) => logger.info('hello', { a: 1 }), { format: metadata() })
    expect(attributes).toEqual({ metadata: { a: 1 } })
  })

  test('trace fields and an event name in the record', () => {
    const ids = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331', trace_flags: '01' }
    const { spanContext, eventName, attributes } = recordOf((logger) =>
      logger.info('hello', { ...ids, 'otel.event.name': 'order.placed' }),
    )
    expect([spanContext?.traceId, eventName, attributes]).toEqual([ids.trace_id, 'order.placed', {}])
  })

  class HttpError extends Error {
    readonly status = 503
  }
  const plainError = () => new TypeError('boom', { cause: new RangeError('root') })
  const errorWays: [name: string, log: (logger: winston.Logger, error: Error) => unknown, body: string][] = [
    ['logger.error(error)', (logger, error) => logger.error(error), 'boom'],
    [
      'logger.log({ level, message: error })',
      (logger, error) => logger.log({ level: 'error', message: anything(error) }),
      'boom',
    ],
    ["logger.log('error', error)", (logger, error) => logger.log('error', error), 'boom'],
    ["logger.error('failed', error)", (logger, error) => logger.error('failed', error), 'failed boom'],
    ["logger.error('failed', {}, error)", (logger, error) => logger.error('failed', { a: 1 }, error), 'failed'],
    ["logger.error('failed', { err })", (logger, error) => logger.error('failed', { err: error }), 'failed'],
    ["logger.error('failed', { error })", (logger, error) => logger.error('failed', { error }), 'failed'],
    ["logger.error('%s failed', 'it', error)", (logger, error) => logger.error('it failed', error), 'it failed boom'],
    ['child.error(error)', (logger, error) => logger.child({ a: 1 }).error(error), 'boom'],
    ["child.error('failed', error)", (logger, error) => logger.child({ a: 1 }).error('failed', error), 'failed boom'],
  ]
  const errorFormats: [name: string, format: winston.Logform.Format | undefined][] = [
    ['the default format', undefined],
    ['format.errors()', combine(errors({ stack: true, cause: true }), json())],
    ['format.errors() without the stack', combine(errors(), json())],
    ['format.splat()', combine(splat(), json())],
    ['a format that builds a new info', winston.format(({ level, message }) => anything({ level, message }))()],
  ]
  const errorCases = errorWays.flatMap((way) =>
    errorFormats.map((format) => [way[0], format[0], way, format[1]] as const),
  )

  test.each(errorCases)('an exception by %s, with %s', (name, formatName, [, log, body], format) => {
    const error = plainError()
    const record = recordOf((logger) => log(logger, error), format && { format })
    const stack = record.attributes['exception.stacktrace']
    // winston gives nobody the error that a child logs: its stack is all there is.
    const isCopied = name === 'child.error(error)'
    if (isCopied && formatName === 'a format that builds a new info') {
      expect(record.body).toBe(body)
      return
    }
    expect(record.body).toBe(body)
    expect(record.attributes).toMatchObject({ 'exception.type': 'TypeError', 'exception.message': 'boom' })
    expect(String(stack).startsWith(String(error.stack))).toBe(true)
    if (!isCopied) expect(stack).toMatch('RangeError: root')
    const told = ['exception.type', 'exception.message', 'exception.stacktrace', 'a', ...(isCopied ? ['cause'] : [])]
    expect(Object.keys(record.attributes).filter((key) => !told.includes(key))).toEqual([])
  })

  test('fields of an error stay attributes', () => {
    const nested = recordOf((logger) => logger.error('failed', { err: new HttpError('boom') }))
    expect(nested.attributes).toMatchObject({ 'exception.type': 'HttpError', err: { status: 503 } })
    expect(Object.keys(nested.attributes.err as object)).toEqual(['status'])
    const flat = recordOf((logger) => logger.error(new HttpError('boom')))
    expect(flat.attributes).toMatchObject({ 'exception.type': 'HttpError', status: 503 })
  })

  test.each([
    ['name and code', { name: 'Alice', code: 7 }],
    ['a message of its own', { name: 'Alice', message: 'hi' }],
    ['an error that is none', { error: 'not found', err: { message: 'x' } }],
    ['a stack that is none', { stack: 'lamp' }],
    ['a stack of cards', { stack: 'Ace: spades\nKing: hearts' }],
  ])('no exception for info with %s', (_name, meta) => {
    const { attributes } = recordOf((logger) => logger.info('x', { ...meta }))
    expect(Object.keys(attributes).filter((key) => key.startsWith('exception'))).toEqual([])
    const { message, ...rest } = meta as Record<string, unknown>
    expect(attributes).toEqual(rest)
  })

  test('no exception for a string argument', () => {
    const { body, attributes } = recordOf((logger) => logger.info('x', 'Alice', 7))
    expect([body, attributes]).toEqual(['x', {}])
  })
})

describe('beside the logger', () => {
  test('records buffered in a logger before the transport was added arrive once, with no trace rather than a wrong one', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { transport, records } = bridged()
    const counted = countingFormat()
    const logger = winston.createLogger({ format: counted.format })
    for (let i = 0; i < 40; i++) logger.info(`${i}`)
    await setImmediate()
    const traceId = inSpan(() => {
      logger.add(transport)
      logger.info('40')
    })
    await until(() => records().length === 41)
    await setImmediate()
    const byBody = new Map(records().map(({ body, spanContext }) => [body, spanContext?.traceId]))
    expect([...byBody.keys()].sort()).toEqual(Array.from({ length: 41 }, (_, i) => `${i}`).sort())
    expect(byBody.get('40')).toBe(traceId)
    byBody.delete('40')
    expect([...byBody.values()].filter((id) => id !== undefined)).toEqual([])
    expect(counted.runs).toBe(41)
    error.mockRestore()
  })

  test('a second transport, added while a sibling holds winston up, gets what is still in the stream', async () => {
    const [first, second] = [bridged(), bridged()]
    const sibling = stalledSibling()
    const logger = winston.createLogger({ transports: [sibling, first.transport] })
    fill(logger)
    logger.add(second.transport)
    logger.info('last')
    sibling.resume()
    await until(() => sibling.messages.includes('last'))
    await setImmediate()
    expect(first.bodies().length).toBe(41)
    // winston lets go of 16 that the first transports have in their buffers.
    expect(second.bodies().length).toBeGreaterThan(10)
    expect(second.bodies().filter((body) => body === 'last')).toEqual(['last'])
  })

  test.each(['write', 'log'] as const)(
    'transport.%s(info, callback): bridged, called back, and logged emitted',
    async (method) => {
      const { transport, only } = bridged()
      const info = { level: 'info', message: 'direct', [Symbol.for('level')]: 'info', a: 1 }
      const logged = new Promise((resolve) => transport.once('logged', resolve))
      const called = new Promise<void>((resolve) => {
        inSpan(() => (method === 'write' ? transport.write(info, () => resolve()) : transport.log(info, resolve)))
      })
      await called
      expect(await logged).toBe(info)
      expect(only()).toMatchObject({ body: 'direct', severityNumber: 9, severityText: 'info', attributes: { a: 1 } })
      expect(only().spanContext).toBeDefined()
    },
  )

  test('what is no info is passed over', async () => {
    const { transport, bodies } = bridged()
    for (const value of ['text', 7, undefined, false]) {
      await new Promise<void>((resolve) => transport.write(value, () => resolve()))
      await new Promise<void>((resolve) => transport.log(anything(value), resolve))
    }
    expect(bodies()).toEqual([])
  })

  test('records written while the transport is corked', async () => {
    const { transport, bodies } = bridged()
    const called: number[] = []
    transport.cork()
    for (const n of [1, 2, 3]) transport.write({ level: 'info', message: n }, () => called.push(n))
    expect(bodies()).toEqual([])
    transport.uncork()
    await until(() => called.length === 3)
    expect(bodies()).toEqual([1, 2, 3])
  })

  test('records of a logger that the corked transport has kept are not bridged twice', async () => {
    const { transport, bodies } = bridged()
    const logger = winston.createLogger({ transports: [transport] })
    await setImmediate()
    transport.cork()
    logger.info('one')
    logger.info('two')
    transport.uncork()
    await setImmediate()
    logger.info('three')
    expect(bodies()).toEqual(['one', 'two', 'three'])
  })

  test('a level of the transport holds without a logger', () => {
    const { transport, bodies } = bridged({ level: 'warn' })
    for (const level of ['info', 'warn', 'error']) transport.write({ level, message: level })
    expect(bodies()).toEqual(['warn', 'error'])
  })

  test('logged is emitted for records of a logger', async () => {
    const { transport } = bridged({ level: 'info' })
    const seen: unknown[] = []
    transport.on('logged', ({ message }) => seen.push(message))
    const logger = winston.createLogger({ level: 'debug', transports: [transport] })
    logger.info('one')
    logger.debug('below')
    logger.info('two')
    await until(() => seen.length === 2)
    expect(seen).toEqual(['one', 'two'])
  })

  test('a transport that wraps ours passes records on, beside another of ours', () => {
    const [outer, inner] = [bridged(), bridged()]
    const wrapper = new Transport({
      log: (info, next) => inner.transport.log(info, next),
    })
    const logger = winston.createLogger({ transports: [outer.transport, wrapper] })
    logger.info('hello')
    expect([outer.bodies(), inner.bodies()]).toEqual([['hello'], ['hello']])
  })

  test('stats and flush of the transport', async () => {
    const { transport, loggerProvider } = bridged()
    const flush = vi.spyOn(loggerProvider, 'forceFlush')
    const logger = winston.createLogger({ transports: [transport] })
    logger.info('one')
    await transport.flush()
    expect(flush).toHaveBeenCalledOnce()
    expect(transport.stats()).toMatchObject({ seen: 1, emitted: 1, pending: 0 })
  })
})

describe('wrong options', () => {
  const wrong: [options: unknown, message: RegExp][] = [
    ['text', /OpenTelemetryTransport: expected an options object, got 'text'/],
    [null, /OpenTelemetryTransport: expected an options object, got null/],
    [{ level: 30 }, /option 'level': expected a string, got 30/],
    [{ silent: 'yes' }, /option 'silent': expected a boolean, got 'yes'/],
    [{ handleExceptions: 1 }, /option 'handleExceptions': expected a boolean, got 1/],
    [{ handleRejections: 'no' }, /option 'handleRejections': expected a boolean, got 'no'/],
    [{ highWaterMark: -1 }, /option 'highWaterMark': expected a whole number, 0 or more, got -1/],
    [{ format: 'json' }, /option 'format': expected a winston format, got 'json'/],
    [{ format: {} }, /option 'format': expected a winston format, got \{\}/],
    [{ loggerProvider: {} }, /option 'loggerProvider': expected a LoggerProvider .*, got \{\}/],
    [{ severities: { info: 25 } }, /option 'severities': expected .*1 to 24, got \{ info: 25 \}/],
    [{ limits: { depth: 0 } }, /option 'depth': expected a whole number above 0.*, got 0/],
    [{ lvl: 'info' }, /OpenTelemetryTransport: unknown option 'lvl'; known are .*level/],
    [{ log() {} }, /unknown option 'log'/],
  ]

  test.each(wrong)('%o', (options, message) => {
    const make = () => new OpenTelemetryTransport(options as OpenTelemetryTransportOptions)
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })

  test('undefined counts as absent', () => {
    expect(() => new OpenTelemetryTransport(anything({ level: undefined, format: undefined }))).not.toThrow()
  })
})
