// Contract rule 2: what the app's own code logs while a record is being read is the app's, and is bridged: to a nesting
// depth of 4, so that no stack is exhausted.

import { context, trace } from '@opentelemetry/api'
import pino from 'pino'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import winston from 'winston'
import { createPinoStream } from '../../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { type bridgeStats, createBridge } from '../../src/index.ts'
import { settle, TestExporter } from '../support/feedback.ts'
import { LoggerProvider, simpleProcessor, TracerProvider, useContextManager } from '../support/otel.ts'

const DEPTH = 4

let exporter: TestExporter
let loggerProvider: LoggerProvider

beforeEach(() => {
  exporter = new TestExporter()
  loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
})

/** `record 0` to `record <last>`: what is logged inside is bridged before what it is logged in. */
function innermostFirst(last: number): string[] {
  return Array.from({ length: last + 1 }, (_, i) => `record ${last - i}`)
}

describe('createBridge', () => {
  type Log = (body: string, attributes?: object) => void
  const readers: Record<string, (log: () => void) => object> = {
    'a getter': (log) => ({
      get value() {
        log()
        return 'read'
      },
    }),
    'a getter deep inside': (log) => ({
      list: [
        {
          get value() {
            log()
            return 'read'
          },
        },
      ],
    }),
    'a method of a class instance': (log) => ({
      value: new (class {
        own = 1
        toJSON() {
          log()
          return { own: this.own }
        }
      })(),
    }),
    toJSON: (log) => ({
      value: {
        toJSON() {
          log()
          return 'read'
        },
      },
    }),
    'a Proxy': (log) => ({
      value: new Proxy(
        { own: 1 },
        {
          get(target, key, receiver) {
            if (key === 'own') log()
            return Reflect.get(target, key, receiver)
          },
        },
      ),
    }),
    'an own valueOf': (log) => ({
      value: Object.assign(Object(1), {
        valueOf() {
          log()
          return 1
        },
      }),
    }),
    'an error’s getter': (log) => ({
      value: Object.defineProperty(new Error('read'), 'detail', {
        enumerable: true,
        get() {
          log()
          return 'read'
        },
      }),
    }),
  }

  describe.each(Object.entries(readers))('%s', (_name, reader) => {
    function start(): { log: Log; stats: () => ReturnType<typeof bridgeStats> } {
      const bridge = createBridge({ loggerProvider })
      return { log: (body, attributes) => bridge.emit({ body, attributes }), stats: () => bridge.stats() }
    }

    test('logs once', () => {
      const { log } = start()
      log(
        'outer',
        reader(() => log('inner')),
      )
      expect(exporter.bodies).toEqual(['inner', 'outer'])
    })

    test('logs without end', () => {
      const { log, stats } = start()
      let depth = 0
      const endless = () =>
        reader(() => {
          const own = ++depth
          log(`record ${own}`, endless())
        })
      log('record 0', endless())
      expect(exporter.bodies).toEqual(innermostFirst(DEPTH))
      expect(stats()).toMatchObject({ seen: DEPTH + 2, emitted: DEPTH + 1, dropped: { reentrant: 1 } })
    })

    test('logs after an await, which is nested in nothing', async () => {
      const { log } = start()
      const outer = (left: number) =>
        log(
          `record ${left}`,
          reader(() => void Promise.resolve().then(() => left > 0 && outer(left - 1))),
        )
      outer(3 * DEPTH)
      await settle(0)
      expect(exporter.bodies).toEqual(innermostFirst(3 * DEPTH))
    })

    test('throws: the nesting is over all the same', () => {
      const { log } = start()
      for (let i = 0; i < 3 * DEPTH; i++) {
        log(
          'outer',
          reader(() => {
            log('inner')
            throw new Error('the app is broken')
          }),
        )
      }
      expect(exporter.bodies.filter((body) => body === 'inner').length).toBe(3 * DEPTH)
      expect(exporter.bodies.filter((body) => body === 'outer').length).toBe(3 * DEPTH)
    })
  })

  test('accessors of the record itself', () => {
    const bridge = createBridge({ loggerProvider })
    let depth = 0
    const endless = () => {
      const own = depth++
      return {
        body: `record ${own}`,
        get loggerName() {
          bridge.emit(endless())
          return 'read'
        },
      }
    }
    bridge.emit(endless())
    expect(exporter.bodies).toEqual(innermostFirst(DEPTH))
  })

  test('many records logged by one are all at the same depth', () => {
    const bridge = createBridge({ loggerProvider })
    const attributes = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`key${i}`, { toJSON: () => bridge.emit({ body: `record ${i}` }) }]),
    )
    bridge.emit({ body: 'outer', attributes })
    expect(exporter.bodies).toEqual([...Array.from({ length: 100 }, (_, i) => `record ${i}`), 'outer'])
  })

  test('siblings of a value whose getter logs survive', () => {
    const bridge = createBridge({ loggerProvider })
    const attributes = {
      before: 1,
      get value() {
        bridge.emit({ body: 'inner', attributes: { of: 'inner' } })
        return 'read'
      },
      after: 2,
    }
    bridge.emit({ body: 'outer', attributes })
    expect(exporter.records.map((record) => record.attributes)).toEqual([
      { of: 'inner' },
      { before: 1, value: 'read', after: 2 },
    ])
  })
})

describe('pino', () => {
  interface Step {
    /** What logs, as pino options; `log` may be called from anywhere in them. */
    readonly options: (log: () => void) => pino.LoggerOptions
    readonly fields?: (log: () => void) => object
  }
  const steps: Record<string, Step> = {
    'a serializer': {
      options: (log) => ({
        serializers: {
          step: (value: unknown) => {
            log()
            return value
          },
        },
      }),
    },
    'a getter': {
      options: () => ({}),
      fields: (log) => ({
        get value() {
          log()
          return 1
        },
      }),
    },
    toJSON: { options: () => ({}), fields: (log) => ({ value: { toJSON: () => log() } }) },
    'a mixin': {
      options: (log) => ({
        mixin: () => {
          log()
          return { mixed: true }
        },
      }),
    },
    'formatters.log': {
      options: (log) => ({
        formatters: {
          log: (fields) => {
            log()
            return fields
          },
        },
      }),
    },
    'a timestamp function': {
      options: (log) => ({
        timestamp: () => {
          log()
          return `,"time":${Date.now()}`
        },
      }),
    },
  }

  test.each(Object.entries(steps))('%s logs with the same logger, 4 deep', (_name, { options, fields }) => {
    // pino tries a timestamp function when a logger is made.
    let depth = DEPTH
    const nest = () => {
      if (depth < DEPTH) log(++depth)
    }
    const stream = createPinoStream({ loggerProvider })
    const logger = pino(options(nest), stream)
    const log = (step: number) => logger.info(fields?.(nest) ?? { step }, `record ${step}`)
    depth = 0
    log(0)
    expect([...exporter.bodies].sort()).toEqual(innermostFirst(DEPTH).reverse())
    expect(stream.stats()).toMatchObject({ seen: DEPTH + 1, emitted: DEPTH + 1 })
  })

  test('what is logged inside does not disturb the level, time, trace or name of the outer record', () => {
    onTestFinished(useContextManager())
    const tracer = new TracerProvider().getTracer('test')
    const span = tracer.startSpan('outer')
    const stream = createPinoStream({ loggerProvider })
    const root = pino({ level: 'trace', name: 'outer', timestamp: () => ',"time":1700000000000' }, stream)
    const inner = pino({ level: 'trace', name: 'inner', timestamp: false }, stream)
    const fields = {
      value: {
        toJSON() {
          context.with(trace.setSpan(context.active(), tracer.startSpan('inner', { root: true })), () =>
            inner.fatal('inner'),
          )
          return 'read'
        },
      },
    }
    context.with(trace.setSpan(context.active(), span), () => root.debug(fields, 'outer'))
    const [first, second] = exporter.records
    expect(first).toMatchObject({ body: 'inner', severityText: 'fatal', instrumentationScope: { name: 'inner' } })
    expect(second).toMatchObject({
      body: 'outer',
      severityText: 'debug',
      instrumentationScope: { name: 'outer' },
      attributes: { value: 'read' },
      hrTime: [1_700_000_000, 0],
    })
    expect(second?.spanContext?.traceId).toBe(span.spanContext().traceId)
    expect(first?.spanContext?.traceId).not.toBe(span.spanContext().traceId)
  })
})

describe('winston', () => {
  const passOn = (log: () => void) =>
    winston.format((info) => {
      log()
      return info
    })()

  function nestingLogger(last: number, where: 'logger' | 'transport') {
    const lines: unknown[] = []
    const format = winston.format((info) => {
      const depth = Number(info.depth)
      if (depth < last) logger.info(`record ${depth + 1}`, { depth: depth + 1 })
      return info
    })()
    const transport = new OpenTelemetryTransport({ loggerProvider, ...(where === 'transport' && { format }) })
    const other = new winston.transports.Console({
      log: (info: { message: unknown }, next: () => void) => {
        lines.push(info.message)
        next()
      },
    })
    const logger = winston.createLogger({
      format: where === 'logger' ? format : passOn(() => {}),
      transports: [other, transport],
    })
    return { log: () => logger.info('record 0', { depth: 0 }), transport, lines }
  }

  describe.each(['logger', 'transport'] as const)('a format of the %s', (where) => {
    test('logs, 4 deep', () => {
      const { log, transport, lines } = nestingLogger(DEPTH, where)
      log()
      expect([...exporter.bodies].sort()).toEqual(innermostFirst(DEPTH).reverse())
      expect([...lines].sort()).toEqual(innermostFirst(DEPTH).reverse())
      expect(transport.stats()).toMatchObject({ seen: DEPTH + 1, emitted: DEPTH + 1 })
    })

    test('logs one deeper: that one is dropped here, and kept elsewhere', () => {
      const { log, transport, lines } = nestingLogger(DEPTH + 1, where)
      log()
      expect([...exporter.bodies].sort()).toEqual(innermostFirst(DEPTH).reverse())
      expect([...lines].sort()).toEqual(innermostFirst(DEPTH + 1).reverse())
      expect(transport.stats()).toMatchObject({ seen: DEPTH + 2, emitted: DEPTH + 1, dropped: { reentrant: 1 } })
    })
  })

  test('a format of the transport logs without end: the call returns', () => {
    const { log, transport } = nestingLogger(Number.POSITIVE_INFINITY, 'transport')
    log()
    expect([...exporter.bodies].sort()).toEqual(innermostFirst(DEPTH).reverse())
    expect(transport.stats()).toMatchObject({ seen: DEPTH + 2, emitted: DEPTH + 1, dropped: { reentrant: 1 } })
  })

  test('a format of the transport that logs and throws: the nesting is over all the same', () => {
    const format = winston.format((info) => {
      if (info.message !== 'outer') return info
      logger.info('inner')
      throw new Error('the app is broken')
    })()
    const transport = new OpenTelemetryTransport({ loggerProvider, format })
    const logger = winston.createLogger({ format: passOn(() => {}), transports: [transport] })
    for (let i = 0; i < 3 * DEPTH; i++) logger.info('outer')
    expect(exporter.bodies).toEqual(Array(3 * DEPTH).fill('inner'))
    expect(transport.stats()).toMatchObject({ dropped: { reentrant: 0, failed: 3 * DEPTH } })
  })

  test('a format of the logger logs a thousand deep: the call returns and no other destination misses a record', () => {
    const { log, transport, lines } = nestingLogger(1000, 'logger')
    log()
    expect(new Set(lines).size).toBe(1001)
    expect(exporter.bodies).toEqual(expect.arrayContaining(innermostFirst(DEPTH)))
    const { seen, emitted, dropped } = transport.stats()
    expect(seen).toBe(1001)
    expect(emitted + dropped.reentrant).toBe(1001)
  })

  test('a getter and a toJSON of the meta log', () => {
    const transport = new OpenTelemetryTransport({ loggerProvider })
    const logger = winston.createLogger({ transports: [transport] })
    logger.info('outer', {
      get value() {
        logger.info('from a getter')
        return { toJSON: () => logger.info('from toJSON') && 'read' }
      },
    })
    expect(new Set(exporter.bodies)).toEqual(new Set(['from a getter', 'from toJSON', 'outer']))
  })

  test('what is logged inside does not disturb the level and trace of the outer record', () => {
    onTestFinished(useContextManager())
    const tracer = new TracerProvider().getTracer('test')
    const span = tracer.startSpan('outer')
    const transport = new OpenTelemetryTransport({ loggerProvider })
    const format = winston.format((info) => {
      if (info.message === 'outer') {
        context.with(trace.setSpan(context.active(), tracer.startSpan('inner', { root: true })), () =>
          logger.error('inner'),
        )
      }
      return info
    })()
    const logger = winston.createLogger({ format, transports: [transport] })
    context.with(trace.setSpan(context.active(), span), () => logger.info('outer'))
    const outer = exporter.records.find(({ body }) => body === 'outer')
    const inner = exporter.records.find(({ body }) => body === 'inner')
    expect(outer).toMatchObject({ severityText: 'info' })
    expect(inner).toMatchObject({ severityText: 'error' })
    expect(outer?.spanContext?.traceId).toBe(span.spanContext().traceId)
    expect(inner?.spanContext?.traceId).not.toBe(span.spanContext().traceId)
  })
})

test('through all of them: a serializer logs to winston, whose format logs to a bridge', () => {
  const bridge = createBridge({ loggerProvider })
  const winstonLogger = winston.createLogger({
    format: winston.format((info) => {
      bridge.emit({ body: 'from a format', attributes: { value: { toJSON: () => pinoLogger.info('from toJSON') } } })
      return info
    })(),
    transports: [new OpenTelemetryTransport({ loggerProvider })],
  })
  const pinoLogger = pino(
    { serializers: { value: () => winstonLogger.info('from a serializer') && 'read' } },
    createPinoStream({ loggerProvider }),
  )
  pinoLogger.info({ value: 1 }, 'outer')
  expect([...exporter.bodies].sort()).toEqual(['from a format', 'from a serializer', 'from toJSON', 'outer'])
})
