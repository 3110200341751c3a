// A log record as a line of JSON, for the way to another thread. JSON has no bytes, no NaN, no infinities, no -0 and no
// bigint: they travel in a tag.

import type { AnyValue, AnyValueMap } from '../attributes.ts'
import type { HrTime } from '../time.ts'

/** A record with its instrumentation scope and span, all of it plain values. */
export interface RecordLine {
  readonly scope: {
    readonly name: string
    readonly version?: string | undefined
    readonly schemaUrl?: string | undefined
  }
  readonly timestamp: HrTime
  readonly observedTimestamp: HrTime
  readonly severityNumber: number
  readonly severityText?: string | undefined
  readonly body?: AnyValue | undefined
  readonly attributes: AnyValueMap
  readonly eventName?: string | undefined
  readonly droppedAttributesCount?: number | undefined
  readonly span?: { readonly traceId: string; readonly spanId: string; readonly traceFlags: number } | undefined
}

/**
 * The only key of a tag; data that looks like one is tagged itself. JSON does not escape it: Node 24's JSON.parse takes
 * any single escaped character for a backslash, once it has seen a key that is one.
 */
const TAG = '\u007f'

/** @param isPlain where no value is one that JSON does not have. */
export function packRecord(record: RecordLine, isPlain = false): string {
  const { body } = record
  const attributes = JSON.stringify(isPlain ? record.attributes : pack(record.attributes))
  // A tag's name may be the app's too.
  if (isPlain && attributes.includes(`"${TAG}":`)) return packRecord(record)
  // By hand: for JSON.stringify the rest would take as long as the attributes do (bench/topics/ladder.ts).
  let line = `{"scope":${scopeText(record.scope)},"timestamp":${hrTimeText(record.timestamp)}`
  line += `,"observedTimestamp":${hrTimeText(record.observedTimestamp)},"severityNumber":${record.severityNumber}`
  line += `,"attributes":${attributes}`
  line += field('body', isPlain || body === undefined ? body : pack(body))
  line += field('severityText', record.severityText)
  line += field('eventName', record.eventName)
  line += field('droppedAttributesCount', record.droppedAttributesCount)
  line += field('span', record.span)
  return `${line}}\n`
}

/** @param value of JSON; nothing is written for undefined. */
function field(name: string, value: unknown): string {
  return value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`
}

function hrTimeText([seconds, nanoseconds]: HrTime): string {
  return `[${seconds},${nanoseconds}]`
}

const scopes = new WeakMap<RecordLine['scope'], string>()

function scopeText(scope: RecordLine['scope']): string {
  let text = scopes.get(scope)
  if (text === undefined) {
    text = JSON.stringify(scope)
    scopes.set(scope, text)
  }
  return text
}

/** @throws where `line` is none that {@link packRecord} made. */
export function unpackRecord(line: string): RecordLine {
  const record = JSON.parse(line) as RecordLine
  if (!line.includes(`"${TAG}":`)) return record
  const { body, attributes } = record
  return { ...record, body: body && unpack(body), attributes: unpack(attributes) as AnyValueMap }
}

/** @returns the value itself where JSON can carry it. */
function pack(value: AnyValue): AnyValue {
  if (typeof value === 'number') {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value
    return { [TAG]: Object.is(value, -0) ? '-0' : String(value) }
  }
  if (typeof value === 'bigint') return { [TAG]: `${value}n` }
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array)
    return { [TAG]: [Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')] }
  if (Array.isArray(value)) {
    const packed = value.map(pack)
    return packed.every((entry, i) => entry === value[i]) ? value : packed
  }
  let packed: AnyValueMap | undefined
  for (const [key, entry] of Object.entries(value)) {
    const packedEntry = pack(entry)
    if (packedEntry === entry) continue
    packed ??= { ...value }
    packed[key] = packedEntry
  }
  return Object.hasOwn(value, TAG) ? { [TAG]: { value: packed ?? value } } : (packed ?? value)
}

function unpack(value: AnyValue): AnyValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(unpack)
  const map = value as AnyValueMap
  if (!Object.hasOwn(map, TAG)) return unpackEntries(map)
  const tagged = map[TAG] as string | [string] | { value: AnyValueMap }
  if (typeof tagged === 'string') return tagged.endsWith('n') ? BigInt(tagged.slice(0, -1)) : Number(tagged)
  if (Array.isArray(tagged)) return new Uint8Array(Buffer.from(tagged[0], 'base64'))
  return unpackEntries(tagged.value)
}

function unpackEntries(map: AnyValueMap): AnyValueMap {
  return Object.fromEntries(Object.entries(map).map(([key, entry]) => [key, unpack(entry)]))
}
