// Finds the app's LoggerProvider. The two API generations keep their globals apart; both are read raw, because the
// APIs answer with a silent no-op where a version does not match or nothing is registered yet.

import type { Context, MeterProvider } from '@opentelemetry/api'
import type { AnyValue, AnyValueMap } from './attributes.ts'
import { currentFallback, retireFallback } from './fallback.ts'
import type { RecordLimits } from './limits.ts'
import type { PackedReading } from './pipeline/packed-line.ts'
import type { HrTime } from './time.ts'

/** What the bridge hands to `Logger.emit`: the LogRecord that both API generations accept. */
export interface LogRecord {
  readonly timestamp: HrTime
  readonly observedTimestamp: HrTime
  readonly severityNumber: number
  readonly severityText?: string
  readonly body?: AnyValue
  readonly attributes: AnyValueMap
  readonly eventName?: string
  readonly context: Context
  /** Of attributes beyond the limit. The API has no such field: it reaches the pipeline that is ours, and no SDK. */
  readonly droppedAttributesCount?: number
  /** Whether it has values of JSON's own alone; told only to a Logger that takes a `bigint`. */
  readonly isPlain?: boolean
}

/** `Logger` of `@opentelemetry/api` 1.10 and of `@opentelemetry/api-logs`, as far as the bridge uses it. */
export interface Logger {
  /** Whether values may be a `bigint`: OTel's SDKs refuse them. Default false. */
  readonly takesBigInt?: boolean
  emit(record: LogRecord): void
  /** In place of `emit`, for a record that was cleaned within `limits`. Nothing of the app's runs in it. */
  emitClean?(record: LogRecord, limits: RecordLimits): void
  /** In place of `emit`: the line that a record would be read from. @returns whether the Logger has taken it. */
  emitLine?(line: string, reading: PackedReading, context: Context): boolean
  enabled?(options: { context?: Context; severityNumber?: number; eventName?: string }): boolean
}

/** `LoggerProvider` of either API generation. */
export interface LoggerProvider {
  getLogger(name: string, version?: string, options?: { schemaUrl?: string }): Logger
  forceFlush?(): Promise<void>
}

// https://github.com/open-telemetry/opentelemetry-js: experimental/packages/api-logs/src/internal/global-utils.ts
const API_LOGS_KEY = Symbol.for('io.opentelemetry.js.api.logs')
const API_LOGS_COMPATIBILITY_VERSION = 1
// api/src/internal/global-utils.ts
const API_KEY = Symbol.for('opentelemetry.js.api.1')

interface OtelGlobals {
  [API_LOGS_KEY]?: (version: number) => LoggerProvider
  [API_KEY]?: { logs?: LoggerProvider; metrics?: MeterProvider; diag?: object }
}
const globals = globalThis as unknown as OtelGlobals

/** The registered global LoggerProvider, else what stands in, or undefined: never a proxy, never a no-op. */
export function globalLoggerProvider(): LoggerProvider | undefined {
  const registered = globals[API_KEY]?.logs ?? globals[API_LOGS_KEY]?.(API_LOGS_COMPATIBILITY_VERSION)
  const fallback = currentFallback()
  if (registered === undefined || fallback === undefined) return registered ?? fallback
  retireFallback()
  return registered
}

/** The registered global MeterProvider, or undefined. */
export function globalMeterProvider(): MeterProvider | undefined {
  return globals[API_KEY]?.metrics
}

/** What `diag.setLogger` has registered: the app's logger behind a filter of the API. */
export function registeredDiagLogger(): object | undefined {
  return globals[API_KEY]?.diag
}

/**
 * True for what `logs.getLoggerProvider()` returns before a provider is registered. It would swallow records until
 * then, so it is taken to mean the global provider.
 */
export function isProxyProvider(provider: LoggerProvider): boolean {
  return '_getDelegateLogger' in provider
}
