// What the place of a log call says of its record, for the forms whose records are read in another thread.

import { type Context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { isHex } from '../../src/pipeline/json-grammar.ts'
import { currentScope } from '../../src/scope.ts'
import { heldBackBy } from '../../src/suppression.ts'
import { traceFieldsOf } from '../../src/trace-fields.ts'

/** Why a record logged here must not be bridged; undefined where it may. */
export function heldBackHere(active: Context, honorSuppressTracing: boolean): 'reentrant' | 'suppressed' | undefined {
  return heldBackBy(currentScope(), active, honorSuppressTracing)
}

/** Control characters: no line that pino writes begins with one. */
const SPAN_MARK = '\u0001'
const TEXT_MARK = '\u0002'
// biome-ignore lint/suspicious/noControlCharactersInRegex: the mark is one
const SPAN = /^\u0001([0-9a-f]{32})([0-9a-f]{16})([0-9a-f]{2})/i
const SPAN_BYTE = SPAN_MARK.charCodeAt(0)
const SPAN_DIGITS = 32 + 16 + 2
const SPAN_LENGTH = 1 + SPAN_DIGITS

/**
 * The line as it crosses to the thread: behind the span of `active`, so that no field of the app's is touched, and as
 * exactly one line, whatever a `streamWrite` hook has made of it.
 */
export function packLine(line: string, active: Context): string {
  const fields = traceFieldsOf(active)
  const text = isOneLine(line) ? line : `${TEXT_MARK}${JSON.stringify(line)}\n`
  return fields === undefined ? text : `${SPAN_MARK}${fields.trace_id}${fields.span_id}${fields.trace_flags}${text}`
}

/** @returns the line that was packed, and the Context that it was logged in. A line that was not packed is itself. */
export function unpackLine(packed: string): { line: string; context: Context } {
  const span = SPAN.exec(packed)
  const line = span === null ? packed : packed.slice(SPAN_LENGTH)
  return {
    line: line.startsWith(TEXT_MARK) ? textOf(line) : line,
    context: span === null ? ROOT_CONTEXT : contextOfSpan(span),
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

function isOneLine(line: string): boolean {
  return line.length > 1 && line.indexOf('\n') === line.length - 1
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
