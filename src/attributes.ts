// unknown → AnyValue. Each value costs at most itself: what cannot be kept becomes a text in square brackets that says
// why, so that the SDK's own cleaner finds nothing to warn about.

import { types } from 'node:util'
import { reasonOf } from './internal-logger.ts'
import { attributeKey, nestedKey } from './keys.ts'
import type { RecordLimits } from './limits.ts'

/**
 * A value of the OTel log data model, as both SDK generations accept it; a `bigint`, of 64 bits with a sign, only for a
 * Logger that says that it takes them.
 */
export type AnyValue = string | number | bigint | boolean | null | Uint8Array | AnyValue[] | AnyValueMap
export interface AnyValueMap {
  [key: string]: AnyValue
}

/** An array or object, and each of its entries, costs at least this much of `recordBytes`. */
const ENTRY_BYTES = 8

const SIZE_LIMIT = '[Size limit]'

/**
 * Cleans the values of one record. Cleaning may run code of the app (getters, `toJSON`), which may log, so each record
 * has a cleaner of its own; none of that code runs twice.
 */
export class RecordCleaner {
  readonly #limits: RecordLimits
  readonly #takesBigInt: boolean
  #bytesLeft: number
  /** The containers that the current value stands in, outermost first. */
  readonly #path: object[] = []
  #replaced: { readonly value: object; readonly by: () => AnyValue | undefined } | undefined

  /** @param takesBigInt where whoever gets the record does. */
  constructor(limits: RecordLimits, takesBigInt = false) {
    this.#limits = limits
    this.#takesBigInt = takesBigInt
    this.#bytesLeft = Math.min(limits.recordBytes, Number.MAX_SAFE_INTEGER)
  }

  /**
   * Adds the cleaned entries of `source` to `target`, but for those that are told elsewhere.
   *
   * @returns how many were dropped for a limit.
   */
  addAttributes(target: AnyValueMap, source: object, isTold: (key: string) => boolean = never): number {
    let keys: string[]
    try {
      // What has indices instead of names is one value, however many it holds.
      if (!isMapLike(source)) return this.addAttributes(target, { attributes: source })
      keys = Object.keys(source)
    } catch (error) {
      target.attributes = this.#thrown(error)
      return 0
    }
    let room = this.#limits.attributeCount - Object.keys(target).length
    let dropped = 0
    for (const key of keys) {
      if (isTold(key)) continue
      const name = attributeKey(key, source, target)
      const isNew = !Object.hasOwn(target, name)
      if ((isNew && room <= 0) || !this.#hasRoomFor(name)) {
        if (mayHaveValue(source, key)) dropped++
        continue
      }
      const reserve = this.#reserve()
      const value = this.#entry(name, readProperty(source, key))
      this.#bytesLeft += reserve
      if (value === undefined) continue
      target[name] = value
      if (isNew) room--
    }
    return dropped
  }

  /** Cleans one value of the record. @returns undefined for undefined: an entry without a value is left out. */
  clean(value: unknown): AnyValue | undefined {
    const reserve = this.#reserve()
    const cleaned = this.#clean(value)
    this.#bytesLeft += reserve
    return cleaned
  }

  /** Room that a value, however large, leaves to those behind it. */
  #reserve(): number {
    const reserve = Math.max(0, Math.floor(this.#bytesLeft / 4))
    this.#bytesLeft -= reserve
    return reserve
  }

  #clean(value: unknown): AnyValue | undefined {
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
        return this.#bigint(value)
      case 'symbol':
        return this.#string(String(value))
      case 'function':
        return this.#string(`[Function: ${nameOf(value)}]`)
      default:
        return value === null ? null : this.#object(value as object)
    }
  }

  /** Cleans some properties of `owner`, which need not be its own. */
  fieldsOf(owner: object, keys: readonly string[]): AnyValueMap {
    return this.#within(owner, () => this.#fields(owner, keys))
  }

  /** Cleans what every error has. @param ownKeys of the error: what the app has added. */
  errorFieldsOf(error: Error, ownKeys: readonly string[]): AnyValueMap {
    return this.#within(error, () => this.#error(error, ownKeys, []))
  }

  #within(owner: object, clean: () => AnyValueMap): AnyValueMap {
    const reserve = this.#reserve()
    this.#path.push(owner)
    try {
      return clean()
    } finally {
      this.#path.pop()
      this.#bytesLeft += reserve
    }
  }

  /** From here on `by()` stands wherever `value` does; undefined leaves it out. */
  replace(value: object, by: () => AnyValue | undefined): void {
    this.#replaced = { value, by }
  }

  #object(value: object): AnyValue | undefined {
    const depth = this.#path.length
    try {
      if (this.#replaced?.value === value) return this.#replaced.by()
      if (this.#bytesLeft <= 0) return this.#marker(SIZE_LIMIT)
      if (this.#path.includes(value)) return this.#string('[Circular]')
      if (depth >= this.#limits.depth) return this.#string('[Depth limit]')
      this.#bytesLeft -= ENTRY_BYTES
      this.#path.push(value)
      return this.#container(value)
    } catch (error) {
      return this.#thrown(error)
    } finally {
      this.#path.length = depth
    }
  }

  #container(value: object): AnyValue | undefined {
    if (Array.isArray(value)) return this.#array(value)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) {
      if (types.isDate(value)) return this.#string(isoOf(value))
      if (types.isNativeError(value) || isErrorPrototype(prototype))
        return this.#error(value as Error, Object.keys(value))
      if (ArrayBuffer.isView(value)) return this.#view(value)
      if (types.isAnyArrayBuffer(value)) return this.#bytes(new Uint8Array(value))
      if (types.isMap(value)) return this.#entries(value)
      if (types.isSet(value)) return this.#iterated(Set.prototype.values.call(value))
      if (types.isRegExp(value)) return this.#string(String(value))
      if (types.isBoxedPrimitive(value)) return this.#clean(value.valueOf())
    }
    const toJSON = readProperty(value, 'toJSON')
    const json = typeof toJSON === 'function' ? Reflect.apply(toJSON, value, ['']) : value
    // An object that stands for itself (mongoose documents do) must not count as circular.
    if (json !== value) return this.#clean(json)
    const keys = Object.keys(value)
    if (keys.length === 0 && prototype !== Object.prototype && prototype !== null) return this.#fieldless(value)
    if (!keys.includes('toJSON')) return this.#fields(value, keys)
    // It has been read, which may have run code of the app.
    const fields = this.#fields(
      value,
      keys.filter((key) => key !== 'toJSON'),
    )
    const cleaned = this.#clean(toJSON)
    return cleaned === undefined ? fields : { ...fields, toJSON: cleaned }
  }

  /** Where no property shows the state of an object, an empty one would hide what it is. */
  #fieldless(value: object): AnyValue {
    const kind = Object.prototype.toString.call(value).slice('[object '.length, -1)
    return kind === 'Object' ? {} : this.#string(`[${kind}]`)
  }

  #fields(owner: object, keys: readonly string[]): AnyValueMap {
    const result: AnyValueMap = {}
    for (const key of keys) {
      const name = nestedKey(key, owner, result)
      if (!this.#hasRoomFor(name)) {
        result[SIZE_LIMIT] = true
        this.#bytesLeft = Math.min(0, this.#bytesLeft)
        break
      }
      const value = this.#entry(name, readProperty(owner, key))
      if (value !== undefined) result[name] = value
    }
    return result
  }

  #hasRoomFor(key: string): boolean {
    return this.#bytesLeft > 0 && key.length < this.#bytesLeft
  }

  #entry(key: string, value: unknown): AnyValue | undefined {
    this.#bytesLeft -= ENTRY_BYTES + key.length
    return this.#clean(value)
  }

  #array(values: readonly unknown[]): AnyValue[] {
    const result: AnyValue[] = []
    // Of a Proxy it is code of the app.
    const { length } = values
    for (let i = 0; i < length && this.#hasRoomIn(result); i++) this.#push(result, readProperty(values, i))
    return result
  }

  /** @param entries of an intrinsic iterator: one of the app's may never end. */
  #iterated(entries: Iterable<unknown>): AnyValue[] {
    const result: AnyValue[] = []
    for (const entry of entries) {
      if (!this.#hasRoomIn(result)) break
      this.#push(result, entry)
    }
    return result
  }

  /** Where there is none, the array ends with a word that says so. */
  #hasRoomIn(result: AnyValue[]): boolean {
    if (this.#bytesLeft <= 0) result.push(this.#marker(SIZE_LIMIT))
    return this.#bytesLeft > 0
  }

  #push(result: AnyValue[], value: unknown): void {
    this.#bytesLeft -= ENTRY_BYTES
    result.push(this.#clean(value) ?? null)
  }

  /** An object where all keys are strings, an array of pairs otherwise. */
  #entries(map: ReadonlyMap<unknown, unknown>): AnyValue {
    // Without a prototype a key called __proto__ is one like any other.
    const fields: Record<string, unknown> = Object.create(null)
    let room = this.#bytesLeft / ENTRY_BYTES
    for (const [key, value] of Map.prototype.entries.call(map)) {
      if (typeof key !== 'string') return this.#iterated(Map.prototype.entries.call(map))
      fields[key] = value
      if (--room < 0) break
    }
    return this.#fields(fields, Object.keys(fields))
  }

  /** The shape that pino's own error serializer gives, so that both ways of logging an error look the same. */
  #error(error: Error, ownKeys: readonly string[], wantedKeys = ownKeys): AnyValueMap {
    const type = this.#hasRoomFor('type') ? this.#entry('type', typeOfError(error, ownKeys)) : undefined
    const keys = new Set(['message', 'stack', 'cause', 'errors', ...wantedKeys])
    keys.delete('name')
    const { type: ownType, ...fields } = this.#fields(error, [...keys])
    return {
      ...(type !== undefined && { type }),
      ...fields,
      ...(ownType !== undefined && { _type: ownType }),
    }
  }

  #view(value: ArrayBufferView): AnyValue {
    if (types.isUint8Array(value) || types.isUint8ClampedArray(value) || types.isDataView(value)) {
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

  /** A number is exact up to 53 bits, and beyond where the last bits are zero. */
  #bigint(value: bigint): AnyValue {
    if (BigInt.asIntN(64, value) !== value) return this.#string(String(value))
    const number = Number(value)
    const isExact = BigInt(number) === value
    if (!isExact && !this.#takesBigInt) return this.#string(String(value))
    this.#bytesLeft -= ENTRY_BYTES
    return isExact ? number : value
  }

  #thrown(error: unknown): string {
    return this.#string(`[Throws: ${reasonOf(error)}]`)
  }

  #string(text: string): string {
    if (this.#bytesLeft <= 0) return this.#marker(SIZE_LIMIT)
    const room = Math.max(SIZE_LIMIT.length, this.#bytesLeft)
    const kept = cut(text, Math.min(this.#limits.attributeValueLength, room))
    this.#bytesLeft -= ENTRY_BYTES + kept.length
    return kept
  }

  /** For where no room is left to count it. */
  #marker(text: string): string {
    return cut(text, this.#limits.attributeValueLength)
  }
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
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

const never = () => false

/** An accessor is not asked: its value would not be kept. */
function mayHaveValue(owner: object, key: string): boolean {
  const property = types.isProxy(owner) ? undefined : Object.getOwnPropertyDescriptor(owner, key)
  return property === undefined || property.get !== undefined || property.value !== undefined
}

/** Well-formed, as every encoding of OTLP wants it: half of a surrogate pair becomes U+FFFD. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text.isWellFormed() ? text : text.toWellFormed()
  const last = text.charCodeAt(length - 1)
  const end = last >= 0xd800 && last <= 0xdbff ? length - 1 : length
  // Decoded anew: a slice would keep the whole text in memory.
  return Buffer.from(text.slice(0, end)).toString()
}

/** `name` where the app set one, else the class: `class HttpError extends Error` alone still says `Error` in `name`. */
function typeOfError(error: Error, ownKeys: readonly string[]): unknown {
  const name = readProperty(error, 'name')
  if ((name !== undefined && name !== 'Error') || ownKeys.includes('constructor')) return name
  try {
    const className: unknown = error.constructor.name
    return typeof className === 'string' && className !== '' ? className : name
  } catch {
    return name
  }
}

function isErrorPrototype(prototype: unknown): boolean {
  return prototype === Error.prototype || prototype instanceof Error
}

function nameOf(fn: unknown): string {
  try {
    return String((fn as { name: unknown }).name) || 'anonymous'
  } catch {
    return 'anonymous'
  }
}
