// Values that bridges fall over, by what is odd about them, and any value at all.

import fc from 'fast-check'

export function throwing(): never {
  throw new Error('the value is broken')
}

export function deep(levels: number): unknown {
  let value: unknown = 'bottom'
  for (let i = 0; i < levels; i++) value = { value }
  return value
}

/** Iterates without end; gives up where a caller would have hung. */
function* endless(): Generator<[string, number]> {
  for (let i = 0; i < 5_000_000; i++) yield [`key${i}`, i]
  throw new Error('read without end')
}

export const exotic: Record<string, () => unknown> = {
  'a revoked Proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  'a revoked Proxy of an array': () => {
    const { proxy, revoke } = Proxy.revocable([], {})
    revoke()
    return proxy
  },
  'a Proxy whose traps throw': () => new Proxy({}, new Proxy({}, { get: () => throwing })),
  'a throwing getter': () => Object.defineProperty({ sibling: 1 }, 'bad', { enumerable: true, get: throwing }),
  'a throwing toJSON': () => ({ toJSON: throwing }),
  'toJSON that is itself without end': () => {
    const value = { toJSON: () => ({ ...value }) }
    return value
  },
  'Symbol.toPrimitive that throws': () => ({ [Symbol.toPrimitive]: throwing }),
  'toString and valueOf that throw': () => ({ toString: throwing, valueOf: throwing }),
  'toString that is no function': () => ({ toString: 1 }),
  'Symbol.toStringTag that throws': () =>
    Object.defineProperty(Promise.resolve(), Symbol.toStringTag, { get: throwing }),
  'an error with throwing fields': () => {
    const error = new Error('x')
    for (const key of ['name', 'message', 'stack', 'cause', 'constructor']) {
      Object.defineProperty(error, key, { get: throwing })
    }
    return error
  },
  'an error that throws an error that throws': () => ({
    get bad() {
      throw {
        get message() {
          return throwing()
        },
        toString: throwing,
      }
    },
  }),
  'an error whose cause is itself': () => {
    const error = new Error('x')
    error.cause = error
    return error
  },
  'errors in a chain of 10 000': () => {
    let error = new Error('root')
    for (let i = 0; i < 10_000; i++) error = new Error(`level ${i}`, { cause: error })
    return error
  },
  'a Date that is no date': () => Object.create(Date.prototype),
  'a Date with a throwing toISOString': () => Object.assign(new Date(0), { toISOString: throwing, getTime: throwing }),
  'a Map that iterates without end': () => Object.assign(new Map([['a', 1]]), { [Symbol.iterator]: endless }),
  'a Set that iterates without end': () => Object.assign(new Set([1]), { [Symbol.iterator]: endless }),
  'an object of 20 000 levels': () => deep(20_000),
  'an array of 20 000 levels': () => {
    let value: unknown[] = []
    for (let i = 0; i < 20_000; i++) value = [value]
    return value
  },
  'a sparse array of a thousand million': () => new Array(1e9),
  'a Proxy of an array with no end': () =>
    new Proxy([], { get: (target, key) => (key === 'length' ? Number.MAX_SAFE_INTEGER : Reflect.get(target, key)) }),
  'an object of 100 000 keys': () => Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, i])),
  'a string of 10 MB': () => 'x'.repeat(10_000_000),
  'a key of 10 MB': () => ({ ['k'.repeat(10_000_000)]: 1 }),
  'a buffer of 1 MB': () => Buffer.alloc(1_000_000),
  'a detached buffer': () => {
    const bytes = new Uint8Array(8)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    return bytes
  },
  'a typed array of a million': () => new Float64Array(1_000_000),
  'a bigint of 100 000 digits': () => 10n ** 100_000n,
  'half a surrogate pair': () => '\ud83d',
  'an object with a __proto__ key': () => JSON.parse('{"__proto__":{"polluted":true},"constructor":1}'),
  'a WeakMap': () => new WeakMap(),
  'a generator': () => endless(),
  globalThis: () => globalThis,
  'a module namespace': () => fc,
  'an object of another prototype': () => Object.create({ inherited: 1 }),
  'a symbol': () => Symbol('s'),
  'a function with a throwing name': () => Object.defineProperty(() => 1, 'name', { get: throwing }),
}

const LARGE = /MB|million|100 000|no end/
/** These alone spend what a value may take of a record. */
export const isLarge = (name: string) => LARGE.test(name)

/** What Node 24's JSON.parse takes for a backslash, once it has seen a key that is one: one character that is escaped. */
export const isMisread = (key: string) => key.length === 1 && JSON.stringify(key).length > 3

export const anyKey = fc.string().filter((key) => !isMisread(key))

export const ordinary = fc.anything({
  key: anyKey,
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withObjectString: true,
  withSparseArray: true,
  withTypedArray: true,
  withBoxedValues: true,
  withUnicodeString: true,
})
/** Small exotic values: they are made thousands of times. */
export const small = Object.entries(exotic).filter(
  ([name]) => !LARGE.test(name) && !/\d{3}|end|global|module/.test(name),
)
/** Makes a value: fast-check itself would fall over some of them. */
export type Make = () => unknown
export const anything: fc.Arbitrary<Make> = fc.oneof(
  {
    weight: 3,
    arbitrary: ordinary.map(
      (value): Make =>
        () =>
          value,
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom(...small).map(([, make]): Make => make) },
  {
    weight: 1,
    arbitrary: fc.tuple(ordinary, fc.constantFrom(...small)).map(
      ([value, [, make]]): Make =>
        () => ({ list: [value, make()], nested: { value: make(), sibling: 1 } }),
    ),
  },
)

/** An object of what was arbitrary by key. */
export function made(makes: Record<string, () => unknown>): object {
  return Object.fromEntries(Object.entries(makes).map(([key, make]) => [key, make()]))
}
