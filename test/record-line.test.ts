// What crosses to the export thread comes out as it went in.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AnyValue, AnyValueMap } from '../src/attributes.ts'
import { packRecord, type RecordLine, unpackRecord } from '../src/pipeline/record-line.ts'
import { anyKey } from './support/exotic-values.ts'

const key = fc.oneof(anyKey, fc.constantFrom('\u007f', 'value', 'constructor', 'toString', '"\u007f":'))
const { value: anyValue } = fc.letrec<{ value: AnyValue; map: AnyValueMap }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.constantFrom(
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      null,
      true,
      '\u007f',
      '"\u007f":',
    ),
    fc.uint8Array(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('map'),
  ),
  map: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
}))

const recordWith = (body: AnyValue, attributes: AnyValueMap): RecordLine => ({
  scope: { name: 'shop', version: '1.2.3' },
  timestamp: [1_700_000_000, 123_456_789],
  observedTimestamp: [1_700_000_001, 0],
  severityNumber: 9,
  severityText: 'info',
  body,
  attributes,
  eventName: 'order.placed',
  span: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 },
})

test('every value survives, on one line', () => {
  fc.assert(
    fc.property(anyValue, fc.dictionary(key, anyValue, { maxKeys: 4, noNullPrototype: true }), (body, attributes) => {
      const record = recordWith(body, attributes)
      const line = packRecord(record)
      expect(line.indexOf('\n')).toBe(line.length - 1)
      expect(unpackRecord(line)).toEqual(record)
    }),
    { numRuns: 2000 },
  )
})

test('values of JSON alone survive without a look at each', () => {
  const values = fc.json().map((text): AnyValue => JSON.parse(text))
  fc.assert(
    fc.property(fc.string(), fc.dictionary(key, values, { maxKeys: 4, noNullPrototype: true }), (body, attributes) => {
      const record = recordWith(body, attributes)
      expect(unpackRecord(packRecord(record, true))).toEqual(record)
    }),
    { numRuns: 2000 },
  )
})

test('what a record does not have, it does not get', () => {
  const record: RecordLine = {
    scope: { name: '' },
    timestamp: [1, 0],
    observedTimestamp: [1, 0],
    severityNumber: 0,
    attributes: {},
  }
  expect(unpackRecord(packRecord(record))).toEqual(record)
})

test('values that travel in a tag survive beside keys that Node misreads', () => {
  const body = { '\\': 1, '\n': 2 }
  for (let i = 0; i < 100; i++) unpackRecord(packRecord(recordWith(body, { bytes: new Uint8Array([i]) })))
  const attributes = { bytes: new Uint8Array([7]), none: Number.NaN, big: 2n ** 60n + 1n }
  expect(unpackRecord(packRecord(recordWith('hello', attributes))).attributes).toEqual(attributes)
})
