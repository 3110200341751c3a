// Contract rule 6: any value becomes a valid AnyValue with its meaning kept, within the limits, and the SDK's own cleaner
// has nothing left to warn about. `vitest run --mode long` runs fifty times as many cases.

import { types } from 'node:util'
import { runInNewContext } from 'node:vm'
import { DiagLogLevel, diag } from '@opentelemetry/api'
import fc from 'fast-check'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import winston from 'winston'
import { createPinoStream } from '../../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { type AnyValue, type AnyValueMap, RecordCleaner } from '../../src/attributes.ts'
import {
  type BridgeOptions,
  createBridge,
  type LogRecord,
  type RecordLimits,
  setInternalLogSink,
} from '../../src/index.ts'
import { anything, deep, exotic, ordinary, throwing } from '../support/exotic-values.ts'
import { InMemoryLogRecordExporter, LoggerProvider, simpleProcessor } from '../support/otel.ts'

const isLong = process.env.MODE === 'long'
const numRuns = isLong ? 100_000 : 2000
const timeout = isLong ? 3_600_000 : 60_000

const UNLIMITED: RecordLimits = {
  attributeCount: 128,
  attributeValueLength: Number.POSITIVE_INFINITY,
  depth: 64,
  recordBytes: 1024 * 1024,
}
const someLimits = fc.record({
  attributeCount: fc.integer({ min: 1, max: 10 }),
  attributeValueLength: fc.integer({ min: 1, max: 30 }),
  depth: fc.integer({ min: 1, max: 5 }),
  recordBytes: fc.integer({ min: 1, max: 600 }),
})
const limitsOrNone = fc.oneof(fc.constant(UNLIMITED), someLimits)

beforeEach(() => setInternalLogSink(() => {}))
afterEach(() => setInternalLogSink(undefined))

const clean = (value: unknown, limits: RecordLimits = UNLIMITED) => new RecordCleaner(limits).clean(value)

/** What the bridge hands to a Logger. */
function bridged(
  record: Parameters<ReturnType<typeof createBridge>['emit']>[0],
  options: BridgeOptions = {},
): LogRecord {
  const records: LogRecord[] = []
  const loggerProvider = { getLogger: () => ({ emit: (one: LogRecord) => void records.push(one) }) }
  createBridge({ ...options, loggerProvider }).emit(record)
  expect(records).toHaveLength(1)
  return records[0] as LogRecord
}

/** As both generations of the SDK check it, and stricter: nothing is shared, inherited or undefined. */
function flawOf(value: unknown, seen = new Set<object>()): string | undefined {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return undefined
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'half a surrogate pair'
  if (typeof value !== 'object') return `a ${typeof value}`
  if (seen.has(value)) return 'an object that stands twice'
  seen.add(value)
  const prototype = Object.getPrototypeOf(value)
  if (value instanceof Uint8Array) return prototype === Uint8Array.prototype ? undefined : 'a subclass of Uint8Array'
  if (!Array.isArray(value) && prototype !== Object.prototype) return 'an object of another prototype'
  if (Reflect.ownKeys(value).some((key) => typeof key === 'symbol')) return 'a symbol for a key'
  if (Object.hasOwn(value, '__proto__') || Object.hasOwn(value, 'constructor')) return 'a key that SDKs cannot carry'
  for (const [key, entry] of Object.entries(value)) {
    const flaw = key.isWellFormed() ? flawOf(entry, seen) : 'a key with half a surrogate pair'
    if (flaw !== undefined) return `${flaw} at ${key}`
  }
  return undefined
}

interface Size {
  /** Levels of containers. */
  readonly depth: number
  readonly longest: number
  /** UTF-16 code units of keys and texts, and bytes. */
  readonly total: number
}

function sizeOf(value: AnyValue | undefined): Size {
  if (typeof value === 'string') return { depth: 0, longest: value.length, total: value.length }
  if (value instanceof Uint8Array) return { depth: 0, longest: value.length, total: value.length }
  if (typeof value !== 'object' || value === null) return { depth: 0, longest: 0, total: 0 }
  let [depth, longest, total] = [0, 0, 0]
  for (const [key, entry] of Object.entries(value as AnyValueMap)) {
    const size = sizeOf(entry)
    depth = Math.max(depth, size.depth)
    longest = Math.max(longest, size.longest)
    total += size.total + (Array.isArray(value) ? 0 : key.length)
  }
  return { depth: depth + 1, longest, total }
}

describe('any value', () => {
  test('becomes an AnyValue', { timeout }, () => {
    fc.assert(
      fc.property(anything, limitsOrNone, (make, limits) => {
        const cleaned = clean(make(), limits)
        expect(cleaned === undefined ? undefined : flawOf(cleaned)).toBeUndefined()
      }),
      { numRuns },
    )
  })

  test('is taken by the SDK without a word, as attribute and as body', { timeout }, () => {
    const words: unknown[] = []
    const note = (...args: unknown[]) => void words.push(args)
    diag.setLogger({ error: note, warn: note, info: note, debug: note, verbose: note }, DiagLogLevel.ALL)
    words.length = 0
    const exporter = new InMemoryLogRecordExporter()
    const loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
    const bridge = createBridge({ loggerProvider })
    try {
      fc.assert(
        fc.property(anything, (make) => {
          bridge.emit({ body: make(), attributes: { before: 1, value: make() ?? null, after: 2 } })
          const [record] = exporter.getFinishedLogRecords()
          exporter.reset()
          expect(words).toEqual([])
          expect(record?.attributes).toMatchObject({ before: 1, after: 2 })
          expect(record?.attributes).toHaveProperty('value')
        }),
        { numRuns },
      )
    } finally {
      diag.disable()
    }
  })

  test('is not changed', { timeout }, () => {
    fc.assert(
      fc.property(ordinary, (value) => {
        const before = fc.stringify(value)
        bridged({ body: value, attributes: { value }, exception: value as Error })
        expect(fc.stringify(value)).toBe(before)
      }),
      { numRuns },
    )
  })

  test('keeps within its limits', { timeout }, () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 12 }), anything, someLimits, (makes, body, limits) => {
        const attributes = Object.fromEntries(makes.map((make, i) => [`key${i}`, make()]))
        const {
          attributes: kept,
          body: keptBody,
          droppedAttributesCount,
        } = bridged({ body: body(), attributes }, { limits })
        const [ofAttributes, ofBody] = [sizeOf(kept), sizeOf(keptBody)]
        const given = Object.values(attributes).filter((value) => value !== undefined)

        expect(Object.keys(kept).length).toBeLessThanOrEqual(limits.attributeCount)
        expect(Math.max(ofAttributes.longest, ofBody.longest)).toBeLessThanOrEqual(limits.attributeValueLength)
        expect(Math.max(ofAttributes.depth - 1, ofBody.depth)).toBeLessThanOrEqual(limits.depth)
        // Each container that had no room for all may end with the word for it.
        const words = 16 * (limits.depth + limits.attributeCount)
        expect(ofAttributes.total + ofBody.total).toBeLessThanOrEqual(limits.recordBytes + words)
        expect(Object.keys(kept).length + (droppedAttributesCount ?? 0)).toBeLessThanOrEqual(given.length)
      }),
      { numRuns },
    )
  })

  test('once cleaned is not changed by cleaning', { timeout }, () => {
    fc.assert(
      fc.property(anything, limitsOrNone, (make, limits) => {
        const once = clean(make(), limits)
        expect(clean(once, limits)).toStrictEqual(once)
      }),
      { numRuns },
    )
  })

  test('as any field of a record lets the others arrive', { timeout }, () => {
    fc.assert(
      fc.property(anything, (make) => {
        for (const field of ['body', 'exception', 'severityText', 'eventName', 'timestamp'] as const) {
          const record = bridged({ severityNumber: 9, attributes: { before: 1 }, [field]: make() })
          expect(record.attributes).toMatchObject({ before: 1 })
          expect(flawOf(record.attributes)).toBeUndefined()
        }
      }),
      { numRuns: numRuns / 5 },
    )
  })
})

describe('code of the app runs once for a record', () => {
  /** Counts how often each place of it runs. */
  class Runs {
    readonly #counts = new Map<string, number>()
    #places = 0
    place(name: string): () => void {
      const id = `${name} ${this.#places++}`
      return () => void this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1)
    }
    /** By name and count, of those that ran more than once. */
    repeated(): [string, number][] {
      return [...this.#counts].filter(([, count]) => count > 1)
    }
  }
  type Build = (runs: Runs) => unknown

  /** Node itself reads name and message when it formats the stack. */
  function formatted(error: Error): Error {
    void error.stack
    return error
  }

  function withGetters(fields: Record<string, Build>, target: object): Build {
    return (runs) => {
      for (const [key, build] of Object.entries(fields)) {
        const ran = runs.place(`getter of ${key}`)
        const value = build(runs)
        const get = () => {
          ran()
          return value
        }
        Object.defineProperty(target, key, { enumerable: true, configurable: true, get })
      }
      return target
    }
  }

  function proxied(build: Build): Build {
    return (runs) => {
      const target = build(runs)
      // A Proxy asks one that it stands for twice, to see whether its own trap lies.
      if (typeof target !== 'object' || target === null || types.isProxy(target)) return target
      const traps = new Map<string, () => void>()
      const ran = (trap: string, key: PropertyKey = '') => {
        const name = `${trap} trap of ${String(key)}`
        if (!traps.has(name)) traps.set(name, runs.place(name))
        traps.get(name)?.()
      }
      return new Proxy(target, {
        get(owner, key) {
          ran('get', key)
          return Reflect.get(owner, key)
        },
        ownKeys(owner) {
          ran('ownKeys')
          return Reflect.ownKeys(owner)
        },
        getPrototypeOf(owner) {
          ran('getPrototypeOf')
          return Reflect.getPrototypeOf(owner)
        },
      })
    }
  }

  const key = fc.constantFrom('a', 'b', 'toJSON', 'constructor', 'name', 'message', 'stack', 'cause', 'type')
  const { value } = fc.letrec<{ value: Build; fields: Record<string, Build> }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<Build>(
        () => 1,
        () => 'text',
        () => new Date(0),
      ),
      tie('fields').map((fields) => (runs: Runs) => withGetters(fields, {})(runs)),
      tie('fields').map((fields) => (runs: Runs) => withGetters(fields, new (class Order {})())(runs)),
      tie('fields').map((fields) => (runs: Runs) => withGetters(fields, formatted(new Error('x')))(runs)),
      tie('value').map(proxied),
      fc.array(tie('value'), { maxLength: 3 }).map((builds) => (runs: Runs) => builds.map((build) => build(runs))),
      tie('value').map((build) => (runs: Runs) => {
        const ran = runs.place('toJSON')
        const json = build(runs)
        return {
          toJSON() {
            ran()
            return json
          },
        }
      }),
      tie('value').map((build) => (runs: Runs) => new Map([['a', build(runs)]])),
      tie('value').map(
        (build) => (runs: Runs) =>
          new Map<unknown, unknown>([
            ['a', build(runs)],
            [1, build(runs)],
          ]),
      ),
    ),
    fields: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  }))

  test('in attributes and body', { timeout }, () => {
    fc.assert(
      fc.property(value, value, (attribute, body) => {
        const runs = new Runs()
        bridged({ body: body(runs), attributes: { attribute: attribute(runs) } })
        expect(runs.repeated()).toEqual([])
      }),
      { numRuns },
    )
  })

  test('in an exception that stands among the attributes too', { timeout }, () => {
    fc.assert(
      fc.property(value, (build) => {
        const runs = new Runs()
        const thrown = build(runs)
        bridged({ body: thrown, attributes: { err: thrown }, exception: thrown as Error })
        expect(runs.repeated()).toEqual([])
      }),
      { numRuns },
    )
  })

  test('in winston', { timeout }, () => {
    const loggerProvider = { getLogger: () => ({ emit() {} }) }
    const format = winston.format((info) => info)()
    const logger = winston.createLogger({ format, transports: [new OpenTelemetryTransport({ loggerProvider })] })
    fc.assert(
      fc.property(value, (build) => {
        const runs = new Runs()
        // winston itself copies what stands at the top.
        logger.info('hello', { nested: [build(runs)] })
        expect(runs.repeated()).toEqual([])
      }),
      { numRuns: numRuns / 5 },
    )
  })
})

test('an accessor of winston’s info runs once, whatever it stands for', () => {
  const reads: string[] = []
  const accessors = (info: object) => {
    for (const key of ['message', 'label']) {
      Object.defineProperty(info, key, { enumerable: true, get: () => `${key} ${reads.push(key)}` })
    }
    return info
  }
  const records: LogRecord[] = []
  const loggerProvider = { getLogger: () => ({ emit: (one: LogRecord) => void records.push(one) }) }
  const transport = new OpenTelemetryTransport({ loggerProvider })
  transport.log(accessors({ level: 'info', [Symbol.for('level')]: 'info' }))
  expect(reads.toSorted()).toEqual(['label', 'message'])
  expect(records).toMatchObject([{ body: 'message 1', attributes: { label: 'label 2' } }])
})

describe('work is bounded by what is kept', () => {
  /** An array-like or object of a million entries, that counts its readers. */
  function counting(target: object, entries: number): { value: object; reads: () => number } {
    let reads = 0
    const value = new Proxy(target, {
      get(owner, key) {
        if (key === 'length') return entries
        if (typeof key === 'string' && /^\d+$/.test(key)) {
          reads++
          return 'entry'
        }
        return Reflect.get(owner, key)
      },
    })
    return { value, reads: () => reads }
  }

  test.each([1000, 10_000, 100_000])('of %i bytes, an array of a million', (recordBytes) => {
    const { value, reads } = counting([], 1_000_000)
    const cleaned = clean(value, { ...UNLIMITED, recordBytes }) as unknown[]
    expect(reads()).toBe(cleaned.length - 1)
    expect(reads()).toBeLessThan(recordBytes / 8)
  })

  test('attributes beyond the limit are not read', () => {
    let reads = 0
    const attributes = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key${i}`, i]))
    for (const key of Object.keys(attributes)) {
      Object.defineProperty(attributes, key, { enumerable: true, get: () => ++reads })
    }
    const record = bridged({ attributes }, { limits: { attributeCount: 10 } })
    expect([reads, Object.keys(record.attributes).length, record.droppedAttributesCount]).toEqual([10, 10, 990])
  })

  test('an object that stands in a million places is cleaned as often as there is room', () => {
    let reads = 0
    const shared = {
      get value() {
        return ++reads
      },
    }
    clean(new Array(1_000_000).fill(shared), { ...UNLIMITED, recordBytes: 10_000 })
    expect(reads).toBeLessThan(10_000 / 8)
  })

  test('objects that double at each level cost no more than the record', () => {
    let value: object = { leaf: 1 }
    for (let i = 0; i < 50; i++) value = { left: value, right: value }
    const { total } = sizeOf(clean(value, { ...UNLIMITED, recordBytes: 10_000 }))
    expect(total).toBeLessThan(20_000)
  })
})

describe('limits', () => {
  test('a shared object is kept in full wherever it stands', () => {
    const shared = { id: 7 }
    expect(clean([shared, { shared }, shared])).toEqual([{ id: 7 }, { shared: { id: 7 } }, { id: 7 }])
  })

  test('a text is never cut inside a surrogate pair', () => {
    const kept = (length: number) => clean('ab🎉', { ...UNLIMITED, attributeValueLength: length })
    expect([1, 2, 3, 4].map(kept)).toEqual(['a', 'ab', 'ab', 'ab🎉'])
  })

  test('a byte array is cut too', () => {
    expect(clean(Buffer.from('abcdef'), { ...UNLIMITED, attributeValueLength: 3 })).toEqual(
      new Uint8Array([97, 98, 99]),
    )
  })

  test('depth counts levels of containers', () => {
    expect(clean(deep(5), { ...UNLIMITED, depth: 2 })).toEqual({ value: { value: '[Depth limit]' } })
    expect(sizeOf(clean(deep(100_000))).depth).toBe(64)
  })

  test.each([
    ['a text of 10 MB', () => 'x'.repeat(10_000_000)],
    [
      'an object of 100 000 keys',
      () => Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, 'value'])),
    ],
    ['an array of a million', () => new Array(1_000_000).fill('value')],
    ['a Map of 100 000', () => new Map(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, 'value']))],
    ['a Set of 100 000', () => new Set(Array.from({ length: 100_000 }, (_, i) => `value${i}`))],
    ['a buffer of 10 MB', () => Buffer.alloc(10_000_000)],
    ['a key of 10 MB', () => ({ ['k'.repeat(10_000_000)]: 1 })],
  ])('%s leaves room for what stands behind it', (_name, make) => {
    const attributes = { huge: make(), after: 'the order', list: ['kept'] }
    const record = bridged({ body: make(), attributes })
    expect(record.attributes).toMatchObject({ after: 'the order', list: ['kept'] })
    const total = sizeOf(record.attributes).total + sizeOf(record.body).total
    expect(total).toBeLessThan(UNLIMITED.recordBytes)
  })

  test('the dropped are counted: what has no value is not an attribute', () => {
    const attributes = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`key${i}`, i % 3 === 0 ? undefined : i]),
    )
    const record = bridged({ attributes })
    expect([Object.keys(record.attributes).length, record.droppedAttributesCount]).toEqual([128, 72])
  })

  test('attributes that a record has no bytes for are counted among the dropped', () => {
    const attributes = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key${i}`, 'x'.repeat(1000)]))
    const record = bridged({ attributes }, { limits: { recordBytes: 5000 } })
    expect(Object.keys(record.attributes).length + (record.droppedAttributesCount ?? 0)).toBe(100)
    expect(record.droppedAttributesCount).toBeGreaterThan(50)
  })

  test('a cut text does not keep the whole in memory', async () => {
    const records: LogRecord[] = []
    const loggerProvider = { getLogger: () => ({ emit: (one: LogRecord) => void records.push(one) }) }
    const bridge = createBridge({ loggerProvider, limits: { attributeValueLength: 1000 } })
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 100; i++) bridge.emit({ body: `${i}`.padEnd(1_000_000, 'x') })
    const { setFlagsFromString } = await import('node:v8')
    setFlagsFromString('--expose-gc')
    ;(runInNewContext('gc') as () => void)()
    expect(records).toHaveLength(100)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000)
  })
})

describe('keys', () => {
  test('that SDKs cannot carry get a `_`, and take no other’s place', () => {
    const nested = JSON.parse('{"__proto__":1,"constructor":2,"_constructor":3,"___proto__":4}')
    expect(clean(nested)).toEqual({ ____proto__: 1, __constructor: 2, _constructor: 3, ___proto__: 4 })
    const attributes = JSON.parse('{"":1,"_":2,"__proto__":3,"constructor":4,"hasOwnProperty":5}')
    expect(bridged({ attributes }).attributes).toEqual({
      __: 1,
      _: 2,
      ___proto__: 3,
      constructor: 4,
      hasOwnProperty: 5,
    })
  })

  test('of a prototype that winston was made to take are not read', () => {
    const records: LogRecord[] = []
    const loggerProvider = { getLogger: () => ({ emit: (one: LogRecord) => void records.push(one) }) }
    const logger = winston.createLogger({ transports: [new OpenTelemetryTransport({ loggerProvider })] })
    logger.info('hello', JSON.parse('{"__proto__":{"timestamp":"2001-01-01T00:00:00Z","polluted":true},"a":1}'))
    expect(records).toMatchObject([{ body: 'hello', attributes: { a: 1 } }])
    expect(records[0]?.timestamp).toEqual(records[0]?.observedTimestamp)
  })

  test('with half a surrogate pair stay apart', () => {
    expect(clean({ '\ud800': 1, '\ufffd': 2 })).toEqual({ '_\ufffd': 1, '\ufffd': 2 })
  })

  test('of a JSON text pollute no prototype, at any depth', { timeout }, () => {
    const key = fc.constantFrom('__proto__', 'constructor', 'prototype', 'polluted', 'toString', 'a')
    const json = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('true', '"polluted"', '{}'),
        fc
          .array(fc.tuple(key, tie('value')), { minLength: 1, maxLength: 4 })
          .map((entries) => `{${entries.map(([name, value]) => `"${name}":${value}`).join()}}`),
        fc.array(tie('value'), { maxLength: 2 }).map((values) => `[${values.join()}]`),
      ),
    })).value
    const inherited = (value: unknown): unknown[] => {
      if (typeof value !== 'object' || value === null) return []
      const own = Object.values(value).flatMap(inherited)
      const odd = Object.hasOwn(value, 'polluted') ? [] : [(value as { polluted?: unknown }).polluted]
      return [...odd, ...own].filter((found) => found !== undefined)
    }
    const records: LogRecord[] = []
    const loggerProvider = { getLogger: () => ({ emit: (one: LogRecord) => void records.push(one) }) }
    const pinoLogger = pino(createPinoStream({ loggerProvider }))
    const format = winston.format((info) => info)()
    const transports = [new OpenTelemetryTransport({ loggerProvider })]
    const winstonLogger = winston.createLogger({ format, transports })
    fc.assert(
      fc.property(json, (text) => {
        const parsed = JSON.parse(text) as object
        const attributes = { value: parsed, ...[parsed] }
        createBridge({ loggerProvider }).emit({ body: parsed, attributes, exception: parsed as Error })
        pinoLogger.info({ msg: parsed, value: parsed, err: parsed })
        pinoLogger.info(parsed)
        winstonLogger.log({ level: 'info', message: parsed as never, value: parsed, err: parsed })
        winstonLogger.info('hello', parsed)
        const all = records.splice(0)
        expect(all).toHaveLength(5)
        expect(all.flatMap(({ body, attributes }) => [...inherited(body), ...inherited(attributes)])).toEqual([])
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      { numRuns },
    )
  })
})

describe('errors', () => {
  const told = (exception: unknown, attributes: object = {}) =>
    bridged({ exception: exception as Error, attributes }).attributes
  const withStack = <E extends Error>(error: E, stack: string): E => Object.assign(error, { stack })

  test('with causes: one stack trace, fifteen causes long', () => {
    let error = withStack(new Error('root'), 'Error: root')
    for (let i = 1; i <= 100; i++) error = withStack(new Error(`level ${i}`, { cause: error }), `Error: level ${i}`)
    const stack = String(told(error)['exception.stacktrace']).split('\n')
    expect(stack).toHaveLength(16)
    expect(stack.slice(0, 3)).toEqual(['Error: level 100', 'Caused by: Error: level 99', 'Caused by: Error: level 98'])
  })

  test('that hold others', () => {
    const inner = withStack(new TypeError('first', { cause: 'a word' }), 'TypeError: first')
    const error = withStack(
      new AggregateError([inner, withStack(new Error('second'), 'Error: second')], 'both'),
      'AggregateError: both',
    )
    expect(told(error)).toEqual({
      'exception.type': 'AggregateError',
      'exception.message': 'both',
      'exception.stacktrace':
        'AggregateError: both\nAggregates: TypeError: first\nCaused by: a word\nAggregates: Error: second',
    })
  })

  test('in circles', () => {
    const error = withStack(new Error('x'), 'Error: x')
    error.cause = error
    expect(told(error)['exception.stacktrace']).toBe('Error: x\nCaused by: [Circular]')
  })

  test('of another realm, of a class, with a name, with fields', () => {
    expect(told(runInNewContext('new RangeError("far")'))).toMatchObject({
      'exception.type': 'RangeError',
      'exception.message': 'far',
    })
    class HttpError extends Error {}
    expect(told(new HttpError('x'))['exception.type']).toBe('HttpError')
    expect(told(Object.assign(new HttpError('x'), { name: 'Gone' }))['exception.type']).toBe('Gone')
    const error = Object.assign(new Error('x', { cause: Object.assign(new Error('y'), { code: 'E' }) }), {
      type: 'own',
      status: 410,
    })
    const { err } = told(error, { err: error })
    expect(err).toEqual({ cause: { code: 'E' }, type: 'own', status: 410 })
  })

  test('among the attributes are told once, wherever they stand', () => {
    const error = new Error('x')
    expect(told(error, { err: error, payload: { err: error, a: 1 } })).toMatchObject({ payload: { a: 1 } })
    expect(Object.keys(told(error, { err: error }))).toEqual([
      'exception.type',
      'exception.message',
      'exception.stacktrace',
    ])
  })

  test.each([
    ['a text', 'no route', { 'exception.message': 'no route' }],
    ['a number', 404, { 'exception.message': '404' }],
    ['a symbol', Symbol('gone'), { 'exception.message': 'Symbol(gone)' }],
    ['an object', { code: 1 }, {}],
    ['an object with a message', { message: 'gone', code: 1 }, { 'exception.message': 'gone' }],
    [
      'facts',
      { type: 'T', message: 'm', stacktrace: 's' },
      { 'exception.type': 'T', 'exception.message': 'm', 'exception.stacktrace': 's' },
    ],
  ])('thrown that are none: %s', (_name, thrown, attributes) => {
    expect(told(thrown)).toMatchObject(attributes)
  })

  test('whose fields throw cost these', () => {
    const error = new Error('x')
    Object.defineProperty(error, 'message', { get: throwing })
    Object.defineProperty(error, 'code', { enumerable: true, get: throwing })
    expect(told(error, { err: error, after: 1 })).toMatchObject({
      'exception.type': 'Error',
      'exception.message': '[Throws: Error: the value is broken]',
      err: { code: '[Throws: Error: the value is broken]' },
      after: 1,
    })
  })
})

test('every exotic value is told from the data', () => {
  for (const [name, make] of Object.entries(exotic)) {
    const cleaned = clean(make())
    expect([name, cleaned === undefined ? 'nothing' : flawOf(cleaned)]).toEqual([name, undefined])
  }
})
