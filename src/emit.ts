// The calls into a provider, which may be the app's. Each is made as an emit is: whatever it logs is caused by the bridge.

import { type Context, ROOT_CONTEXT } from '@opentelemetry/api'
import type { RecordLimits } from './limits.ts'
import type { Logger, LoggerProvider, LogRecord } from './provider.ts'
import { runEmit, type Scope } from './scope.ts'

/** @param limits within which the record was cleaned. */
export function emitRecord(scope: Scope, logger: Logger, record: LogRecord, limits: RecordLimits): void {
  if (logger.emitClean === undefined) runEmit(scope, callEmit, logger, record)
  else logger.emitClean(record, limits)
}

function callEmit(this: Logger, record: LogRecord): void {
  this.emit(record)
}

/** @throws TypeError where the provider returns something else. */
export function loggerOf(scope: Scope, provider: LoggerProvider, instrumentationScope: InstrumentationScope): Logger {
  return runEmit(scope, callGetLogger, provider, instrumentationScope)
}

interface InstrumentationScope {
  readonly name: string
  readonly version: string | undefined
  readonly schemaUrl: string | undefined
}

function callGetLogger(this: LoggerProvider, { name, version, schemaUrl }: InstrumentationScope): Logger {
  const options = schemaUrl === undefined ? undefined : { schemaUrl }
  const logger: Partial<Logger> | undefined = this.getLogger(name, version, options)
  if (typeof logger?.emit !== 'function') throw new TypeError('the LoggerProvider has returned no Logger')
  return logger as Logger
}

export function flushProvider(scope: Scope, provider: LoggerProvider): Promise<void> | undefined {
  return runEmit(scope, callForceFlush, provider, undefined)
}

function callForceFlush(this: LoggerProvider): Promise<void> | undefined {
  return this.forceFlush?.()
}

/** Handed to every `enabled()` call in turn: a record that is not wanted allocates nothing. */
const enabledFacts: { context: Context; severityNumber: number } = { context: ROOT_CONTEXT, severityNumber: 0 }

export function isEnabled(scope: Scope, logger: Logger, severityNumber: number, context: Context): boolean {
  if (logger.enabled === undefined) return true
  enabledFacts.context = context
  enabledFacts.severityNumber = severityNumber
  try {
    // Nothing of the app's runs in a Logger of our own.
    if (logger.emitClean !== undefined) return logger.enabled(enabledFacts)
    return runEmit(scope, callEnabled, logger, enabledFacts)
  } finally {
    enabledFacts.context = ROOT_CONTEXT
  }
}

function callEnabled(this: Logger, facts: { context: Context; severityNumber: number }): boolean {
  return this.enabled?.(facts) !== false
}
