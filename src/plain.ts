// Values that are clean as they are, as nearly all values are: those of JSON, in data properties. Copying them costs a
// fraction of cleaning them (bench/topics/pino.ts), and runs no code of the app: whatever is not plain is read once, by
// the cleaner.

import { types } from 'node:util'
import type { AnyValue, AnyValueMap } from './attributes.ts'
import { isAttributeKey, isNestedKey } from './keys.ts'
import type { RecordLimits } from './limits.ts'

/** What cleaning counts for an entry and for the value in it, at most. */
const ENTRY_BYTES = 16
/** Deeper is rare, and may be circular. */
const MAX_DEPTH = 8

/** Stands for a value that has to be cleaned. */
const NOT_PLAIN = Symbol('not plain')

/** Of the copy that is being made: nothing else can run meanwhile. */
let bytesLeft = 0
let maxLength = 0
let maxDepth = 0

const MAX_KNOWN_KEYS = 1000

/** Names that an attribute can have as they are. A program has few of them and uses them all the time. */
export class PlainKeys {
  readonly #isPlain: (key: string) => boolean
  readonly #known = new Set<string>()

  /** @param isPlain what a key must be besides one that an attribute can have. */
  constructor(isPlain: (key: string) => boolean = always) {
    this.#isPlain = isPlain
  }

  has(key: string): boolean {
    if (this.#known.has(key)) return true
    if (!isAttributeKey(key) || !this.#isPlain(key)) return false
    if (this.#known.size < MAX_KNOWN_KEYS) this.#known.add(key)
    return true
  }
}

const always = () => true
const anyKeys = new PlainKeys()

/**
 * Copies the entries of `source` to `target`.
 *
 * @param room for entries: how many `target` may still get.
 * @param isTold whether an entry is told elsewhere: it is left out.
 * @returns false where cleaning would do more than copy; `target` is then unfinished.
 */
export function copyPlain(
  target: AnyValueMap,
  source: unknown,
  limits: RecordLimits,
  room: number,
  isTold?: (key: string) => boolean,
  plainKeys = anyKeys,
): boolean {
  if (typeof source !== 'object' || source === null || types.isProxy(source)) return false
  if (Array.isArray(source) || ArrayBuffer.isView(source)) return false
  const keys = Object.keys(source)
  if (keys.length > room) return false
  begin(limits)
  for (const key of keys) {
    if (isTold?.(key)) continue
    if (!plainKeys.has(key)) return false
    const value = plainProperty(source, key, 0)
    if (value === NOT_PLAIN) return false
    bytesLeft -= ENTRY_BYTES + key.length
    if (bytesLeft <= 0) return false
    if (value !== undefined) target[key] = value
  }
  return true
}

/** The same of what JSON.parse has made and nobody else holds: its values are looked at and not copied. */
export function takeParsed(
  target: AnyValueMap,
  source: object,
  limits: RecordLimits,
  room: number,
  isTold?: (key: string) => boolean,
): boolean {
  const keys = Object.keys(source)
  if (keys.length > room) return false
  begin(limits)
  for (const key of keys) {
    if (isTold?.(key)) continue
    const value = (source as AnyValueMap)[key]
    bytesLeft -= ENTRY_BYTES + key.length
    if (!anyKeys.has(key) || !isPlainParsed(value, 0) || bytesLeft <= 0) return false
    if (value !== undefined) target[key] = value
  }
  return true
}

function isPlainParsed(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return plainText(value) !== NOT_PLAIN
    case 'number':
      return isPlainNumber(value)
    case 'boolean':
    case 'undefined':
      return true
    default:
      return value === null || isPlainParsedObject(value as object, depth)
  }
}

function isPlainParsedObject(value: object, depth: number): boolean {
  if (depth >= maxDepth || bytesLeft <= 0 || 'toJSON' in value) return false
  const isMap = !Array.isArray(value)
  for (const [key, entry] of Object.entries(value)) {
    bytesLeft -= ENTRY_BYTES + (isMap ? key.length : 0)
    if (bytesLeft <= 0 || (isMap && !isNestedKey(key)) || !isPlainParsed(entry, depth + 1)) return false
  }
  return true
}

/** Whether `text` is one that cleaning would leave as it is, or none. */
export function isPlainText(text: unknown, limits: RecordLimits): text is string | undefined {
  if (typeof text !== 'string') return text === undefined
  begin(limits)
  return plainText(text) === text && bytesLeft > 0
}

/** Where body, names and attributes have an eighth each, no value comes near what cleaning leaves to it. */
function begin(limits: RecordLimits): void {
  bytesLeft = limits.recordBytes / 8
  maxLength = limits.attributeValueLength
  maxDepth = Math.min(MAX_DEPTH, limits.depth)
}

function plainProperty(owner: object, key: string | number, depth: number): AnyValue | undefined | typeof NOT_PLAIN {
  const property = Object.getOwnPropertyDescriptor(owner, key)
  if (property === undefined || property.get !== undefined) return NOT_PLAIN
  const value: unknown = property.value
  switch (typeof value) {
    case 'string':
      return plainText(value)
    case 'number':
      return isPlainNumber(value) ? value : NOT_PLAIN
    case 'boolean':
    case 'undefined':
      return value
    case 'object':
      return value === null ? null : plainObject(value, depth)
    default:
      return NOT_PLAIN
  }
}

/** Not one that JSON writes as another. */
function isPlainNumber(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0)
}

function plainText(text: string): string | typeof NOT_PLAIN {
  bytesLeft -= text.length
  return text.length <= maxLength && text.isWellFormed() ? text : NOT_PLAIN
}

function plainObject(value: object, depth: number): AnyValue | typeof NOT_PLAIN {
  if (depth >= maxDepth || bytesLeft <= 0 || types.isProxy(value)) return NOT_PLAIN
  const prototype: unknown = Object.getPrototypeOf(value)
  if (Array.isArray(value)) return prototype === Array.prototype ? plainArray(value, depth + 1) : NOT_PLAIN
  if (prototype !== Object.prototype && prototype !== null) return NOT_PLAIN
  return 'toJSON' in value ? NOT_PLAIN : plainMap(value, depth + 1)
}

function plainMap(map: object, depth: number): AnyValueMap | typeof NOT_PLAIN {
  const copy: AnyValueMap = {}
  for (const key of Object.keys(map)) {
    if (bytesLeft <= 0) return NOT_PLAIN
    if (!isNestedKey(key)) return NOT_PLAIN
    const value = plainProperty(map, key, depth)
    if (value === NOT_PLAIN) return NOT_PLAIN
    bytesLeft -= ENTRY_BYTES + key.length
    if (value !== undefined) copy[key] = value
  }
  return copy
}

function plainArray(array: readonly unknown[], depth: number): AnyValue[] | typeof NOT_PLAIN {
  if ('toJSON' in array) return NOT_PLAIN
  const copy: AnyValue[] = []
  for (let i = 0; i < array.length; i++) {
    if (bytesLeft <= 0) return NOT_PLAIN
    bytesLeft -= ENTRY_BYTES
    const value = plainProperty(array, i, depth)
    if (value === NOT_PLAIN) return NOT_PLAIN
    copy.push(value ?? null)
  }
  return copy
}
