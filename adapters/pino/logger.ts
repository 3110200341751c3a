// What pino's metadata tells of the logger that a line came from. pino keeps it under private symbols, which are found
// by their descriptions.

import { type AnyValueMap, readProperty, textOf } from '../../src/attributes.ts'
import { tellOfDuplicateRoute } from '../../src/duplicate-route.ts'
import {
  DEFAULT_LAYOUT,
  isOwnBinding,
  type Levels,
  type LineLayout,
  levelsOf,
  nameOfLine,
} from '../../src/json-line.ts'
import { isObject } from '../../src/options.ts'
import { type LineReading, type PackedReading, packReading } from '../../src/pipeline/packed-line.ts'
import { copyPlain, PlainKeys } from '../../src/plain.ts'
import { isOfLine, type PlainLogger } from './object.ts'

/** Where a destination has this, pino tells it of each call: `lastLogger`, `lastObj` and others. */
export const METADATA: unique symbol = Symbol.for('pino.metadata')

/** A pino logger, as a destination with metadata gets it. */
export type PinoLogger = object & { levels?: { labels?: Readonly<Record<string, string>> } }

export interface LoggerFacts {
  readonly layout: LineLayout
  readonly levels: Levels
  /** The logger's `name`, from its bindings. */
  readonly name: string | undefined
  /** Where the object that is logged tells all that the line does. */
  readonly plain: PlainLogger | undefined
  /** How the line is to be read where it tells all that the logger does. */
  readonly reading: PackedReading | undefined
}

/** Options of the bridge that the lines are read for. */
interface ReaderOptions extends Omit<LineReading, 'layout'> {
  readonly severities: LineLayout['severities']
}

interface CachedFacts extends LoggerFacts {
  readonly bindings: string
}

/** pino's, of redacted fields: by the first key of a path. */
type Stringifiers = Readonly<Record<string | symbol, unknown>>

type PinoSymbol =
  | 'asJson'
  | 'chindings'
  | 'errorKey'
  | 'formatters'
  | 'hooks'
  | 'lsCache'
  | 'messageKey'
  | 'nestedKey'
  | 'serializers'
  | 'stream'
  | 'stringifiers'
  | 'time'

/** Reads each logger's facts once, and again when its bindings have changed. */
export class LoggerReader {
  readonly #destination: object
  readonly #options: ReaderOptions
  readonly #facts = new WeakMap<object, CachedFacts>()
  /** Of the logger that was read last: children have that of their parent. */
  #layout: LineLayout | undefined
  #readings: { layout: LineLayout; named: PackedReading; nameless: PackedReading } | undefined
  #keys: { serializers: object; stringifiers: Stringifiers; layout: LineLayout; keys: PlainKeys } | undefined

  /** @param destination of the loggers. */
  constructor(destination: object, options: ReaderOptions) {
    this.#destination = destination
    this.#options = options
  }

  factsOf(logger: PinoLogger): LoggerFacts {
    const bindings = propertyOf(logger, 'chindings')
    const cached = this.#facts.get(logger)
    if (cached !== undefined && cached.bindings === bindings) return cached
    const facts = this.#read(logger, String(bindings ?? ''), cached?.layout ?? this.#layoutOf(logger))
    this.#facts.set(logger, facts)
    return facts
  }

  #read(logger: PinoLogger, bindings: string, layout: LineLayout): CachedFacts {
    tellIfContribSends(logger)
    const fields = fieldsOf(bindings)
    const name = textOf(fields?.name)
    const facts = { bindings, layout, levels: levelsOf(layout), name }
    if (fields === undefined || !this.#isDirect(logger)) return { ...facts, plain: undefined, reading: undefined }
    return {
      ...facts,
      plain: this.#isPlain(logger, layout) ? this.#plain(logger, layout, fields) : undefined,
      reading: isToldByLine(logger, bindings, name, layout) ? this.#readingOf(layout, name !== undefined) : undefined,
    }
  }

  #layoutOf(logger: PinoLogger): LineLayout {
    const last = this.#layout
    const messageKey = textOf(propertyOf(logger, 'messageKey')) ?? DEFAULT_LAYOUT.messageKey
    const errorKey = textOf(propertyOf(logger, 'errorKey')) ?? DEFAULT_LAYOUT.errorKey
    const nestedKey = textOf(propertyOf(logger, 'nestedKey'))
    const labels = logger.levels?.labels ?? DEFAULT_LAYOUT.labels
    const isSame =
      messageKey === last?.messageKey &&
      errorKey === last.errorKey &&
      nestedKey === last.nestedKey &&
      labels === last.labels
    if (isSame) return last
    this.#layout = { messageKey, errorKey, nestedKey, labels, severities: this.#options.severities, hasName: true }
    return this.#layout
  }

  /** Whether pino itself makes the line, and nothing stands between the line and the destination. */
  #isDirect(logger: PinoLogger): boolean {
    const asJson = propertyOf(logger, 'asJson')
    return (
      propertyOf(logger, 'stream') === this.#destination &&
      fieldOf(logger, 'hooks', 'streamWrite') === undefined &&
      typeof asJson === 'function' &&
      asJson.name === 'asJson' &&
      hasPlainLevels(propertyOf(logger, 'lsCache'))
    )
  }

  /** Whether nothing stands between the object that is logged and the line. */
  #isPlain(logger: PinoLogger, { messageKey, nestedKey }: LineLayout): boolean {
    const stringifiers = propertyOf(logger, 'stringifiers')
    return (
      nestedKey === undefined &&
      isObject(stringifiers) &&
      !redactsAnyKey(stringifiers) &&
      stringifiers[messageKey] === undefined &&
      fieldOf(logger, 'serializers', messageKey) === undefined &&
      fieldOf(logger, 'formatters', 'log') === undefined
    )
  }

  #readingOf(layout: LineLayout, hasName: boolean): PackedReading {
    if (this.#readings?.layout !== layout) {
      const read = (hasName: boolean) => packReading({ ...this.#options, layout: { ...layout, hasName } })
      this.#readings = { layout, named: read(true), nameless: read(false) }
    }
    return hasName ? this.#readings.named : this.#readings.nameless
  }

  #plain(logger: PinoLogger, layout: LineLayout, fields: Record<string, unknown>): PlainLogger | undefined {
    const serializers = propertyOf(logger, 'serializers')
    const { limits } = this.#options
    const { attributeCount } = limits
    const bindings: AnyValueMap = {}
    const isOwn = (key: string) => isOwnBinding(key, fields[key], textOf(fields.name))
    if (!isObject(serializers) || !copyPlain(bindings, fields, limits, attributeCount, isOwn)) return undefined
    for (const [key, value] of Object.entries(bindings)) {
      // An object would be shared by all records of the logger.
      if (isOfLine(key, layout) || typeof value === 'object') return undefined
    }
    const keys = this.#keysOf(serializers, propertyOf(logger, 'stringifiers') as Stringifiers, layout)
    return { bindings, room: attributeCount - Object.keys(bindings).length, keys }
  }

  /** What serializers and redaction make of a field, only the line tells. */
  #keysOf(serializers: Record<string, unknown>, stringifiers: Stringifiers, layout: LineLayout): PlainKeys {
    const last = this.#keys
    if (last?.serializers === serializers && last.stringifiers === stringifiers && last.layout === layout)
      return last.keys
    const isWritten = (key: string) => serializers[key] === undefined && stringifiers[key] === undefined
    const keys = new PlainKeys((key) => !isOfLine(key, layout) && isWritten(key))
    this.#keys = { serializers, stringifiers, layout, keys }
    return keys
  }
}

const boundKeys = new WeakMap<object, { readonly bindings: unknown; readonly keys: ReadonlySet<string> }>()

/** @returns the names of the logger's bindings. */
export function boundKeysOf(logger: PinoLogger): ReadonlySet<string> {
  const bindings = propertyOf(logger, 'chindings')
  let known = boundKeys.get(logger)
  if (known?.bindings !== bindings || known === undefined) {
    known = { bindings, keys: new Set(Object.keys(fieldsOf(String(bindings ?? '')) ?? {})) }
    boundKeys.set(logger, known)
  }
  return known.keys
}

/** Says so, once, where `@opentelemetry/instrumentation-pino` has put a stream of its own beside the logger's. */
export function tellIfContribSends(logger: object): void {
  const destination = propertyOf(logger, 'stream')
  const streams = isObject(destination) ? readProperty(destination, 'streams') : undefined
  if (!Array.isArray(streams)) return
  const destinations = streams.map((entry) => isObject(entry) && readProperty(entry, 'stream'))
  tellOfDuplicateRoute('@opentelemetry/instrumentation-pino', 'OTelPinoStream', destinations)
}

/** Whether a line with these bindings tells the logger's name and the time, and UTF-8 has what it is read by. */
function isToldByLine(logger: PinoLogger, bindings: string, name: string | undefined, layout: LineLayout): boolean {
  const { messageKey, errorKey, nestedKey = '' } = layout
  const texts = [name ?? '', messageKey, errorKey, nestedKey]
  const isNamed = name === undefined || nameOfLine(`{"level":30,"time":1${bindings}}`) === name
  return isNamed && hasTimeOfPino(logger) && texts.every((text) => text.isWellFormed())
}

const TIME_FUNCTIONS = ['epochTime', 'unixTime', 'isoTime', 'isoTimeNano']

/** A `timestamp` function of the app's may give the field any name. */
function hasTimeOfPino(logger: PinoLogger): boolean {
  const time = propertyOf(logger, 'time')
  return typeof time === 'function' && TIME_FUNCTIONS.includes(time.name) && /^,"time":("[^"]+"|\d+)$/.test(time())
}

/** pino keeps bindings as JSON that is already joined: `,"pid":1,"name":"app"`. */
function fieldsOf(bindings: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(`{${bindings.slice(1)}}`) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** Paths that begin with `*` stand under a symbol, as does what is for messages with objects in them. */
function redactsAnyKey(stringifiers: Stringifiers): boolean {
  return Object.getOwnPropertySymbols(stringifiers).some(({ description }) => description !== 'pino.redactFmt')
}

/** A level formatter may write anything in the level's place. */
function hasPlainLevels(lsCache: unknown): boolean {
  return isObject(lsCache) && Object.entries(lsCache).every(([level, head]) => head === `{"level":${level}`)
}

function fieldOf(logger: PinoLogger, name: PinoSymbol, key: string): unknown {
  const holder = propertyOf(logger, name)
  return isObject(holder) ? holder[key] : undefined
}

/** The symbols of the pino copy that was seen last: an app has one, rarely two. */
const symbols: { [name in PinoSymbol]?: symbol } = {}

function propertyOf(logger: PinoLogger, name: PinoSymbol): unknown {
  const known = symbols[name]
  const value = known === undefined ? undefined : (logger as Record<symbol, unknown>)[known]
  if (value !== undefined) return value
  for (let holder: object | null = logger; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const found = Object.getOwnPropertySymbols(holder).find(({ description }) => description === `pino.${name}`)
    if (found === undefined) continue
    symbols[name] = found
    return (logger as Record<symbol, unknown>)[found]
  }
  return undefined
}
