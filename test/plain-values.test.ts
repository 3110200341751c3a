// What is copied instead of cleaned: the copy is what cleaning would have made, and no code of the app runs for it.

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AnyValueMap, RecordCleaner } from '../src/attributes.ts'
import { type RecordLimits, setInternalLogSink } from '../src/index.ts'
import { copyPlain } from '../src/plain.ts'
import { anyKey, anything, made } from './support/exotic-values.ts'

const UNLIMITED: RecordLimits = {
  attributeCount: 128,
  attributeValueLength: Number.POSITIVE_INFINITY,
  depth: 64,
  recordBytes: 1024 * 1024,
}
const limitsOrNone = fc.oneof(
  fc.constant(UNLIMITED),
  fc.record({
    attributeCount: fc.integer({ min: 1, max: 10 }),
    attributeValueLength: fc.integer({ min: 1, max: 30 }),
    depth: fc.integer({ min: 1, max: 5 }),
    recordBytes: fc.integer({ min: 1, max: 4000 }),
  }),
)

beforeEach(() => setInternalLogSink(() => {}))
afterEach(() => setInternalLogSink(undefined))

const copied = (source: unknown, limits = UNLIMITED) => {
  const target: AnyValueMap = {}
  return copyPlain(target, source, limits, limits.attributeCount) ? target : undefined
}

/** With entries in their order. */
const told = (value: unknown) => JSON.stringify(value, (_key, one) => (Number.isNaN(one) ? 'NaN' : one))

describe('a copy', () => {
  const plain = fc.object({ key: fc.oneof(anyKey, fc.constantFrom('toJSON', 'constructor', '__proto__', '')) })
  test.each([
    ['of what JSON can hold', fc.json().map((text) => () => ({ value: JSON.parse(text) }))],
    ['of ordinary objects', plain.map((value) => () => value)],
    ['of any object', fc.dictionary(anyKey, anything).map((makes) => () => made(makes))],
    ['of anything', anything],
  ])('%s is what cleaning makes', (_, values) => {
    let copies = 0
    fc.assert(
      fc.property(values, limitsOrNone, (make, limits) => {
        const copy = copied(make(), limits)
        if (copy === undefined) return
        copies++
        const cleaned: AnyValueMap = {}
        const dropped = new RecordCleaner(limits).addAttributes(cleaned, make() as object)
        expect(dropped).toBe(0)
        expect(told(copy)).toBe(told(cleaned))
        expect(copy).toEqual(cleaned)
      }),
      { numRuns: 2000 },
    )
    expect(copies).toBeGreaterThan(20)
  })

  test.each([
    ['an accessor', () => Object.defineProperty({}, 'a', { get: ran, enumerable: true })],
    ['a nested accessor', () => ({ a: [Object.defineProperty({}, 'b', { get: ran, enumerable: true })] })],
    ['a Proxy', () => new Proxy({}, new Proxy({}, { get: () => ran }))],
    ['a nested Proxy', () => ({ a: { b: new Proxy({}, new Proxy({}, { get: () => ran })) } })],
    ['toJSON', () => ({ a: { toJSON: ran } })],
    ['an array with toJSON', () => ({ a: Object.assign([1], { toJSON: ran }) })],
    ['an array of another class', () => ({ a: new (class extends Array {})() })],
    ['a class instance', () => ({ a: new (class {})() })],
    ['a Date', () => ({ a: new Date() })],
    ['an Error', () => ({ a: new Error('x') })],
    ['a function', () => ({ a: ran })],
    ['a bigint', () => ({ a: 1n })],
    ['NaN', () => ({ a: Number.NaN })],
    ['-0', () => ({ a: [-0] })],
    ['half a surrogate pair', () => ({ a: '\ud83d' })],
    ['a circle', () => circle()],
  ])('is not made of %s', (_, make) => {
    expect(copied(make())).toBeUndefined()
  })

  test('shares nothing with the app', () => {
    const source = { list: [{ a: 1 }], map: { b: [2] } }
    const copy = copied(source) as typeof source
    source.list[0] = { a: 3 }
    source.map.b.push(4)
    expect(copy).toEqual({ list: [{ a: 1 }], map: { b: [2] } })
  })
})

function ran(): never {
  throw new Error('code of the app ran')
}

function circle(): object {
  const value: Record<string, unknown> = {}
  value.self = { value }
  return value
}
