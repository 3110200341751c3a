// What pino's metadata tells of the logger that a line came from. pino keeps it under private symbols, which are found
// by their descriptions.

import { DEFAULT_LAYOUT, type LineLayout } from '../../src/json-line.ts'

/** A pino logger, as a destination with metadata gets it. */
export type PinoLogger = object & { levels?: { labels?: Readonly<Record<string, string>> } }

export interface LoggerFacts {
  readonly layout: LineLayout
  /** The logger's `name`, from its bindings. */
  readonly name: string | undefined
}

interface CachedFacts extends LoggerFacts {
  readonly bindings: string
}

type PinoSymbol = 'chindings' | 'messageKey' | 'errorKey' | 'nestedKey'

/** Reads each logger's facts once, and again when its bindings have changed. */
export class LoggerReader {
  readonly #severities: Readonly<Record<string, number>> | undefined
  readonly #facts = new WeakMap<object, CachedFacts>()

  constructor(severities: Readonly<Record<string, number>> | undefined) {
    this.#severities = severities
  }

  factsOf(logger: PinoLogger): LoggerFacts {
    const bindings = String(propertyOf(logger, 'chindings') ?? '')
    const cached = this.#facts.get(logger)
    if (cached !== undefined && cached.bindings === bindings) return cached
    const facts = { bindings, name: nameOfBindings(bindings), layout: cached?.layout ?? this.#layoutOf(logger) }
    this.#facts.set(logger, facts)
    return facts
  }

  #layoutOf(logger: PinoLogger): LineLayout {
    return {
      messageKey: textOf(logger, 'messageKey') ?? DEFAULT_LAYOUT.messageKey,
      errorKey: textOf(logger, 'errorKey') ?? DEFAULT_LAYOUT.errorKey,
      nestedKey: textOf(logger, 'nestedKey'),
      labels: logger.levels?.labels ?? DEFAULT_LAYOUT.labels,
      severities: this.#severities,
    }
  }
}

/** pino keeps bindings as JSON that is already joined: `,"pid":1,"name":"app"`. */
function nameOfBindings(bindings: string): string | undefined {
  if (!bindings.includes('"name":')) return undefined
  try {
    const { name } = JSON.parse(`{${bindings.slice(1)}}`) as { name?: unknown }
    return typeof name === 'string' ? name : undefined
  } catch {
    return undefined
  }
}

function textOf(logger: PinoLogger, name: PinoSymbol): string | undefined {
  const value = propertyOf(logger, name)
  return typeof value === 'string' ? value : undefined
}

/** The symbols of the pino copy that was seen last: an app has one, rarely two. */
const symbols = new Map<PinoSymbol, symbol>()

function propertyOf(logger: PinoLogger, name: PinoSymbol): unknown {
  const known = symbols.get(name)
  if (known !== undefined && known in logger) return (logger as Record<symbol, unknown>)[known]
  for (let holder: object | null = logger; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const found = Object.getOwnPropertySymbols(holder).find(({ description }) => description === `pino.${name}`)
    if (found === undefined) continue
    symbols.set(name, found)
    return (logger as Record<symbol, unknown>)[found]
  }
  return undefined
}
