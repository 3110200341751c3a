// What the place of a log call adds to its record, where the app wants it: entries of the active Baggage, and the place
// itself.

import { type Context, propagation } from '@opentelemetry/api'
import { type Callers, codeAttributesOf } from './call-site.ts'
import { internalLog, reasonOf } from './internal-logger.ts'
import { createNameMatcher } from './name-patterns.ts'
import { aBoolean, type OptionChecks, someNames } from './options.ts'

/** What a record can be given besides its own. */
export interface EnrichmentOptions {
  /**
   * Entries of the active Baggage to copy to attributes of the same name: their keys, or globs over them (`*` is any
   * text, `?` any character). An attribute of the record's own wins. Default: none.
   */
  readonly baggage?: readonly string[]
  /**
   * Add `code.function.name`, `code.file.path`, `code.line.number` and `code.column.number` of the place where the app
   * called its logger (or `emit` of a bridge), mapped to the sources where the process has source maps enabled. It takes
   * some microseconds for each record. Default false.
   */
  readonly code?: boolean
}

export const enrichmentChecks: OptionChecks<EnrichmentOptions> = { baggage: someNames, code: aBoolean }

/** @returns undefined where nothing is to be added. */
export function enrichmentOf({ baggage = [], code = false }: EnrichmentOptions): Enrichment | undefined {
  return baggage.length > 0 || code ? new Enrichment(baggage, code) : undefined
}

export class Enrichment {
  /** Whether it wants to know the callers. */
  readonly addsCode: boolean
  readonly #isWanted: ((key: string) => boolean) | undefined

  constructor(baggage: readonly string[], code: boolean) {
    this.addsCode = code
    this.#isWanted = baggage.length > 0 ? createNameMatcher(baggage) : undefined
  }

  /**
   * Asked inside the call: the stack is read.
   *
   * @param callers by which the app may have called its logger; undefined where it did not, or nobody knows.
   * @returns values of JSON; undefined where there is nothing to add. Never throws.
   */
  attributesOf(context: Context, callers: Callers | undefined): object | undefined {
    try {
      const entries = this.#isWanted === undefined ? undefined : entriesOf(context, this.#isWanted)
      const code = this.addsCode && callers !== undefined ? codeAttributesOf(callers) : undefined
      return entries === undefined || code === undefined ? (entries ?? code) : { ...entries, ...code }
    } catch (error) {
      internalLog('warn', 'enrichment', `a record is bridged without its baggage and code: ${reasonOf(error)}`)
      return undefined
    }
  }
}

function entriesOf(context: Context, isWanted: (key: string) => boolean): object | undefined {
  const entries = propagation
    .getBaggage(context)
    ?.getAllEntries()
    .filter(([key]) => isWanted(key))
  if (entries === undefined || entries.length === 0) return undefined
  return Object.fromEntries(entries.map(([key, { value }]) => [key, value]))
}
