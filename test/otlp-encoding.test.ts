// Our encodings of OTLP, held against OTel's own: what a receiver reads of any record is the same.

import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer'
import { LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AnyValue, AnyValueMap } from '../src/attributes.ts'
import { jsonEncoding } from '../src/pipeline/otlp-json.ts'
import { createProtobufEncoding } from '../src/pipeline/otlp-protobuf.ts'
import type { Scope } from '../src/pipeline/otlp-record.ts'
import { delimitedFields, ProtobufWriter } from '../src/pipeline/protobuf.ts'
import type { LogRecord } from '../src/provider.ts'
import { isMisread } from './support/exotic-values.ts'
import { decodeJson, decodeProtobuf, type WireRecord } from './support/otlp-proto.ts'

const protobufEncoding = createProtobufEncoding()
const encodings = { protobuf: protobufEncoding, json: jsonEncoding }

const key = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((name) => !/^(__proto__|constructor)$/.test(name) && !isMisread(name))
const { value } = fc.letrec<{ value: AnyValue; map: AnyValueMap }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.boolean(),
    fc.constant(null),
    fc.double(),
    fc.maxSafeInteger(),
    fc.constantFrom(0, -0, 127, 128, 16_383, 16_384, 2 ** 32, -1, 2 ** 53, 2 ** 62, -(2 ** 63), 2 ** 63, 1e300),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 6 }),
    tie('map'),
  ),
  map: fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
}))
const time = fc.tuple(fc.integer({ min: 0, max: 2 ** 34 - 1 }), fc.integer({ min: 0, max: 999_999_999 }))
const hex = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes).toString('hex'))
const context = fc
  .option(fc.record({ traceId: hex(16), spanId: hex(8), traceFlags: fc.constantFrom(0, 1, 255) }))
  .map((span) => (span === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span)))
const record = fc.record(
  {
    timestamp: time,
    observedTimestamp: time,
    severityNumber: fc.integer({ min: 0, max: 24 }),
    severityText: fc.string({ maxLength: 10 }),
    body: value,
    attributes: fc.dictionary(key, value, { maxKeys: 8, noNullPrototype: true }),
    eventName: fc.string({ minLength: 1, maxLength: 20 }),
    context,
  },
  { requiredKeys: ['timestamp', 'observedTimestamp', 'severityNumber', 'attributes', 'context'] },
)
const scopes: readonly Scope[] = [
  { name: 'shop' },
  { name: 'bäckerei', version: '1.2.3' },
  { name: 'x', version: '', schemaUrl: 'https://opentelemetry.io/schemas/1.37.0' },
]
const records = fc.array(fc.tuple(record, fc.constantFrom(...scopes)), { minLength: 1, maxLength: 8 })
const resource = { 'service.name': 'shop', instances: 3, ratio: 0.5, canary: true }

function encode(encoding: 'protobuf' | 'json', given: readonly (readonly [LogRecord, Scope])[]): WireRecord[] {
  const { encodeRecord, joinRecords } = encodings[encoding]
  const encoded = given.map(([one, scope]) => encodeRecord(one, scope))
  const body = joinRecords(resource, encoded)
  return encoding === 'json' ? decodeJson(body) : decodeProtobuf(body)
}

/** What a receiver gets of the same records through OTel's SDK and its serializer. */
function throughTheSdk(given: readonly (readonly [LogRecord, Scope])[]): WireRecord[] {
  const finished: ReadableLogRecord[] = []
  const provider = new LoggerProvider({
    processors: [{ onEmit: (one) => void finished.push(one), forceFlush: async () => {}, shutdown: async () => {} }],
    logRecordLimits: { attributeCountLimit: Number.POSITIVE_INFINITY },
  })
  for (const [one, { name, version, schemaUrl }] of given) {
    provider.getLogger(name, version, schemaUrl === undefined ? {} : { schemaUrl }).emit(one as never)
  }
  return decodeProtobuf(ProtobufLogsSerializer.serializeRequest(finished) as Uint8Array)
}

/** Without what may differ: the resource is another, the order of scopes free, and OTel's serializer loses the sign of -0. */
const comparable = (wire: readonly WireRecord[]) =>
  JSON.stringify(
    wire.map((one) => ({ ...one, resource: undefined })),
    (_key, entry: unknown) => {
      if (typeof entry === 'bigint') return `int ${entry}`
      if (typeof entry === 'number') return Object.is(entry, -0) ? 'int 0' : `double ${entry}`
      return entry instanceof Uint8Array ? `bytes ${Buffer.from(entry).toString('hex')}` : entry
    },
  )

test('protobuf: any record reads as the one that the SDK would have sent', () => {
  fc.assert(
    fc.property(records, (given) => {
      expect(comparable(encode('protobuf', given))).toBe(comparable(throughTheSdk(given)))
    }),
    { numRuns: 300 },
  )
})

test('JSON: any record reads as in protobuf, the sign of 0 too', () => {
  fc.assert(
    fc.property(records, (given) => {
      expect(encode('json', given)).toEqual(encode('protobuf', given))
    }),
    { numRuns: 300 },
  )
})

describe.each(['protobuf', 'json'] as const)('%s', (encoding) => {
  test('the resource, and the count of dropped attributes', () => {
    const given = { ...fc.sample(record, 1)[0], droppedAttributesCount: 300 } as LogRecord
    expect(encode(encoding, [[given, { name: 'a' }]])).toMatchObject([
      {
        droppedAttributesCount: 300,
        resource: { 'service.name': 'shop', instances: 3n, ratio: 0.5, canary: true },
      },
    ])
  })

  test('ten thousand records in one request, in order', () => {
    const given = Array.from({ length: 10_000 }, (_, i): [LogRecord, Scope] => [
      {
        timestamp: [1_700_000_000, i],
        observedTimestamp: [1_700_000_000, i],
        severityNumber: 9,
        body: 'x'.repeat(i % 300),
        attributes: { i },
        context: ROOT_CONTEXT,
      },
      scopes[0] as Scope,
    ])
    const wire = encode(encoding, given)
    expect(wire.map(({ attributes }) => attributes.i)).toEqual(given.map((_, i) => BigInt(i)))
    expect(wire.every(({ body }, i) => (body as string).length === i % 300)).toBe(true)
  })

  test('a record that cannot be encoded throws, and the next one is whole', () => {
    const [given] = fc.sample(record, 1) as [LogRecord]
    const broken = {
      ...given,
      attributes: {
        get a(): never {
          throw new Error('broken')
        },
        b: 'written first',
      },
    }
    expect(() => encode(encoding, [[broken, { name: 'a' }]])).toThrow('broken')
    expect(comparable(encode(encoding, [[given, { name: 'a' }]]))).toBe(
      comparable(throughTheSdk([[given, { name: 'a' }]])),
    )
  })
})

test('a message larger than a chunk of memory leaves those before it as they were', () => {
  const writer = new ProtobufWriter(16)
  const texts = ['a', 'b'.repeat(10), 'c'.repeat(1000), 'dé'.repeat(5), '']
  const messages = texts.map((text) => {
    writer.text(1, text)
    return writer.finish()
  })
  expect(messages.map((message) => delimitedFields(message, 1).map((bytes) => Buffer.from(bytes).toString()))).toEqual(
    texts.map((text) => [text]),
  )
})
