// A line of pino's that a thread reads in the bridge's place: it gives the record that the bridge would have read.

import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import fc from 'fast-check'
import pino, { type LoggerOptions } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createPinoStream, type PinoStream } from '../adapters/pino/index.ts'
import { type BridgeOptions, setInternalLogSink } from '../src/index.ts'
import type { OwnedPipeline } from '../src/pipeline/owned-pipeline.ts'
import { packLine } from '../src/pipeline/packed-line.ts'
import { takeReadingWith } from '../src/pipeline/take-line.ts'
import type { Logger, LogRecord } from '../src/provider.ts'
import { anyKey, anything, made } from './support/exotic-values.ts'

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterAll(() => context.disable())
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  setInternalLogSink(() => {})
})
afterEach(() => {
  vi.useRealTimers()
  setInternalLogSink(undefined)
})

const LOGGED_AT = 1_763_748_000_123
const SEEN_AT = LOGGED_AT + 5

interface Emitted {
  readonly scope: { readonly name: string; readonly version: string | undefined }
  readonly record: LogRecord
}

function collect(emitted: Emitted[], emitLine?: Logger['emitLine']) {
  const getLogger = (name: string, version?: string): Logger => ({
    takesBigInt: true,
    emit: (record) => void emitted.push({ scope: { name, version }, record }),
    ...(emitLine && { emitLine }),
  })
  return { getLogger }
}

class Ways {
  /** By the bridge itself. */
  readonly here: Emitted[] = []
  /** By the end of a thread, of what would have crossed to it. */
  readonly there: Emitted[] = []
  /** Lines that would not have crossed. */
  readonly left: Emitted[] = []
  readonly #log: (log: (logger: pino.Logger) => void) => void

  constructor(options: LoggerOptions, bridgeOptions: BridgeOptions) {
    const pipeline = { provider: collect(this.there), takesProtobuf: false } as OwnedPipeline
    const take = takeReadingWith(pipeline, () => {
      throw new Error('not packed behind how it is to be read')
    })
    const loggerProvider = collect(this.left, (line, { text }, active) => {
      const packed = Buffer.from(`${text}${packLine(line, active)}`)
      expect(packed.indexOf('\n')).toBe(packed.length - 1)
      take(packed, 0)
      return true
    })
    const crossing = createPinoStream({ ...bridgeOptions, loggerProvider })
    const staying = createPinoStream({ ...bridgeOptions, loggerProvider: collect(this.here) })
    const write = crossing.write.bind(crossing)
    crossing.write = (line) => {
      vi.setSystemTime(SEEN_AT)
      const { lastLevel, lastTime, lastObj, lastMsg, lastLogger } = crossing as PinoStream & Record<string, unknown>
      Object.assign(staying, { lastLevel, lastTime, lastObj, lastMsg, lastLogger }).write(line)
      write(line)
    }
    const logger = pino(options, crossing)
    this.#log = (log) => log(logger)
  }

  log(log: (logger: pino.Logger) => void): void {
    vi.setSystemTime(LOGGED_AT)
    this.#log(log)
    expect([...this.there, ...this.left].map(comparable)).toEqual(this.here.map(comparable))
  }
}

function comparable({ scope, record: { context: active, isPlain: _, ...record } }: Emitted) {
  const { traceId, spanId, traceFlags } = trace.getSpanContext(active) ?? {}
  return { scope, ...record, span: { traceId, spanId, traceFlags } }
}

const order = { id: 17, items: ['book', { title: 'pen' }], paid: true, note: null }
const SPAN = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }
type Log = (logger: pino.Logger) => void

describe('crosses as it is:', () => {
  const CASES: Record<string, [options: LoggerOptions, log: Log, bridgeOptions?: BridgeOptions]> = {
    'a plain call': [{}, (logger) => logger.info(order, 'order placed')],
    'a named logger': [{ name: 'shop' }, (logger) => logger.info(order, 'order placed')],
    'a name that is escaped': [{ name: 'the "shop"' }, (logger) => logger.info({ name: 'Alice' }, 'x')],
    'a child': [{ name: 'shop' }, (logger) => logger.child({ request: 'a', user: { id: 1 } }).warn(order, 'x')],
    'an error': [{}, (logger) => logger.error(new TypeError('boom', { cause: new Error('why') }))],
    redaction: [{ redact: ['id'] }, (logger) => logger.info(order, 'x')],
    serializers: [{ serializers: { id: () => 'serialized', msg: () => 'told' } }, (logger) => logger.info(order, 'x')],
    'formatters of bindings and fields': [
      { formatters: { log: () => ({ other: 1 }), bindings: (bindings) => ({ ...bindings, more: 1 }) } },
      (logger) => logger.info(order, 'x'),
    ],
    'a nested key': [{ nestedKey: 'payload' }, (logger) => logger.info({ ...order, err: new Error('x') }, 'x')],
    'other keys': [
      { messageKey: 'message', errorKey: 'error' },
      (logger) => logger.info({ error: new Error('x') }, 'x'),
    ],
    'levels of its own': [
      { customLevels: { audit: 35 } },
      (logger) => (logger as never as { audit: Log }).audit(logger),
      { severities: { audit: 11, info: 10 } },
    ],
    'a time in words': [{ timestamp: pino.stdTimeFunctions.isoTime }, (logger) => logger.info(order, 'x')],
    'a mixin': [{ mixin: () => ({ mixed: 'in', trace_id: 'x' }) }, (logger) => logger.info(order, 'x')],
    'a scope of the bridge’s own': [
      { name: 'shop' },
      (logger) => logger.info(order, 'x'),
      { scopeName: 'own "scope"', scopeVersion: '1.2' },
    ],
    limits: [
      {},
      (logger) => logger.info({ ...order, long: 'x'.repeat(100), deep: { er: { and: 1 } } }, 'y'.repeat(100)),
      { limits: { attributeCount: 4, attributeValueLength: 20, depth: 2, recordBytes: Number.POSITIVE_INFINITY } },
    ],
    'a span': [
      {},
      (logger) => context.with(trace.setSpanContext(ROOT_CONTEXT, SPAN), () => logger.info(order, 'in a span')),
    ],
    'a name that is a field': [{ name: 'shop' }, (logger) => logger.info({ name: 'Alice', time: 5, level: 1 }, 'x')],
    'a field that stands where a name would': [{}, (logger) => logger.info({ name: 'Alice' }, 'x')],
    'fields that are called like bindings': [
      {},
      (logger) => logger.info({ pid: 1, hostname: 'else', name: 'Alice' }, 'x'),
    ],
    'no bindings': [{ base: null }, (logger) => logger.info({ pid: 1, hostname: 'else', name: 'Alice' }, 'x')],
    'bindings set later': [
      {},
      (logger) => {
        logger.setBindings({ request: 'a1' })
        logger.info(order, 'x')
      },
    ],
  }

  test.each(Object.entries(CASES))('%s', (_name, [options, log, bridgeOptions = {}]) => {
    const ways = new Ways(options, bridgeOptions)
    ways.log(log)
    ways.log(log)
    expect(ways.there.length).toBe(2)
  })
})

describe('is read in its place, where the logger tells more than its line:', () => {
  const CASES: Record<string, [options: LoggerOptions, log: Log]> = {
    'no time': [{ timestamp: false }, (logger) => logger.info({ time: 5 }, 'x')],
    'a time under another key': [{ timestamp: () => `,"at":${Date.now()}` }, (logger) => logger.info(order, 'x')],
    'a time under another key, by a function that has the name of one of pino': [
      { timestamp: { isoTime: () => `,"at":${Date.now()}` }.isoTime },
      (logger) => logger.info(order, 'x'),
    ],
    'a time and more, by a function that has the name of one of pino': [
      { timestamp: { isoTime: () => `,"time":${Date.now()},"at":1` }.isoTime },
      (logger) => logger.info(order, 'x'),
    ],
    'a level formatter': [
      { formatters: { level: (label) => ({ severity: label }) } },
      (logger) => logger.info(order, 'x'),
    ],
    'a hook that writes the line': [
      { hooks: { streamWrite: (line) => line.replace('"level":30', '"lvl":1') } },
      (logger) => logger.info(order, 'x'),
    ],
    'a name that does not stand behind host and process': [
      { base: { name: 'shop' } },
      (logger) => logger.info(order, 'x'),
    ],
    'a name that is no UTF-16': [{ name: 'half of \ud83d' }, (logger) => logger.info(order, 'x')],
    'a key that is no UTF-16': [{ messageKey: '\ud83d' }, (logger) => logger.info(order, 'x')],
    'a name of a child': [{ name: 'shop' }, (logger) => logger.child({ name: 'till' }).info(order, 'x')],
  }

  test.each(Object.entries(CASES))('%s', (_name, [options, log]) => {
    const ways = new Ways(options, {})
    ways.log(log)
    expect(ways.left.length).toBe(1)
  })

  test('a line that the destination is given by another', () => {
    const ways = new Ways({}, {})
    ways.log((logger) => {
      const stream = (logger as never as Record<symbol, PinoStream>)[pino.symbols.streamSym as symbol]
      stream?.write('{"level":30,"time":1763748000123,"msg":"x"}\n')
    })
    expect(ways.left.length).toBe(1)
  })
})

test('any value is the same both ways', () => {
  const names = fc.oneof(
    anyKey,
    fc.constantFrom('level', 'time', 'pid', 'hostname', 'name', 'msg', 'err', 'trace_id', 'otel.event.name', 'a', 'b'),
  )
  const fields = fc.dictionary(names, anything, { maxKeys: 6 }).map((makes) => () => made(makes))
  const optionsOf = fc.constantFrom<LoggerOptions>({}, { name: 'shop' }, { nestedKey: 'payload' }, { redact: ['a'] })
  let crossed = 0
  fc.assert(
    fc.property(optionsOf, fields, fc.string(), (options, makeFields, message) => {
      const ways = new Ways(options, {})
      const bindings = makeFields()
      ways.log((logger) => {
        try {
          logger.child(typeof bindings === 'object' ? (bindings as object) : {}).info(makeFields(), message)
        } catch {
          // pino writes no line of some.
        }
      })
      crossed += ways.there.length
    }),
    { numRuns: 1000 },
  )
  expect(crossed).toBeGreaterThan(500)
})
