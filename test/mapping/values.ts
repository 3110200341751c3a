// What becomes of a value: the tests run on this table, and docs/mapping.md shows it. The text of a `value` is shown as
// it stands here.

import { runInNewContext } from 'node:vm'
import type { AnyValue } from '../../src/attributes.ts'

export interface ValueCase {
  readonly value: () => unknown
  /** As an attribute, and as the body. */
  readonly becomes: AnyValue
}

const BYTES = new Uint8Array([1, 2])

export const values: Readonly<Record<string, readonly ValueCase[]>> = {
  Primitives: [
    { value: () => 'text', becomes: 'text' },
    { value: () => true, becomes: true },
    { value: () => 42, becomes: 42 },
    { value: () => 1.5, becomes: 1.5 },
    { value: () => -0, becomes: -0 },
    { value: () => Number.NaN, becomes: Number.NaN },
    { value: () => -Infinity, becomes: -Infinity },
    { value: () => 1e300, becomes: 1e300 },
    { value: () => 2n ** 53n - 1n, becomes: 9007199254740991 },
    { value: () => 2n ** 62n, becomes: 2 ** 62 },
    { value: () => 2n ** 53n + 1n, becomes: '9007199254740993' },
    { value: () => 2n ** 64n, becomes: '18446744073709551616' },
    { value: () => null, becomes: null },
    { value: () => Symbol('id'), becomes: 'Symbol(id)' },
    { value: () => function load() {}, becomes: '[Function: load]' },
    { value: () => class Order {}, becomes: '[Function: Order]' },
    { value: () => 'half \ud83d of a pair', becomes: 'half \ufffd of a pair' },
  ],
  Objects: [
    { value: () => ({ a: 1, b: { c: [true] } }), becomes: { a: 1, b: { c: [true] } } },
    { value: () => ({ a: undefined, b: 1 }), becomes: { b: 1 } },
    { value: () => [1, undefined, 'x'], becomes: [1, null, 'x'] },
    { value: () => Object.assign(Object.create(null), { a: 1 }), becomes: { a: 1 } },
    {
      value: () =>
        new (class Order {
          id = 7
        })(),
      becomes: { id: 7 },
    },
    {
      value: () =>
        new (class Money {
          toJSON() {
            return '7 EUR'
          }
        })(),
      becomes: '7 EUR',
    },
    { value: () => JSON.parse('{"__proto__":1,"constructor":2}'), becomes: { ___proto__: 1, _constructor: 2 } },
    { value: () => ({ hasOwnProperty: 1, '': 2 }), becomes: { hasOwnProperty: 1, '': 2 } },
  ],
  'Built-in classes': [
    { value: () => new Date(0), becomes: '1970-01-01T00:00:00.000Z' },
    { value: () => new Date(Number.NaN), becomes: 'Invalid Date' },
    { value: () => new URL('https://example.com/a?b=1'), becomes: 'https://example.com/a?b=1' },
    { value: () => /a+/gi, becomes: '/a+/gi' },
    { value: () => new Map([['a', 1]]), becomes: { a: 1 } },
    { value: () => new Map([[1, 'a']]), becomes: [[1, 'a']] },
    { value: () => new Set([1, 'a']), becomes: [1, 'a'] },
    { value: () => Object('boxed'), becomes: 'boxed' },
    { value: () => Promise.resolve(1), becomes: '[Promise]' },
    { value: () => new WeakMap(), becomes: '[WeakMap]' },
    { value: () => [1, 2].values(), becomes: '[Array Iterator]' },
  ],
  Bytes: [
    { value: () => Buffer.from([1, 2]), becomes: BYTES },
    { value: () => new Uint8Array([1, 2]), becomes: BYTES },
    { value: () => new Uint8Array([1, 2]).buffer, becomes: BYTES },
    { value: () => new Float64Array([0.5]), becomes: [0.5] },
    { value: () => new BigInt64Array([5n]), becomes: [5] },
  ],
  Errors: [
    {
      value: () => Object.assign(new RangeError('full'), { stack: 'RangeError: full', code: 'ENOSPC' }),
      becomes: { type: 'RangeError', message: 'full', stack: 'RangeError: full', code: 'ENOSPC' },
    },
    {
      value: () => Object.assign(runInNewContext('new TypeError("x")'), { stack: 'of another realm' }),
      becomes: { type: 'TypeError', message: 'x', stack: 'of another realm' },
    },
  ],
  'What cannot be kept': [
    {
      value: () => {
        const a: Record<string, unknown> = { b: 1 }
        a.self = a
        return a
      },
      becomes: { b: 1, self: '[Circular]' },
    },
    {
      value: () => ({
        get total() {
          throw new Error('no rows')
        },
        rows: 0,
      }),
      becomes: { total: '[Throws: Error: no rows]', rows: 0 },
    },
    {
      value: () => ({
        toJSON() {
          throw new Error('no rows')
        },
      }),
      becomes: '[Throws: Error: no rows]',
    },
    {
      value: () => {
        const { proxy, revoke } = Proxy.revocable({}, {})
        revoke()
        return proxy
      },
      becomes: "[Throws: TypeError: Cannot perform 'IsArray' on a proxy that has been revoked]",
    },
  ],
}
