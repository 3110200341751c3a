// A line that pino wrote → a record. The line is what counts: it is what redaction, serializers, formatters, mixins and
// bindings have made of the record.

import { hostname } from 'node:os'
import type { Context } from '@opentelemetry/api'
import type { RecordBridge, SourceRecord } from '../../src/bridge.ts'
import { type ExceptionFacts, exceptionOfSerialized } from '../../src/exception.ts'
import { isObject } from '../../src/options.ts'
import { severityOfName, severityOfPinoNumber } from '../../src/severity.ts'

/** How a logger lays out its lines: what of pino's configuration the reading depends on. */
export interface LineLayout {
  readonly messageKey: string
  readonly errorKey: string
  readonly nestedKey: string | undefined
  /** Level labels by number. */
  readonly labels: Readonly<Record<string, string>>
  /** Severity numbers by label, before the built-in ones. */
  readonly severities: Readonly<Record<string, number>> | undefined
}

export const DEFAULT_LAYOUT: LineLayout = {
  messageKey: 'msg',
  errorKey: 'err',
  nestedKey: undefined,
  labels: { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' },
  severities: undefined,
}

/** What is known of a line apart from its fields. */
export interface LineOrigin {
  readonly layout: LineLayout
  /** The level's number, or the name that a level formatter wrote in its place. */
  readonly level: number | string | undefined
  /** The logger's own `name`, as opposed to a field of that name. */
  readonly loggerName: string | undefined
  /** The value of the line's time, where the caller knows it; null where the line has none. */
  readonly time: string | number | null | undefined
}

export type LineFields = Readonly<Record<string, unknown>>

const PID = process.pid
const HOSTNAME = hostname()
/** Fields of a serialized error that the exception attributes carry. */
const EXCEPTION_FIELDS = new Set(['type', 'name', 'message', 'stack'])
const TIME_KEY = /^(?:@?time(?:stamp)?|ts|date|datetime)$/i
/** pino writes level, time and bindings first: a time key stands among the first few. */
const HEAD_KEYS = 4

/** @returns undefined where the line is no JSON object. */
function parseLine(line: string): LineFields | undefined {
  try {
    const fields: unknown = JSON.parse(line)
    return isObject(fields) ? fields : undefined
  } catch {
    return undefined
  }
}

/** Bridges a line of which only `layout` is known. */
export function bridgeLine(
  bridge: RecordBridge,
  line: string,
  layout: LineLayout,
  contextOf: (fields: LineFields) => Context,
): void {
  const fields = parseLine(line) ?? {}
  const origin = originOfLine(line, fields, layout)
  const severityNumber = severityNumberOf(origin.level, layout)
  bridge.read(severityNumber, origin.loggerName, contextOf(fields), recordOfLine, line, origin)
}

/** A line that is no JSON object is its own body. */
export function recordOfLine(line: string, origin: LineOrigin): SourceRecord {
  const fields = parseLine(line)
  return fields === undefined ? recordOfText(line, origin) : recordOfFields(fields, origin)
}

/** Reads what only the text of a line tells, since a field that is written twice is parsed to its last value. */
function originOfLine(line: string, fields: LineFields, layout: LineLayout): LineOrigin {
  const level = /^\{"level":(\d+(?:\.\d+)?)[,}]/.exec(line)?.[1]
  const name = /^\{[^{}[\]]*?"hostname":"[^"]*","name":("(?:[^"\\]|\\.)*")/.exec(line)?.[1]
  return {
    layout,
    level: level === undefined ? levelOfFields(fields, layout) : Number(level),
    loggerName: name === undefined ? undefined : (JSON.parse(name) as string),
    time: undefined,
  }
}

export function severityNumberOf(level: number | string | undefined, layout: LineLayout): number {
  const label = labelOf(level, layout)
  if (label !== undefined) {
    const severity = layout.severities?.[label] ?? severityOfName(label)
    if (severity !== undefined) return severity
  }
  return typeof level === 'number' ? severityOfPinoNumber(level) : 0
}

function recordOfText(line: string, origin: LineOrigin): SourceRecord {
  return { body: line.trimEnd(), severityText: labelOf(origin.level, origin.layout), loggerName: origin.loggerName }
}

function recordOfFields(fields: LineFields, origin: LineOrigin): SourceRecord {
  const { layout, loggerName } = origin
  const timeKey = timeKeyOf(fields, origin.time)
  // Without a prototype a field called __proto__ is a field like any other.
  const attributes: Record<string, unknown> = Object.create(null)
  let exception: ExceptionFacts | undefined
  for (const key of Object.keys(fields)) {
    const value = fields[key]
    if (key === layout.messageKey || key === timeKey) continue
    if (key === 'level' && isLevel(value, origin)) continue
    if ((key === 'pid' && value === PID) || (key === 'hostname' && value === HOSTNAME)) continue
    if (key === 'name' && value === loggerName) continue
    if (key === layout.errorKey) exception ??= takeException(attributes, key, value)
    else if (key === layout.nestedKey && isObject(value)) exception ??= takeNested(attributes, key, value, layout)
    else attributes[key] = value
  }
  return {
    severityText: labelOf(origin.level, layout),
    timestamp: timeKey === undefined ? undefined : fields[timeKey],
    body: fields[layout.messageKey],
    attributes,
    exception,
    loggerName,
  }
}

function labelOf(level: number | string | undefined, { labels }: LineLayout): string | undefined {
  if (typeof level !== 'string') return level === undefined ? undefined : labels[level]
  const name = level.toLowerCase()
  return Object.values(labels).find((label) => label.toLowerCase() === name) ?? level
}

/** A formatter may have written the level under another key, which pino puts first, or as another value. */
function levelOfFields(fields: LineFields, layout: LineLayout): number | string | undefined {
  const level = fields.level ?? fields[Object.keys(fields)[0] ?? '']
  if (typeof level === 'number') return level
  if (typeof level !== 'string') return undefined
  const label = labelOf(level, layout)
  return label !== level || severityOfName(level) !== undefined ? level : undefined
}

function isLevel(value: unknown, { level, layout }: LineOrigin): boolean {
  if (value === level) return true
  return typeof value === 'string' && labelOf(value, layout) === labelOf(level, layout)
}

function timeKeyOf(fields: LineFields, time: LineOrigin['time']): string | undefined {
  if (time === null) return undefined
  if (time === undefined && 'time' in fields) return 'time'
  return Object.keys(fields)
    .slice(0, HEAD_KEYS)
    .find((key) => (time === undefined ? TIME_KEY.test(key) : fields[key] === time))
}

function takeException(attributes: Record<string, unknown>, key: string, value: unknown): ExceptionFacts | undefined {
  const exception = exceptionOfSerialized(value)
  if (exception === undefined) {
    attributes[key] = value
    return undefined
  }
  const further = Object.entries(value as object).filter(([field]) => !EXCEPTION_FIELDS.has(field))
  if (further.length > 0) attributes[key] = Object.fromEntries(further)
  return exception
}

/** With `nestedKey` an error and the fields of a mixin stand inside it. */
function takeNested(
  attributes: Record<string, unknown>,
  nestedKey: string,
  value: LineFields,
  layout: LineLayout,
): ExceptionFacts | undefined {
  const nested: Record<string, unknown> = Object.create(null)
  let exception: ExceptionFacts | undefined
  for (const [key, entry] of Object.entries(value)) {
    if (key === layout.errorKey) exception = takeException(nested, key, entry)
    else if (key === 'trace_id' || key === 'span_id' || key === 'trace_flags') attributes[key] = entry
    else nested[key] = entry
  }
  if (Object.keys(nested).length > 0) attributes[nestedKey] = nested
  return exception
}
