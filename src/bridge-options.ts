// What every form of the bridge can be told.

import type { OnDrop } from './drop.ts'
import { type EnrichmentOptions, enrichmentChecks } from './enrichment.ts'
import type { RecordLimits } from './limits.ts'
import {
  aBoolean,
  aCount,
  aFunction,
  aString,
  isObject,
  namePatterns,
  type OptionChecks,
  severityTable,
} from './options.ts'
import type { LoggerProvider } from './provider.ts'

/** Options that every form of the bridge takes. */
export interface BridgeOptions extends EnrichmentOptions {
  /** Where records go. Default: the global provider of either API generation, whenever it is registered. */
  readonly loggerProvider?: LoggerProvider
  /** Instrumentation scope of the records. Default: the logger's own name, else `otel-log-bridge`. */
  readonly scopeName?: string
  readonly scopeVersion?: string
  /** Of the telemetry schema that the records follow: the instrumentation scope's schema URL. */
  readonly schemaUrl?: string
  /** What one record may hold; see {@link RecordLimits} for units and defaults. */
  readonly limits?: Partial<RecordLimits>
  /**
   * Bridge only loggers with these names. A string with `*` (any text) or `?` (any character) is a glob over the whole
   * name, another one the name itself. A logger without a name has the name `''`.
   */
  readonly include?: readonly (string | RegExp)[]
  /** Bridge no logger with one of these names, which are given as for `include`. */
  readonly exclude?: readonly (string | RegExp)[]
  /** Records kept, newest first, while no provider is registered. Default 1000; 0 keeps none. */
  readonly replayLimit?: number
  /** Hold records back where `suppressTracing` of OTel's core is in force. Default true. */
  readonly honorSuppressTracing?: boolean
  /** Severity numbers (1 to 24) by level name, before the built-in ones. */
  readonly severities?: Readonly<Record<string, number>>
  /** Told of each record of this bridge that is dropped. */
  readonly onDrop?: OnDrop
}

export const bridgeOptionChecks: OptionChecks<BridgeOptions> = {
  loggerProvider: (value) =>
    isObject(value) && typeof value.getLogger === 'function'
      ? undefined
      : 'a LoggerProvider (it has a getLogger method)',
  scopeName: aString,
  scopeVersion: aString,
  schemaUrl: aString,
  limits: (value) => (isObject(value) ? undefined : 'an object of limits'),
  include: namePatterns,
  exclude: namePatterns,
  replayLimit: aCount,
  honorSuppressTracing: aBoolean,
  severities: severityTable,
  onDrop: aFunction,
  ...enrichmentChecks,
}
