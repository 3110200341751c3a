// Contract rule 5: no record, provider, processor or exporter makes a log call throw or wait, and a bad value costs
// itself alone. Only wrong options throw, at once and by name.

import { ROOT_CONTEXT } from '@opentelemetry/api'
import fc from 'fast-check'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import winston from 'winston'
import { createPinoStream } from '../../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import {
  type LoggerProvider as AnyLoggerProvider,
  type BridgeOptions,
  createBridge,
  type InternalLogEntry,
  type SourceRecord,
  setInternalLogSink,
} from '../../src/index.ts'
import { anything, exotic, isLarge, throwing } from '../support/exotic-values.ts'
import { appKinds, TestExporter } from '../support/feedback.ts'
import { LoggerProvider, simpleProcessor } from '../support/otel.ts'

/** Far more than any single record takes, far less than what hangs. */
const BOUND_MS = 15_000

let exporter: TestExporter
let loggerProvider: LoggerProvider
let told: InternalLogEntry[]

beforeEach(() => {
  exporter = new TestExporter()
  loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
  told = []
  setInternalLogSink((entry) => void told.push(entry))
})

afterEach(() => setInternalLogSink(undefined))

function inTime<T>(fn: () => T): T {
  const start = performance.now()
  const result = fn()
  expect(performance.now() - start).toBeLessThan(BOUND_MS)
  return result
}

describe('createBridge', () => {
  describe.each(Object.entries(exotic))('%s', (name, make) => {
    test('as an attribute costs itself', () => {
      const bridge = createBridge({ loggerProvider })
      inTime(() => bridge.emit({ body: 'the body', attributes: { before: 1, bad: make(), after: 2 } }))
      expect(exporter.bodies).toEqual(['the body'])
      expect(exporter.records[0]?.attributes).toMatchObject({ before: 1, after: 2 })
      expect(bridge.stats()).toMatchObject({ seen: 1, emitted: 1 })
    })

    test('as the body costs itself', () => {
      const bridge = createBridge({ loggerProvider })
      inTime(() => bridge.emit({ body: make(), attributes: { before: 1 } }))
      expect(exporter.records[0]?.attributes).toMatchObject({ before: 1 })
    })

    test('as all of the attributes costs these', () => {
      const bridge = createBridge({ loggerProvider })
      inTime(() => bridge.emit({ body: 'the body', attributes: make() as object }))
      expect(exporter.bodies).toEqual(['the body'])
    })

    test('inside a value costs itself, and what comes behind only by its size', () => {
      const bridge = createBridge({ loggerProvider })
      inTime(() => bridge.emit({ attributes: { value: { before: 1, bad: [make()], after: 2 }, last: 3 } }))
      expect(exporter.records[0]?.attributes).toMatchObject({ value: { before: 1 }, last: 3 })
      if (!isLarge(name)) expect(exporter.records[0]?.attributes).toMatchObject({ value: { after: 2 } })
    })

    test('as the record itself does no harm', () => {
      const bridge = createBridge({ loggerProvider })
      inTime(() => bridge.emit(make() as SourceRecord))
      expect(bridge.stats()).toMatchObject({ seen: 1, pending: 0 })
    })
  })

  test.each(['severityNumber', 'severityText', 'timestamp', 'exception', 'eventName', 'loggerName', 'context'])(
    'anything as the %s costs that',
    (field) => {
      const lost: string[] = []
      for (const [name, make] of Object.entries(exotic)) {
        exporter.records.length = 0
        const bridge = createBridge({ loggerProvider })
        const record = { body: 'the body', attributes: { before: 1 }, [field]: make() } as unknown as SourceRecord
        const start = performance.now()
        bridge.emit(record)
        const [arrived] = exporter.records
        if (arrived?.body !== 'the body' || arrived.attributes?.before !== 1) lost.push(name)
        if (performance.now() - start > BOUND_MS) lost.push(`${name}: too slow`)
      }
      expect(lost).toEqual([])
    },
  )

  test('what reaches the provider is of the right type, whatever was given', () => {
    fc.assert(
      fc.property(
        fc.record({
          severityNumber: anything,
          severityText: anything,
          timestamp: anything,
          eventName: anything,
          loggerName: anything,
        }),
        (fields) => {
          exporter.records.length = 0
          const bridge = createBridge({ loggerProvider })
          const made = Object.fromEntries(Object.entries(fields).map(([name, make]) => [name, make()]))
          bridge.emit({ ...made, body: 'the body', context: ROOT_CONTEXT } as SourceRecord)
          const [record] = exporter.records
          expect(record?.body).toBe('the body')
          expect(Number.isInteger(record?.severityNumber)).toBe(true)
          expect(record?.severityNumber).toBeGreaterThanOrEqual(0)
          expect(record?.severityNumber).toBeLessThanOrEqual(24)
          expect(['string', 'undefined']).toContain(typeof record?.severityText)
          expect(['string', 'undefined']).toContain(typeof record?.eventName)
          expect(typeof record?.instrumentationScope.name).toBe('string')
          for (const part of record?.hrTime ?? ['missing']) expect(Number.isInteger(part)).toBe(true)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('any attributes and any body: the record arrives, with what else it had', () => {
    fc.assert(
      fc.property(anything, anything, (body, bad) => {
        exporter.records.length = 0
        const bridge = createBridge({ loggerProvider })
        bridge.emit({ body: body(), attributes: { before: 1, bad: bad(), after: [2] } })
        expect(exporter.records[0]?.attributes).toMatchObject({ before: 1, after: [2] })
      }),
      { numRuns: 2000 },
    )
  })
})

describe('pino', () => {
  /** pino serializes on its own account: what it cannot do without a bridge is not the bridge's. */
  function survives(log: (logger: pino.Logger) => void): boolean {
    try {
      log(pino({}, { write() {} }))
      return true
    } catch {
      return false
    }
  }
  // Which of these pino itself turns into a line, in time.
  const writable = Object.entries(exotic).filter(([name]) => !/million|100 000|without end|no end/.test(name))

  test.each(writable)('%s: the call ends as it does without a bridge, and the record arrives', (_name, make) => {
    const stream = createPinoStream({ loggerProvider })
    const logger = pino({}, stream)
    for (const log of [
      (target: pino.Logger) => target.info({ before: 1, bad: make(), after: 2 }, 'the message'),
      (target: pino.Logger) => target.error({ before: 1, err: make(), after: 2 }, 'the message'),
      (target: pino.Logger) => target.info(`the message %o`, make() as object),
    ]) {
      if (!survives(log)) continue
      exporter.records.length = 0
      inTime(() => log(logger))
      expect(exporter.bodies.length).toBe(1)
      expect(exporter.bodies[0]).toContain('the message')
    }
    expect(stream.stats().dropped.failed).toBe(0)
  })

  test('any fields', () => {
    const stream = createPinoStream({ loggerProvider })
    const logger = pino({}, stream)
    fc.assert(
      fc.property(anything, (bad) => {
        const log = (target: pino.Logger) => target.info({ before: 1, bad: bad(), after: 2 }, 'the message')
        if (!survives(log)) return
        exporter.records.length = 0
        log(logger)
        expect(exporter.bodies).toEqual(['the message'])
        expect(exporter.records[0]?.attributes).toMatchObject({ before: 1, after: 2 })
      }),
      { numRuns: 1000 },
    )
  })

  test('any line that reaches the stream', () => {
    const stream = createPinoStream({ loggerProvider })
    fc.assert(
      fc.property(
        fc.oneof<fc.Arbitrary<string>[]>(
          fc.json(),
          fc.string({ unit: 'binary' }),
          fc.jsonValue().map((value) => JSON.stringify({ level: value })),
        ),
        (line) => stream.write(line),
      ),
      { numRuns: 1000 },
    )
    const { seen, emitted } = stream.stats()
    expect(seen).toBe(1000)
    expect(emitted).toBe(seen)
  })
})

describe('winston', () => {
  // The default format prints JSON: what that cannot print is winston's own affair.
  const format = winston.format((info) => info)()

  function survives(log: (logger: winston.Logger) => void): boolean {
    try {
      log(winston.createLogger({ format, transports: [new winston.transports.Console({ silent: true })] }))
      return true
    } catch {
      return false
    }
  }

  test.each(Object.entries(exotic))(
    '%s: the call ends as it does without a bridge, and the record arrives',
    // winston itself takes seconds for the largest, and is asked ten times.
    { timeout: 60_000 },
    (_name, make) => {
      const transport = new OpenTelemetryTransport({ loggerProvider })
      const logger = winston.createLogger({ format, transports: [transport] })
      for (const log of [
        (target: winston.Logger) => target.info('the message', { before: 1, bad: make(), after: 2 }),
        (target: winston.Logger) => target.error('the message', { before: 1, err: make(), after: 2 }),
        (target: winston.Logger) => target.error('the message', make()),
        (target: winston.Logger) => target.log('info', 'the message', make(), make()),
        (target: winston.Logger) => void target.write({ level: 'info', message: 'the message', bad: make() }),
      ]) {
        if (!survives(log)) continue
        exporter.records.length = 0
        inTime(() => log(logger))
        expect(String(exporter.bodies[0])).toContain('the message')
      }
      exporter.records.length = 0
      logger.info('the next record')
      expect(exporter.bodies).toEqual(['the next record'])
      expect(transport.stats().dropped.failed).toBe(0)
    },
  )

  test('any meta', () => {
    const transport = new OpenTelemetryTransport({ loggerProvider })
    const logger = winston.createLogger({ format, transports: [transport] })
    fc.assert(
      fc.property(anything, (bad) => {
        const log = (target: winston.Logger) => target.info('the message', { before: 1, bad: bad(), after: 2 })
        if (!survives(log)) return
        exporter.records.length = 0
        log(logger)
        expect(exporter.bodies).toEqual(['the message'])
        expect(exporter.records[0]?.attributes).toMatchObject({ before: 1, after: 2 })
      }),
      { numRuns: 1000 },
    )
  })

  test('any info written to the logger', () => {
    const transport = new OpenTelemetryTransport({ loggerProvider })
    const logger = winston.createLogger({ format, transports: [transport] })
    fc.assert(
      fc.property(anything, anything, (level, message) => {
        const log = (target: winston.Logger) => void target.write({ level: level(), message: message() })
        if (survives(log)) log(logger)
      }),
      { numRuns: 1000 },
    )
    exporter.records.length = 0
    logger.info('the next record')
    expect(exporter.bodies).toEqual(['the next record'])
  })
})

type AnyLogger = ReturnType<AnyLoggerProvider['getLogger']>

const providers: Record<string, () => unknown> = {
  'getLogger throws': () => ({ getLogger: throwing }),
  'getLogger throws no error': () => ({
    getLogger: () => {
      throw exotic['a revoked Proxy']?.()
    },
  }),
  'getLogger returns nothing': () => ({ getLogger: () => undefined }),
  'getLogger returns no logger': () => ({ getLogger: () => ({ emit: 'no function' }) }),
  'emit throws': () => ({ getLogger: () => ({ emit: throwing }) }),
  'emit throws no error': () => ({
    getLogger: () => ({
      emit: () => {
        throw null
      },
    }),
  }),
  'enabled throws': () => ({ getLogger: () => ({ emit() {}, enabled: throwing }) }),
  'enabled is no function': () => ({ getLogger: () => ({ emit: throwing, enabled: 'yes' }) }),
  'forceFlush throws': () => ({ getLogger: () => ({ emit() {} }), forceFlush: throwing }),
  'forceFlush rejects': () => ({ getLogger: () => ({ emit() {} }), forceFlush: () => Promise.reject(new Error('no')) }),
  'forceFlush cannot be read': () => ({
    getLogger: () => ({ emit() {} }),
    get forceFlush() {
      return throwing()
    },
  }),
  'forceFlush rejects with nothing': () => ({ getLogger: () => ({ emit() {} }), forceFlush: () => Promise.reject() }),
}

const NO_FLUSH = { forceFlush: async () => {}, shutdown: async () => {} }

describe.each(appKinds)('$name', (kind) => {
  test.each(Object.entries(providers))('a provider whose %s', async (_name, make) => {
    const app = kind.start({ loggerProvider: make() as AnyLoggerProvider })
    for (let i = 0; i < 20; i++) app.log(`record ${i}`)
    await app.flush()
    await app.close()
    const { seen, emitted, pending, dropped } = app.stats()
    expect({ seen, pending }).toEqual({ seen: 20, pending: 0 })
    expect(emitted + dropped.failed).toBe(20)
    expect(app.lines.length).toBe(20)
  })

  test('a processor and an exporter that throw', () => {
    const broken = new TestExporter(throwing)
    const processor = { onEmit: throwing, ...NO_FLUSH }
    const app = kind.start({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(broken), processor] }) })
    for (let i = 0; i < 20; i++) app.log(`record ${i}`)
    expect(broken.bodies.length).toBe(20)
    expect(app.stats().dropped.failed).toBe(20)
  })

  test('a provider that recovers gets the records from then on', () => {
    let broken = true
    const app = kind.start({
      loggerProvider: {
        getLogger: (name, version): AnyLogger => {
          if (broken) throwing()
          return loggerProvider.getLogger(name, version) as unknown as AnyLogger
        },
      },
    })
    app.log('lost')
    broken = false
    app.log('first')
    expect(exporter.bodies).toEqual(['first'])
  })

  test('an exporter that takes its time makes no log call wait', () => {
    const slow = new TestExporter(() => {})
    const app = kind.start({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(slow)] }) })
    inTime(() => {
      for (let i = 0; i < 1000; i++) app.log(`record ${i}`)
    })
    expect(slow.bodies.length).toBe(1000)
  })

  test('a provider whose forceFlush never ends: flush and close end all the same', async () => {
    vi.useFakeTimers()
    try {
      const app = kind.start({
        loggerProvider: { getLogger: () => ({ emit() {} }), forceFlush: () => new Promise(() => {}) },
      })
      app.log('first')
      let ended = false
      const end = Promise.all([app.flush(), app.close()]).then(() => {
        ended = true
      })
      await vi.advanceTimersByTimeAsync(120_000)
      expect(ended).toBe(true)
      await end
    } finally {
      vi.useRealTimers()
    }
  })

  test('an app that has exhausted its stack while it logs goes on afterwards', () => {
    // Without an exporter: promises at the edge of a stack are an uproar of their own.
    const bodies: unknown[] = []
    const processor = { onEmit: ({ body }: { body?: unknown }) => void bodies.push(body), ...NO_FLUSH }
    const app = kind.start({ loggerProvider: new LoggerProvider({ processors: [processor] }) })
    let left = 0
    /** Overflows, then logs with a little more of the stack each time. */
    const descend = () => {
      try {
        descend()
      } catch {
        // It is the overflow that is wanted.
      }
      if (left-- <= 0) return
      try {
        app.log('at the edge')
      } catch (error) {
        // The logger itself may not have had the stack to call the bridge.
        expect(error).toBeInstanceOf(RangeError)
      }
    }
    for (let i = 0; i < 20; i++) {
      left = 300
      descend()
    }
    app.log('fine again')
    expect(bodies.at(-1)).toBe('fine again')
    const { seen, emitted, pending, dropped } = app.stats()
    const { failed, ...others } = dropped
    expect({ pending, ...others }).toEqual({
      pending: 0,
      reentrant: 0,
      suppressed: 0,
      filtered: 0,
      disabled: 0,
      overflow: 0,
    })
    expect(emitted + failed).toBe(seen)
  })

  test('close() twice, at once and after', async () => {
    const app = kind.start({ loggerProvider })
    app.log('first')
    await Promise.all([app.close(), app.close(), app.flush()])
    await app.close()
    await app.flush()
    expect(exporter.bodies).toEqual(['first'])
  })
})

describe('wrong options', () => {
  const wrong: Record<keyof BridgeOptions, readonly unknown[]> = {
    loggerProvider: [null, 1, 'provider', {}, { getLogger: 1 }, []],
    scopeName: [null, 1, {}, Symbol('s')],
    scopeVersion: [null, 1, []],
    schemaUrl: [null, 1, new URL('https://example.com')],
    limits: [null, 1, 'none', []],
    include: [null, 'name', [1], [null], {}],
    exclude: [null, /x/, [undefined], {}],
    replayLimit: [null, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10', 10n],
    honorSuppressTracing: [null, 0, 'no'],
    severities: [null, 1, [], { info: '9' }, { info: 0 }, { info: 25 }, { info: 1.5 }],
    onDrop: [null, 'drop', {}],
    baggage: [null, 'tenant', [1], [/tenant/], {}],
    code: [null, 1, 'yes'],
  }
  const makers: Record<string, (options: unknown) => unknown> = {
    createBridge: (options) => createBridge(options as BridgeOptions),
    createPinoStream: (options) => createPinoStream(options as BridgeOptions),
    OpenTelemetryTransport: (options) => new OpenTelemetryTransport(options as BridgeOptions),
  }

  describe.each(Object.entries(makers))('%s', (owner, make) => {
    test.each(Object.entries(wrong))('%s', (name, values) => {
      for (const value of values) {
        expect(() => make({ [name]: value })).toThrow(TypeError)
        expect(() => make({ [name]: value })).toThrow(new RegExp(`^${owner}: option '${name}': expected .+, got .+`))
      }
      expect(() => make({ [name]: undefined })).not.toThrow()
    })

    test.each(['attributeCount', 'attributeValueLength', 'depth', 'recordBytes'])('limits.%s', (name) => {
      for (const value of [null, 0, -1, 1.5, Number.NaN, '10', {}]) {
        const options = { limits: { [name]: value } }
        expect(() => make(options)).toThrow(TypeError)
        expect(() => make(options)).toThrow(new RegExp(`^${owner}: option 'limits': .*'${name}': expected .+, got .+`))
      }
      expect(() => make({ limits: { [name]: 1 } })).not.toThrow()
      expect(() => make({ limits: { [name]: Number.POSITIVE_INFINITY } })).not.toThrow()
    })

    test('an unknown one is named, with those that exist', () => {
      expect(() => make({ logerProvider: loggerProvider })).toThrow(TypeError)
      expect(() => make({ logerProvider: loggerProvider })).toThrow(
        new RegExp(`^${owner}: unknown option 'logerProvider'; known are .*loggerProvider`),
      )
      expect(() => make({ limits: { atributeCount: 1 } })).toThrow(/unknown option 'atributeCount'.*attributeCount/)
      for (const name of ['toString', '__proto__', 'constructor']) {
        expect(() => make(JSON.parse(`{"${name}":1}`))).toThrow(/unknown option/)
      }
    })

    test('options that are none', () => {
      for (const options of [null, 1, 'options', [], () => 1]) {
        expect(() => make(options)).toThrow(TypeError)
        expect(() => make(options)).toThrow(new RegExp(`^${owner}: expected an options object, got`))
      }
      expect(() => make(undefined)).not.toThrow()
      expect(() => make({})).not.toThrow()
      expect(() => make(Object.create(null))).not.toThrow()
    })

    test('a wrong value is shown short', () => {
      const long = { list: Array.from({ length: 1000 }, (_, i) => ({ i })), text: 'x'.repeat(10_000) }
      try {
        make({ scopeName: long })
        expect.unreachable()
      } catch (error) {
        expect((error as Error).message.length).toBeLessThan(300)
      }
    })
  })
})
