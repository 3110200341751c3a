// unknown → AnyValue. Each value costs at most itself: what cannot be kept becomes a text in square brackets that says
// why, so that the SDK's own cleaner finds nothing to warn about.

import { types } from 'node:util'
import { reasonOf } from './internal-logger.ts'
import type { RecordLimits } from './limits.ts'

/** A value of the OTel log data model, as both SDK generations accept it. */
export type AnyValue = string | number | boolean | null | Uint8Array | AnyValue[] | AnyValueMap
export interface AnyValueMap {
  [key: string]: AnyValue
}

/** An array or object, and each of its entries, costs at least this much of `recordBytes`. */
const ENTRY_BYTES = 8

/**
 * Cleans the values of one record. Cleaning may run code of the app (getters, `toJSON`) which may log, so each record
 * has a cleaner of its own.
 */
export class RecordCleaner {
  readonly #limits: RecordLimits
  #bytesLeft: number
  /** The containers that the current value stands in, outermost first. */
  readonly #path: object[] = []

  constructor(limits: RecordLimits) {
    this.#limits = limits
    this.#bytesLeft = limits.recordBytes
  }

  /** Adds the cleaned entries of `source` to `target`. @returns how many were dropped for the attribute count. */
  addAttributes(target: AnyValueMap, source: object): number {
    let room = this.#limits.attributeCount - Object.keys(target).length
    let dropped = 0
    let keys: string[]
    try {
      // What has indices instead of names is one value, however many it holds.
      if (!isMapLike(source)) return this.addAttributes(target, { attributes: source })
      keys = Object.keys(source)
    } catch (error) {
      target.attributes = `[Throws: ${reasonOf(error)}]`
      return 0
    }
    for (const key of keys) {
      const value = this.#property(source, key)
      if (value === undefined) continue
      const name = attributeKey(key)
      if (!Object.hasOwn(target, name) && --room < 0) {
        dropped++
        continue
      }
      target[name] = value
    }
    return dropped
  }

  /** Cleans one value. @returns undefined for undefined: an entry without a value is left out. */
  clean(value: unknown): AnyValue | undefined {
    switch (typeof value) {
      case 'string':
        return this.#string(value)
      case 'number':
      case 'boolean':
        this.#bytesLeft -= ENTRY_BYTES
        return value
      case 'undefined':
        return undefined
      case 'bigint':
        return Number.isSafeInteger(Number(value)) ? Number(value) : this.#string(String(value))
      case 'symbol':
        return this.#string(String(value))
      case 'function':
        return this.#string(`[Function: ${nameOf(value)}]`)
      default:
        if (value === null) return null
        try {
          return this.#object(value as object)
        } catch (error) {
          return `[Throws: ${reasonOf(error)}]`
        }
    }
  }

  #object(value: object): AnyValue | undefined {
    if (this.#bytesLeft <= 0) return '[Size limit]'
    this.#bytesLeft -= ENTRY_BYTES
    if (this.#path.includes(value)) return '[Circular]'
    if (this.#path.length >= this.#limits.depth) return '[Depth limit]'
    this.#path.push(value)
    try {
      return this.#container(value)
    } finally {
      this.#path.pop()
    }
  }

  #container(value: object): AnyValue | undefined {
    if (Array.isArray(value)) return this.#array(value)
    const prototype = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) {
      return typeof (value as { toJSON?: unknown }).toJSON === 'function' ? this.#json(value) : this.#map(value)
    }
    if (types.isDate(value)) return isoOf(value)
    if (types.isNativeError(value) || value instanceof Error) return this.#error(value)
    if (ArrayBuffer.isView(value)) return this.#view(value)
    if (types.isAnyArrayBuffer(value)) return this.#bytes(new Uint8Array(value))
    if (types.isMap(value)) return this.#entries(value)
    if (types.isSet(value)) return this.#iterated(Set.prototype.values.call(value))
    if (types.isRegExp(value)) return this.#string(String(value))
    if (types.isBoxedPrimitive(value)) return this.clean(value.valueOf())
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return this.#json(value)
    if (isOpaque(value)) return `[${Object.prototype.toString.call(value).slice(8, -1)}]`
    return this.#map(value)
  }

  #map(value: object): AnyValueMap {
    const result: AnyValueMap = {}
    for (const key of Object.keys(value)) {
      if (this.#bytesLeft <= 0) {
        result['[Size limit]'] = true
        break
      }
      const cleaned = this.#property(value, key)
      if (cleaned !== undefined) result[nestedKey(key)] = cleaned
    }
    return result
  }

  #property(owner: object, key: string): AnyValue | undefined {
    this.#bytesLeft -= ENTRY_BYTES + key.length
    return this.clean(readProperty(owner, key))
  }

  #array(values: readonly unknown[]): AnyValue[] {
    const result: AnyValue[] = []
    for (let i = 0; i < values.length; i++) {
      if (this.#bytesLeft <= 0) {
        result.push('[Size limit]')
        break
      }
      this.#bytesLeft -= ENTRY_BYTES
      result.push(this.clean(readProperty(values, i)) ?? null)
    }
    return result
  }

  /** @param entries of an intrinsic iterator: one of the app's may never end. */
  #iterated(entries: Iterable<unknown>): AnyValue[] {
    const result: AnyValue[] = []
    for (const entry of entries) {
      if (this.#bytesLeft <= 0) {
        result.push('[Size limit]')
        break
      }
      this.#bytesLeft -= ENTRY_BYTES
      result.push(this.clean(entry) ?? null)
    }
    return result
  }

  /** An object where all keys are strings, an array of pairs otherwise. */
  #entries(map: ReadonlyMap<unknown, unknown>): AnyValue {
    const result: AnyValueMap = {}
    for (const [key, value] of Map.prototype.entries.call(map)) {
      if (typeof key !== 'string') return this.#iterated(Map.prototype.entries.call(map))
      if (this.#bytesLeft <= 0) {
        result['[Size limit]'] = true
        break
      }
      this.#bytesLeft -= ENTRY_BYTES + key.length
      const cleaned = this.clean(value)
      if (cleaned !== undefined) result[nestedKey(key)] = cleaned
    }
    return result
  }

  /** The shape that pino's own error serializer gives, so that both ways of logging an error look the same. */
  #error(error: Error): AnyValueMap {
    const result: AnyValueMap = {}
    const keys = new Set(['name', 'message', 'stack', 'cause', 'errors', ...Object.keys(error)])
    for (const key of keys) {
      const value = key in error ? this.#property(error, key) : undefined
      if (value !== undefined) result[key === 'name' ? 'type' : nestedKey(key)] = value
    }
    return result
  }

  #json(value: object): AnyValue | undefined {
    const json: unknown = (value as { toJSON: (key: string) => unknown }).toJSON('')
    // An object that stands for itself (mongoose documents do) must not count as circular.
    return json === value ? this.#map(value) : this.clean(json)
  }

  #view(value: ArrayBufferView): AnyValue {
    if (value instanceof Uint8Array || value instanceof DataView) {
      return this.#bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    }
    return this.#array(value as unknown as readonly unknown[])
  }

  /** A copy: the exporter reads it long after the app may have reused the buffer. */
  #bytes(bytes: Uint8Array): AnyValue {
    const kept = bytes.slice(0, Math.min(this.#limits.attributeValueLength, Math.max(0, this.#bytesLeft)))
    this.#bytesLeft -= kept.length
    return kept
  }

  #string(text: string): string {
    if (this.#bytesLeft <= 0) return '[Size limit]'
    const room = Math.min(this.#limits.attributeValueLength, this.#bytesLeft)
    const kept = text.length <= room ? text : text.slice(0, endBefore(text, room))
    this.#bytesLeft -= ENTRY_BYTES + kept.length
    return kept
  }
}

function isMapLike(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

/** By the intrinsic methods: a Date may carry methods of the app's. */
function isoOf(date: Date): string {
  return Number.isNaN(Date.prototype.getTime.call(date)) ? 'Invalid Date' : Date.prototype.toISOString.call(date)
}

/** Reads a property of a value of the app's; a getter that throws yields the text that says so. */
export function readProperty(owner: object, key: string | number): unknown {
  try {
    return (owner as Record<string | number, unknown>)[key]
  } catch (error) {
    return `[Throws: ${reasonOf(error)}]`
  }
}

/** The SDKs refuse an empty key, and assigning to `__proto__` would set a prototype instead of an attribute. */
function attributeKey(key: string): string {
  return key === '' || key === '__proto__' ? `_${key}` : key
}

/** Inside a value the SDKs take anything with an own `constructor` for a class instance and drop it whole. */
function nestedKey(key: string): string {
  return key === 'constructor' || key === '__proto__' ? `_${key}` : key
}

/** The end of a cut at `room` that leaves no half of a surrogate pair behind. */
function endBefore(text: string, room: number): number {
  const last = text.charCodeAt(room - 1)
  return last >= 0xd800 && last <= 0xdbff ? room - 1 : room
}

/** Objects whose state no property shows: an empty object would hide what they are. */
function isOpaque(value: object): boolean {
  return (
    types.isPromise(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value) ||
    types.isGeneratorObject(value) ||
    types.isMapIterator(value) ||
    types.isSetIterator(value) ||
    value instanceof WeakRef
  )
}

function nameOf(fn: unknown): string {
  try {
    return String((fn as { name: unknown }).name) || 'anonymous'
  } catch {
    return 'anonymous'
  }
}
