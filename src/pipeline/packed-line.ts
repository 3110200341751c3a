// A line of pino's as it crosses to another thread: behind what only the place of the call can tell.

import { type Context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { DEFAULT_LAYOUT, type LineLayout } from '../json-line.ts'
import { DEFAULT_LIMITS, type RecordLimits } from '../limits.ts'
import { isObject } from '../options.ts'
import { traceFieldsOf } from '../trace-fields.ts'
import { isHex } from './json-grammar.ts'

/** Control characters: no line that pino writes begins with one. */
const SPAN_MARK = '\u0001'
const TEXT_MARK = '\u0002'
const READING_MARK = '\u0003'
const ADDED_MARK = '\u0004'
/** Whether a field `name` of the line is the logger's. */
const NAMED = 'n'
const NAMELESS = '-'
// biome-ignore lint/suspicious/noControlCharactersInRegex: the mark is one
const SPAN = /^\u0001([0-9a-f]{32})([0-9a-f]{16})([0-9a-f]{2})/i
// biome-ignore lint/suspicious/noControlCharactersInRegex: the marks are such
const ADDED = /^\u0004([^\u0004]*)\u0004/
// biome-ignore lint/suspicious/noControlCharactersInRegex: the marks are such
const PREFIX = /^(?:\u0003[^\u0003]*\u0003)?(?:\u0001[0-9a-f]{50})?(?:\u0004[^\u0004]*\u0004)?/i
const SPAN_BYTE = SPAN_MARK.charCodeAt(0)
const READING_BYTE = READING_MARK.charCodeAt(0)
const SPAN_DIGITS = 32 + 16 + 2
const SPAN_LENGTH = 1 + SPAN_DIGITS

/**
 * The line as it crosses to the thread: behind the span of `active`, so that no field of the app's is touched.
 *
 * @param added attributes that its record gets besides its own, as JSON has them.
 */
export function packLine(line: string, active: Context, added?: object): string {
  const fields = traceFieldsOf(active)
  const rest = added === undefined ? line : `${ADDED_MARK}${JSON.stringify(added)}${ADDED_MARK}${line}`
  return fields === undefined ? rest : `${SPAN_MARK}${fields.trace_id}${fields.span_id}${fields.trace_flags}${rest}`
}

/** @returns a packed line as one that has a line feed at its end alone, whatever a `streamWrite` hook has made of it. */
export function asOneLine(packed: string): string {
  const start = PREFIX.exec(packed)?.[0].length ?? 0
  return `${packed.slice(0, start)}${TEXT_MARK}${JSON.stringify(packed.slice(start))}\n`
}

/** What {@link packLine} was given. */
interface UnpackedLine {
  readonly line: string
  readonly context: Context
  readonly added: object | undefined
}

/** A line that was not packed is itself. */
export function unpackLine(packed: string): UnpackedLine {
  const span = SPAN.exec(packed)
  const rest = span === null ? packed : packed.slice(SPAN_LENGTH)
  const added = addedOf(rest)
  const line = added === undefined ? rest : rest.slice(added.length)
  return {
    line: line.startsWith(TEXT_MARK) ? textOf(line) : line,
    context: span === null ? ROOT_CONTEXT : contextOfSpan(span),
    added: added?.attributes,
  }
}

/** @returns undefined also where it is a line of the app's that only looks like one: it has no JSON there. */
function addedOf(packed: string): { attributes: object; length: number } | undefined {
  const [marked, text] = packed.startsWith(ADDED_MARK) ? (ADDED.exec(packed) ?? []) : []
  if (marked === undefined || text === undefined) return undefined
  try {
    const attributes: unknown = JSON.parse(text)
    return isObject(attributes) ? { attributes, length: marked.length } : undefined
  } catch {
    return undefined
  }
}

/** @returns where the digits of the span stand that a packed line begins with; 0 where it begins with none. */
export function spanOf(bytes: Uint8Array, start: number): number {
  return bytes[start] === SPAN_BYTE && isHex(bytes, start + 1, SPAN_DIGITS) ? start + 1 : 0
}

/** Behind its span. */
export function startOfLine(start: number, span: number): number {
  return span === 0 ? start : span + SPAN_DIGITS
}

/** How a bridge reads the lines of its loggers. Where the thread reads them in its place, each is packed behind it. */
export interface LineReading {
  readonly scopeName: string | undefined
  readonly scopeVersion: string | undefined
  readonly schemaUrl: string | undefined
  readonly layout: LineLayout
  readonly limits: RecordLimits
}

export interface PackedReading {
  readonly text: string
  readonly limits: RecordLimits
}

/** As nearly all lines are read it takes three bytes. */
export function packReading({ scopeName, scopeVersion, schemaUrl, layout, limits }: LineReading): PackedReading {
  const { hasName, ...keys } = layout
  const packed = {
    scopeName,
    scopeVersion,
    schemaUrl,
    layout: differences(keys, DEFAULT_LAYOUT),
    limits: differences(limits, DEFAULT_LIMITS),
  }
  const isUsual = Object.values(packed).every((value) => value === undefined)
  const text = `${hasName ? NAMED : NAMELESS}${isUsual ? '' : JSON.stringify(packed)}`
  return { text: `${READING_MARK}${text}${READING_MARK}`, limits }
}

/** @returns behind what {@link packReading} made; `start` where the line has none. */
export function endOfReading(bytes: Uint8Array, start: number): number {
  const end = bytes[start] === READING_BYTE ? bytes.indexOf(READING_BYTE, start + 1) : -1
  return end === -1 ? start : end + 1
}

export function unpackReading(packed: string): LineReading {
  const text = packed.slice(1, -1)
  const { scopeName, scopeVersion, schemaUrl, layout, limits } = JSON.parse(text.slice(1) || '{}', infinite)
  return {
    scopeName,
    scopeVersion,
    schemaUrl,
    layout: { ...DEFAULT_LAYOUT, ...layout, hasName: text.startsWith(NAMED) },
    limits: { ...DEFAULT_LIMITS, ...limits },
  }
}

/** @returns undefined where there is none. */
function differences<T extends object>(value: T, usual: T): Partial<T> | undefined {
  const own = Object.entries(value).filter(
    ([key, entry]) => JSON.stringify(entry) !== JSON.stringify(usual[key as keyof T]),
  )
  return own.length === 0 ? undefined : (Object.fromEntries(own) as Partial<T>)
}

/** JSON has no infinity, and nothing else here is null. */
function infinite(_key: string, value: unknown): unknown {
  return value === null ? Number.POSITIVE_INFINITY : value
}

function textOf(line: string): string {
  try {
    return String(JSON.parse(line.slice(TEXT_MARK.length)))
  } catch {
    return line
  }
}

function contextOfSpan([, traceId = '', spanId = '', flags = '']: RegExpExecArray): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true })
}
