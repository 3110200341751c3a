// A line of JSON, as pino writes it → a record. The line is what counts: it is what redaction, serializers, formatters,
// mixins and bindings have made of the record.

import { hostname } from 'node:os'
import { type Context, isSpanContextValid, TraceFlags } from '@opentelemetry/api'
import type { RecordBridge } from './bridge.ts'
import { isSerializedError } from './exception.ts'
import { isObject } from './options.ts'
import type { GivenRecord, SourceRecord } from './record.ts'
import { severityOfName, severityOfPinoNumber } from './severity.ts'
import { hrTimeOf } from './time.ts'

/** How a logger lays out its lines: what of pino's configuration the reading depends on. */
export interface LineLayout {
  readonly messageKey: string
  readonly errorKey: string
  readonly nestedKey: string | undefined
  /** Level labels by number. */
  readonly labels: Readonly<Record<string, string>>
  /** Severity numbers by label, before the built-in ones. */
  readonly severities: Readonly<Record<string, number>> | undefined
  /** False where the loggers have no name: one that stands in its place is a field. */
  readonly hasName: boolean
}

export const DEFAULT_LAYOUT: LineLayout = {
  messageKey: 'msg',
  errorKey: 'err',
  nestedKey: undefined,
  labels: { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' },
  severities: undefined,
  hasName: true,
}

/** What is known of a line apart from its fields. */
export interface LineOrigin {
  readonly layout: LineLayout
  /** The level's number, or the name that a level formatter wrote in its place. */
  readonly level: number | string | undefined
  /** The logger's own `name`, as opposed to a field of that name. */
  readonly loggerName: string | undefined
  /** The line's own time, as opposed to a field of that name; null where it has none, undefined where unknown. */
  readonly time: string | number | null | undefined
}

type LineFields = Readonly<Record<string, unknown>>

export const PID = process.pid
export const HOSTNAME = hostname()
const TIME_KEY = /^(?:@?time(?:stamp)?|ts|date|datetime)$/i
/** pino writes level, time and bindings first: a time key stands among the first few. */
const HEAD_KEYS = 4

const STRING = String.raw`"(?:[^"\\]|\\.)*"`
const SCALAR = String.raw`(?:${STRING}|-?\d+(?:\.\d+)?)`
/** As nearly every line begins: pino's own layout, and nothing that is escaped. */
const PLAIN =
  /^\{"level":(\d+),"time":(\d+|"[^"\\]*"),"pid":\d+,"hostname":"[^"\\]*"(?:,"name":"([^"\\]*)"[,}]|(?!,"name":)[,}])/
/** The first two members of a line: as pino writes them, its level and its time. */
const HEAD = new RegExp(String.raw`^\{(${STRING}):(${SCALAR})(?:,(${STRING}):(${SCALAR}))?(?=[,}])`)
/** `name` is the last of the bindings that pino makes itself. */
const NAME = new RegExp(
  String.raw`^\{(?:${STRING}:${SCALAR},){0,${HEAD_KEYS}}"pid":\d+,"hostname":${STRING},"name":(${STRING})`,
)

/** @returns undefined where the line is no JSON object. */
function parseLine(line: string): LineFields | undefined {
  const fields = parseObject(line)
  // Whoever writes to the stream may write anything.
  if (fields !== undefined || typeof line !== 'string' || !NO_JSON_NUMBER.test(line)) return fields
  return parseObject(line.replace(TOKEN, jsonOf))
}

function parseObject(text: string): LineFields | undefined {
  try {
    const fields: unknown = JSON.parse(text)
    return isObject(fields) ? fields : undefined
  } catch {
    return undefined
  }
}

const NO_JSON_NUMBER = /Infinity|NaN/
/** A string, so that what stands in one is left alone, or a number that JSON does not have. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g

/** What pino falls back to for circular objects writes the numbers of a typed array as they are. */
function jsonOf(token: string): string {
  return token.startsWith('"') ? token : token.replace('Infinity', '1e999').replace('NaN', 'null')
}

/**
 * Bridges a line of which only `layout` is known.
 *
 * @param added attributes that the record gets besides those of the line.
 */
export function bridgeLine(
  bridge: RecordBridge,
  line: string,
  layout: LineLayout,
  context: Context,
  added?: object,
): void {
  const fields = parseLine(line)
  if (fields === undefined) {
    const origin = { layout, level: undefined, loggerName: undefined, time: null }
    bridge.read(0, undefined, context, withAdded(recordOfText, added), line, origin)
  } else {
    const origin = originOfLine(line, fields, layout)
    const { severityNumber } = levelOf(origin.level, layout)
    bridge.read(severityNumber, origin.loggerName, context, withAdded(recordOfFields, added), fields, origin)
  }
}

type ReadLine<T> = (line: T, origin: LineOrigin) => GivenRecord

function withAdded<T>(read: ReadLine<T>, added: object | undefined): ReadLine<T> {
  return added === undefined ? read : (line, origin) => ({ ...read(line, origin), added })
}

/** A line that is no JSON object is its own body. */
export function recordOfLine(line: string, origin: LineOrigin): GivenRecord {
  const fields = parseLine(line)
  if (fields === undefined) return recordOfText(line, origin)
  // Where the line says otherwise the caller's time is not its own: pino.multistream hands on that of the record that
  // was logged last, and a sibling stream may have logged one.
  const itsOwn = origin.time === null || fields.time === origin.time
  return recordOfFields(fields, itsOwn ? origin : { ...origin, time: timeOfHead(HEAD.exec(line)) ?? origin.time })
}

/** Reads what only the text of a line tells, since a field that is written twice is parsed to its last value. */
function originOfLine(line: string, fields: LineFields, layout: LineLayout): LineOrigin {
  const [, plainLevel, plainTime, plainName] = PLAIN.exec(line) ?? []
  if (plainLevel !== undefined && plainTime !== undefined) {
    const time = plainTime.startsWith('"') ? plainTime.slice(1, -1) : Number(plainTime)
    return { layout, level: Number(plainLevel), loggerName: layout.hasName ? plainName : undefined, time }
  }
  const head = HEAD.exec(line)
  return {
    layout,
    level: levelOfHead(head, layout) ?? knownLevel(fields.level, layout),
    loggerName: layout.hasName ? nameOfLine(line) : undefined,
    time: timeOfHead(head),
  }
}

/** @returns the logger's own name, where the line tells it. */
export function nameOfLine(line: string): string | undefined {
  const name = NAME.exec(line)?.[1]
  return name === undefined ? undefined : (JSON.parse(name) as string)
}

/** A formatter may have written the level under another key, or as another value. */
function levelOfHead(head: RegExpExecArray | null, layout: LineLayout): number | string | undefined {
  const [, key, text] = head ?? []
  if (key === undefined || text === undefined) return undefined
  const value = JSON.parse(text) as number | string
  if (key === '"level"') return value
  return JSON.parse(key) === layout.messageKey ? undefined : knownLevel(value, layout)
}

function timeOfHead(head: RegExpExecArray | null): string | number | null | undefined {
  const [, , , key, text] = head ?? []
  if (key === undefined || text === undefined) return undefined
  // Bindings that follow the level at once: the logger writes no time.
  if (key === '"pid"') return null
  return TIME_KEY.test(JSON.parse(key) as string) ? (JSON.parse(text) as string | number) : undefined
}

function knownLevel(value: unknown, layout: LineLayout): number | string | undefined {
  if (typeof value === 'number') return layout.labels[value] === undefined ? undefined : value
  if (typeof value !== 'string') return undefined
  return labelLike(value, layout) !== undefined || severityOfLabel(value, layout) !== undefined ? value : undefined
}

/** What a level means. */
export interface Level {
  readonly severityNumber: number
  readonly text: string | undefined
}

/** Names that formatters make up have no end. */
const MAX_LEVELS = 100

/** A logger has few levels, and they mean the same in each of its lines. */
export class Levels {
  readonly #layout: LineLayout
  readonly #known = new Map<number | string | undefined, Level>()

  constructor(layout: LineLayout) {
    this.#layout = layout
  }

  of(level: number | string | undefined): Level {
    let known = this.#known.get(level)
    if (known === undefined) {
      const text = labelOf(level, this.#layout)
      const severity = text === undefined ? undefined : severityOfLabel(text, this.#layout)
      known = { text, severityNumber: severity ?? (typeof level === 'number' ? severityOfPinoNumber(level) : 0) }
      if (this.#known.size < MAX_LEVELS) this.#known.set(level, known)
    }
    return known
  }
}

const levelsOfLayouts = new WeakMap<LineLayout, Levels>()

export function levelsOf(layout: LineLayout): Levels {
  let levels = levelsOfLayouts.get(layout)
  if (levels === undefined) {
    levels = new Levels(layout)
    levelsOfLayouts.set(layout, levels)
  }
  return levels
}

export function levelOf(level: number | string | undefined, layout: LineLayout): Level {
  return levelsOf(layout).of(level)
}

function severityOfLabel(label: string, { severities }: LineLayout): number | undefined {
  return severities !== undefined && Object.hasOwn(severities, label) ? severities[label] : severityOfName(label)
}

function labelOf(level: number | string | undefined, layout: LineLayout): string | undefined {
  if (typeof level === 'string') return labelLike(level, layout) ?? level
  return level === undefined ? undefined : layout.labels[level]
}

/** The logger's own spelling of a level's name. */
function labelLike(text: string, { labels }: LineLayout): string | undefined {
  const name = text.toLowerCase()
  return Object.values(labels).find((label) => label.toLowerCase() === name)
}

function recordOfText(line: string, origin: LineOrigin): SourceRecord {
  return {
    body: line.trimEnd(),
    severityText: levelOf(origin.level, origin.layout).text,
    loggerName: origin.loggerName,
  }
}

function recordOfFields(fields: LineFields, origin: LineOrigin): GivenRecord {
  const { layout, loggerName } = origin
  const { messageKey, errorKey, nestedKey } = layout
  const keys = Object.keys(fields)
  const firstKey = firstNameOf(keys)
  const timeKey = timeKeyOf(fields, keys, origin.time)
  const nested = nestedKey === undefined ? undefined : fields[nestedKey]
  return {
    severityText: levelOf(origin.level, layout).text,
    timestamp: origin.time ?? (timeKey === undefined ? undefined : fields[timeKey]),
    body: fields[messageKey],
    attributes: isObject(nested) ? withSpanOf(nested, fields, nestedKey as string) : fields,
    isParsed: true,
    isTold: (key) =>
      key === messageKey ||
      key === timeKey ||
      ((key === 'level' || key === firstKey) && isLevel(fields[key], origin)) ||
      isOwnBinding(key, fields[key], loggerName),
    exception: errorOf(fields[errorKey]) ?? (isObject(nested) ? errorOf(nested[errorKey]) : undefined),
    loggerName,
  }
}

/** Whether it is a binding that pino makes itself, of facts that the resource and the scope tell. */
export function isOwnBinding(key: string, value: unknown, loggerName: string | undefined): boolean {
  switch (key) {
    case 'pid':
      return value === PID
    case 'hostname':
      return value === HOSTNAME
    default:
      return key === 'name' && value === loggerName
  }
}

function isLevel(value: unknown, { level, layout }: LineOrigin): boolean {
  if (value === level) return level !== undefined
  return typeof value === 'string' && labelOf(value, layout) === levelOf(level, layout).text
}

function timeKeyOf(fields: LineFields, keys: readonly string[], time: LineOrigin['time']): string | undefined {
  if (time === null) return undefined
  if (time !== undefined && fields.time === time) return 'time'
  const head = keys.filter(isName).slice(0, HEAD_KEYS)
  if (time !== undefined) return head.find((key) => fields[key] === time)
  const key = head.find((name) => TIME_KEY.test(name)) ?? 'time'
  return hrTimeOf(fields[key]) === undefined ? undefined : key
}

function firstNameOf(keys: readonly string[]): string | undefined {
  for (const key of keys) if (isName(key)) return key
  return undefined
}

/** Engines put keys that are numbers before all others, wherever the line has them. */
function isName(key: string): boolean {
  const first = key.charCodeAt(0)
  return !(first >= 0x30 && first <= 0x39)
}

function errorOf(value: unknown): object | undefined {
  return isSerializedError(value) ? value : undefined
}

/** With `nestedKey` the fields of a mixin stand inside it. */
function withSpanOf(nested: LineFields, fields: LineFields, nestedKey: string): LineFields {
  if (!namesSpan(nested)) return fields
  const { trace_id, span_id, trace_flags, ...others } = nested
  const rest = Object.keys(others).length === 0 ? undefined : others
  return { ...fields, trace_id, span_id, trace_flags, [nestedKey]: rest }
}

function namesSpan({ trace_id: traceId, span_id: spanId }: LineFields): boolean {
  return (
    typeof traceId === 'string' &&
    typeof spanId === 'string' &&
    isSpanContextValid({ traceId, spanId, traceFlags: TraceFlags.NONE })
  )
}
