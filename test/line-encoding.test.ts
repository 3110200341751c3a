// The direct way from a line to OTLP, held against the general one: whatever line it takes, the collector gets the same.

import { hostname } from 'node:os'
import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import fc from 'fast-check'
import pino, { type LoggerOptions } from 'pino'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { RecordBridge } from '../src/bridge.ts'
import type { BridgeOptions } from '../src/bridge-options.ts'
import { DEFAULT_LAYOUT, type LineLayout } from '../src/json-line.ts'
import type { EncodedLogger } from '../src/pipeline/encoded-provider.ts'
import { createProtobufEncoding } from '../src/pipeline/otlp-protobuf.ts'
import type { EncodedRecord } from '../src/pipeline/otlp-record.ts'
import { packLine } from '../src/pipeline/packed-line.ts'
import { takeLineWith } from '../src/pipeline/take-line.ts'
import type { LogRecord } from '../src/provider.ts'
import { anything, ordinary } from './support/exotic-values.ts'
import { decodeProtobuf } from './support/otlp-proto.ts'

const encoding = createProtobufEncoding()
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const SPAN_ID = 'b7ad6b7169203331'

interface Taken {
  readonly isDirect: boolean
  readonly record: EncodedRecord
}

class Export {
  readonly taken: Taken[] = []
  readonly bridge: RecordBridge
  readonly #takeLine: ReturnType<typeof takeLineWith>

  constructor(takesProtobuf: boolean, layout: LineLayout, options: BridgeOptions) {
    const getLogger = (name: string): EncodedLogger => ({
      takesBigInt: true,
      emit: (record: LogRecord) =>
        void this.taken.push({ isDirect: false, record: encoding.encodeRecord(record, { name }) }),
      emitEncodable: (record) => void this.taken.push({ isDirect: true, record: record.encode({ name }) }),
    })
    this.bridge = new RecordBridge('test', { ...options, loggerProvider: { getLogger } })
    this.#takeLine = takeLineWith(this.bridge, { takesProtobuf }, () => layout)
  }

  /** @returns the record that the line became. */
  take(line: string): Taken | undefined {
    const before = 'the line before\n'
    const lines = Buffer.from(`${before}${line}\n{"level":30}\n`)
    const start = Buffer.byteLength(before)
    expect(this.#takeLine(lines, start)).toBe(start + Buffer.byteLength(line))
    return this.taken.pop()
  }
}

/** The two ways, side by side. */
class Ways {
  readonly #direct: Export
  readonly #general: Export

  constructor(layout: Partial<LineLayout> = {}, options: BridgeOptions = {}) {
    const whole = { ...DEFAULT_LAYOUT, ...layout }
    this.#direct = new Export(true, whole, options)
    this.#general = new Export(false, whole, options)
  }

  /** Fails where the two differ. @returns whether the line went straight to its encoding. */
  areSame(line: string): boolean {
    const direct = this.#direct.take(line)
    const general = this.#general.take(line)
    expect(wireOf(direct), line).toEqual(wireOf(general))
    expect(bytesOf(direct)).toBe(bytesOf(general))
    expect(this.#direct.bridge.stats()).toEqual(this.#general.bridge.stats())
    expect(general?.isDirect ?? false).toBe(false)
    return direct?.isDirect === true
  }
}

function wireOf(taken: Taken | undefined) {
  return taken && decodeProtobuf(encoding.joinRecords({}, [taken.record]))
}

function bytesOf(taken: Taken | undefined) {
  return taken?.record.bytes.toString('hex', taken.record.start, taken.record.end)
}

// The observed time is the same for both.
beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1_763_748_000_123 }))
afterAll(() => void vi.useRealTimers())

/** What real pino writes. */
function linesOf(options: LoggerOptions, log: (logger: pino.Logger) => void): string[] {
  const lines: string[] = []
  log(pino(options, { write: (line: string) => void lines.push(line) }))
  return lines.flatMap((text) => text.split('\n').filter((line) => line !== ''))
}

const HEAD = `"level":30,"time":1763748000123,"pid":${process.pid},"hostname":"${hostname()}"`
const span = `"trace_id":"${TRACE_ID}","span_id":"${SPAN_ID}"`

describe('goes straight to its encoding:', () => {
  const plain: Record<string, string[]> = {
    'what pino writes': linesOf({ level: 'trace' }, (logger) => {
      logger.info('hello')
      logger.trace({ a: 1, b: 'two', c: true, d: null, e: 1.5, f: false }, 'fields')
      logger.fatal({ nested: { list: [1, 'x', { deep: [] }], empty: {} }, list: [[], [[]]] }, 'nested values')
      logger.warn({ msg: { an: 'object' } })
      logger.info({ a: 1 })
      logger.info('')
      logger.info('grüße, 漢字, 🎉 and \u2028')
      logger.info({ ключ: 'значение' }, 'keys beyond ASCII')
      logger.info({ quoted: 'say "hi"', path: 'C:\\tmp', lines: 'one\ntwo\u0001', half: '\ud83d' }, 'escapes "here"')
      logger.info({ err: 'no error', error: { message: 'x', stack: 'y' } }, 'a field called error')
      logger.info({ pid: 5 }, 'twice, and so not') // the bindings have it already
      logger.child({ module: 'child' }).error('of a child')
    }).filter((line) => !line.includes('twice')),
    'a logger’s name': linesOf({ name: 'shop' }, (logger) => logger.info({ a: 1 }, 'hello')),
    'an empty name': linesOf({ name: '' }, (logger) => logger.info({ a: 1 }, 'hello')),
    'a name that is a field': linesOf({ base: null }, (logger) => logger.info({ name: 'Alice' }, 'hello')),
    'other bindings': linesOf({ base: { app: 'x' } }, (logger) => logger.info('hello')),
    'another process and host': linesOf({ base: { pid: 1, hostname: 'else' } }, (logger) => logger.info('hello')),
    'no time': linesOf({ timestamp: false }, (logger) => logger.info({ time: 5 }, 'hello')),
    'ISO time': linesOf({ timestamp: pino.stdTimeFunctions.isoTime }, (logger) => logger.info('hello')),
    'epoch time': linesOf({ timestamp: pino.stdTimeFunctions.epochTime }, (logger) => logger.info('hello')),
    'Unix time': linesOf({ timestamp: pino.stdTimeFunctions.unixTime }, (logger) => logger.info('hello')),
    'level names': linesOf({ formatters: { level: (level) => ({ level }) } }, (logger) => logger.warn('hello')),
    redaction: linesOf({ redact: ['user.password'] }, (logger) => logger.info({ user: { password: 'x' } }, 'hello')),
    numbers: ['0', '7', '1e3', '1.0', '-5', '-0', '0.1', '5e-324', '1e308', '1e999', '123456789012345', '2.5E+3']
      .concat(['9007199254740993', '123456789012345678901', '-9223372036854775808', '9223372036854775808'])
      .map((number) => `{${HEAD},"n":${number},"list":[${number},${number}]}`),
    'times as texts': [
      ...['2026-11-21T18:16:56.789Z', '2026-11-21T18:16:59.001Z', '2026-11-21T18:17:00.000Z', '1763748000', 'noon', ''],
      ...[
        '2026-11-21T18:16:60.000Z',
        '2026-11-31T18:16:56.789Z',
        '2026-13-01T18:16:56.789Z',
        '2026-11-21T24:00:00.000Z',
      ],
      ...[
        '2026-11-21 18:16:56.789Z',
        '2026-11-21T18:16:5x.789Z',
        '2026-11-21T18:16:56.7x9Z',
        '2026-11-21T18:16:56,789Z',
      ],
      ...[
        '2026-11-21T18:16-56.789Z',
        '2026-11-21T18:16.56.789Z',
        '1970-01-01T00:00:00.500Z',
        '1969-12-31T23:59:59.999Z',
      ],
      ...[
        '2026-11-21T18:16:56.789+',
        '2026-11-21T18:16:56+01:00',
        'grüße-11-21T18:16:56.7Z',
        '2026-11-21t18:16:56.789Z',
      ],
    ].map((time) => `{"level":30,"time":"${time}","msg":"x"}`),
    'times that are none': ['5', '"noon"', '""', '0'].map((time) => `{"level":30,"time":${time},"msg":"x"}`),
    'levels of its own': ['{"level":35,"time":1763748000123}', '{"level":"Notice","time":1763748000123,"msg":"x"}'],
    'trace fields': ['', ',"trace_flags":"01"', ',"trace_flags":"Ff"', ',"a":1,"trace_flags":"00"'].map(
      (flags) => `{${HEAD},${span}${flags},"msg":"x"}`,
    ),
    'a body of any type': ['1', 'null', 'true', '{"a":1}', '[]', '"\\u00e9"'].map((body) => `{${HEAD},"msg":${body}}`),
  }

  test.each(Object.entries(plain))('%s', (_name, lines) => {
    expect(lines.length).toBeGreaterThan(0)
    const ways = new Ways()
    for (const line of lines) expect([line, ways.areSame(line)]).toEqual([line, true])
  })

  test('the span of the call, which fields may repeat', () => {
    const ways = new Ways()
    const active = trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 })
    const packed = (line: string) => packLine(`${line}\n`, active).trimEnd()
    expect(ways.areSame(packed(`{${HEAD},"msg":"x"}`))).toBe(true)
    expect(ways.areSame(packed(`{${HEAD},${span},"trace_flags":"00","msg":"x"}`))).toBe(true)
    expect(ways.areSame(packed(`{${HEAD},"trace_id":"${TRACE_ID}","span_id":"b7ad6b7169203332","msg":"x"}`))).toBe(
      false,
    )
    expect(ways.areSame(packed('no JSON'))).toBe(false)
    expect(ways.areSame(packed(`{${HEAD}}`).toUpperCase().replace('LEVEL', 'level'))).toBe(false)
    expect(ways.areSame(`${`\u0001${TRACE_ID}${SPAN_ID}01`.toUpperCase()}{${HEAD},"msg":"x"}`)).toBe(true)
    expect(ways.areSame(`\u0001${'0'.repeat(48)}01{${HEAD},"msg":"x"}`)).toBe(false)
    expect(ways.areSame('\u0001abc')).toBe(false)
  })

  test('in other layouts', () => {
    const message = new Ways({ messageKey: 'message', errorKey: 'error' })
    expect(message.areSame(`{${HEAD},"err":{"message":"x","stack":"y"},"msg":"field","message":"hello"}`)).toBe(true)
    expect(message.areSame(`{${HEAD},"error":{"message":"x","stack":"y"}}`)).toBe(false)
    const levels = new Ways({ labels: { 30: 'info', 35: 'notice' }, severities: { notice: 11 } })
    expect(levels.areSame('{"level":35,"time":1763748000123,"msg":"x"}')).toBe(true)
    expect(levels.areSame('{"level":"NOTICE","time":1763748000123,"msg":"x"}')).toBe(true)
    expect(levels.areSame('{"level":36,"time":1763748000123,"msg":"x"}')).toBe(true)
  })
})

test.each<[string, Partial<LineLayout>]>([
  ['a nestedKey', { nestedKey: 'payload' }],
  ['a message under a key that means something else', { messageKey: 'level' }],
  ['an error under the message’s key', { errorKey: 'msg' }],
])('takes no line of a layout with %s', (_name, layout) => {
  const ways = new Ways(layout)
  expect(ways.areSame(`{${HEAD},"msg":"x"}`)).toBe(false)
  expect(ways.areSame(`{${HEAD},"payload":{${span},"err":{"message":"x","stack":"y"}},"msg":"x"}`)).toBe(false)
})

const left: Record<string, string[]> = {
  'no object': ['', ' ', 'INFO started', 'null', '"x"', '[1]', '{', '{"level":30', '{"level":30,"time":1', '\ufeff{}'],
  'an object without a level before all others': ['{}', `{"msg":"x",${HEAD}}`, '{"severity":"INFO","time":1}'],
  'a level that is none': ['-30', '30.5', '1e1', 'null', '{}', '"in\\u0066o"'].map((l) => `{"level":${l},"time":1}`),
  'no time behind the level': ['{"level":30,"msg":"x"}', '{"level":30,"ts":1763748000123,"msg":"x"}', '{"level":30}'],
  'a time that is no text or integer': ['1.5', '-1', 'null', '[]', '"\\u0031"'].map((t) => `{"level":30,"time":${t}}`),
  'a key that comes twice': [`{${HEAD},"a":1,"a":2}`, `{${HEAD},"o":{"a":1,"b":2,"a":3}}`, `{${HEAD},"level":50}`],
  'keys that are numbers': [`{${HEAD},"10":1,"2":2}`, `{${HEAD},"o":{"b":1,"0":2}}`, `{${HEAD},"2a":1}`],
  'keys that are renamed, or mean something': [
    ...['', '__proto__', 'constructor', 'toJSON', 'otel.event.name', 'otel_log_bridge', 'a\\u0062', '\\ud83d', '"'],
  ].flatMap((key) => [`{${HEAD},"${key}":"suppressed"}`, `{${HEAD},"o":[{"${key}":"suppressed","a":1}]}`]),
  'an error': linesOf({}, (logger) => logger.error(new TypeError('x', { cause: new Error('y') }))),
  'white space': [
    `{${HEAD} }`,
    `{ ${HEAD}}`,
    `{${HEAD},"a": 1}`,
    ` {${HEAD}}`,
    `{${HEAD}} `,
    `{${HEAD}}\r`,
    `{${HEAD},"a":[1 ]}`,
  ],
  'what is no JSON': [
    ...['01', '-', '1.', '.5', '1e', '1e+', '+1', 'NaN', '-Infinity', 'tru', 'nulls', 'undefined', "'x'", '', '[1,]'],
    ...[
      '[',
      ']',
      '{"a"}',
      '{"a":1,}',
      '{,}',
      '[,1]',
      '"\\x"',
      '"\\u12g4"',
      '"\t"',
      '"',
      '1}',
      '}',
      '{"a":1]',
      '[1}',
      '1 2',
    ],
  ].map((value) => `{${HEAD},"v":${value}}`),
  'trace fields that name no span, or half of one': [
    ...[`"trace_id":"${TRACE_ID}"`, `"span_id":"${SPAN_ID}"`, '"trace_flags":"01"'],
    ...[`"trace_id":"${'0'.repeat(32)}","span_id":"${SPAN_ID}"`, `"trace_id":"${TRACE_ID}","span_id":"xyz"`],
    ...[`"trace_id":"${TRACE_ID}","span_id":"${'g'.repeat(16)}"`, `"trace_id":1,"span_id":"${SPAN_ID}"`],
    ...['1', '"1"', '"0x"', '"zz"', 'null', '300'].map((flags) => `${span},"trace_flags":${flags}`),
  ].map((fields) => `{${HEAD},${fields}}`),
  'names that are told from fields by more': [
    `{${HEAD},"name":5}`,
    `{${HEAD},"name":"a\\"b"}`,
    '{"level":30,"time":1,"a":1,"pid":1,"hostname":"h","name":"n"}',
    '{"level":30,"time":1,"pid":"1","hostname":"h","name":"n"}',
    '{"level":30,"time":1,"pid":1.0,"hostname":"h"}',
    '{"level":30,"time":1,"pid":1,"hostname":"\\u0068"}',
  ],
  'more than a few containers, one in the other': [20, 60, 70, 300].map(
    (depth) => `{${HEAD},"a":${'['.repeat(depth)}${']'.repeat(depth)}}`,
  ),
  'more than it has room for': [
    `{${HEAD},"msg":"${'x'.repeat(100_000)}"}`,
    `{${HEAD},"a":[${'1,'.repeat(5_000)}1]}`,
    `{${HEAD}${Array.from({ length: 130 }, (_, i) => `,"k${i}":${i}`).join('')}}`,
  ],
}

describe('leaves to the general way:', () => {
  test.each(Object.entries(left))('%s', (_name, lines) => {
    expect(lines.length).toBeGreaterThan(0)
    const ways = new Ways()
    for (const line of lines) expect([line, ways.areSame(line)]).toEqual([line, false])
  })

  test.each<[string, NonNullable<BridgeOptions['limits']>, string]>([
    ['the length of a value', { attributeValueLength: 10 }, '"a":"0123456789x"'],
    ['the count of attributes', { attributeCount: 8 }, '"a":1,"b":2,"c":3,"d":4,"e":5'],
    ['depth', { depth: 1 }, '"a":{"b":{"c":1}}'],
    ['the size of a record', { recordBytes: 300 }, '"a":[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6]'],
  ])('what may be beyond a limit: %s', (_name, limits, fields) => {
    expect(new Ways({}, { limits }).areSame(`{${HEAD},${fields}}`)).toBe(false)
    expect(new Ways().areSame(`{${HEAD},${fields}}`)).toBe(true)
  })
})

test('what is not bridged is counted the same', () => {
  const ways = new Ways({}, { include: ['shop'], exclude: [/^shop-/] })
  for (const name of ['shop', 'other', 'shop-x']) ways.areSame(`{${HEAD},"name":"${name}","msg":"x"}`)
  ways.areSame(`{${HEAD},"msg":"no name"}`)
})

const ways = new Ways()
/** Of the lines of a property that must not all be left to the general way. */
function shareOf(property: (take: (line: string) => void) => void): number {
  let lines = 0
  let direct = 0
  property((line) => {
    lines++
    if (ways.areSame(line)) direct++
  })
  return direct / lines
}

describe('any line is the same both ways:', () => {
  test('what pino writes of any value', () => {
    const key = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('a', 'name', 'time', 'err', 'msg', 'trace_id'))
    const share = shareOf((take) =>
      fc.assert(
        fc.property(
          fc.dictionary(key, anything, { maxKeys: 4, noNullPrototype: true }),
          fc.string(),
          (made, message) => {
            const values = Object.fromEntries(Object.entries(made).map(([name, make]) => [name, make()]))
            const lines = linesOf({ name: 'shop' }, (logger) => {
              try {
                logger.info(values, message)
              } catch {
                // pino writes no line of some.
              }
            })
            for (const line of lines) take(line)
          },
        ),
        { numRuns: 1_000 },
      ),
    )
    expect(share).toBeGreaterThan(0.01)
  })

  test('any JSON behind what pino writes first', () => {
    const key = fc.string({ unit: 'grapheme', minLength: 1 })
    const share = shareOf((take) =>
      fc.assert(
        fc.property(fc.dictionary(key, fc.jsonValue({ maxDepth: 4 }), { noNullPrototype: true }), (fields) =>
          take(`{${HEAD},${JSON.stringify(fields).slice(1)}`.replace(',}', '}')),
        ),
        { numRuns: 1_000 },
      ),
    )
    expect(share).toBeGreaterThan(0.1)
  })

  test('any JSON object', () => {
    const object = fc.dictionary(fc.string(), ordinary, { noNullPrototype: true })
    shareOf((take) =>
      fc.assert(
        fc.property(object, (fields) => {
          try {
            take(JSON.stringify(fields))
          } catch (error) {
            // JSON cannot have all of them.
            if (!(error instanceof TypeError)) throw error
          }
        }),
        { numRuns: 1_000 },
      ),
    )
  })

  test('plain lines, damaged', () => {
    const lines = [
      ...linesOf({ name: 'shop' }, (logger) => logger.info({ a: [1, -2.5e3, 'ä"', { b: null }], c: true }, 'hello')),
      `{${HEAD},${span},"trace_flags":"01","o":{"p":{"q":[[],{}]}},"msg":"x"}`,
      `\u0001${TRACE_ID}${SPAN_ID}01{${HEAD},"msg":"x"}`,
    ]
    const pieces = [...'{}[]":,\\0-.eEu1a \t\u0001ä', '\\u0041', '\\n', '""', '{}', ',"a":1', '\ud83d', 'Infinity']
    const damage = fc.record({
      at: fc.nat(300),
      removed: fc.constantFrom(0, 0, 1, 1, 2, 5, 300),
      put: fc.option(fc.constantFrom(...pieces), { nil: '' }),
    })
    const share = shareOf((take) =>
      fc.assert(
        fc.property(fc.constantFrom(...lines), fc.array(damage, { minLength: 1, maxLength: 2 }), (line, damages) =>
          take(
            damages.reduce((text, { at, removed, put }) => {
              const start = at % (text.length + 1)
              return text.slice(0, start) + put + text.slice(start + removed)
            }, line),
          ),
        ),
        { numRuns: 5_000 },
      ),
    )
    expect(share).toBeGreaterThan(0.01)
  })
})
