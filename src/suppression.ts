// Suppression: records logged in these scopes are not bridged. Exporters put it around code of their own; the OTel
// Context keys carry it where only a Context travels.

import {
  type Context,
  context,
  createContextKey,
  createTraceState,
  isSpanContextValid,
  type SpanContext,
  trace,
} from '@opentelemetry/api'
import { suppressDiag } from './diag.ts'
import { argumentError, aString, isObject } from './options.ts'
import { currentScope, isNestedTooDeep, isTelling, runInScope, type Scope } from './scope.ts'

// createContextKey is Symbol.for underneath: these are the same keys in every copy of this package and of OTel's core.
const SUPPRESS_LOGS_KEY = createContextKey('otel-log-bridge SUPPRESS_LOGS')
const SUPPRESS_TRACING_KEY = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

/**
 * Runs `fn`; no record logged by it, or by anything asynchronous that it starts, is bridged. Other destinations of
 * the logger still get it. Needs no OTel context manager.
 *
 * @returns what `fn` returns; what it throws is thrown on.
 */
export function withLogsSuppressed<T>(fn: () => T): T {
  assertFunction('withLogsSuppressed', fn)
  const { emitting, generation } = currentScope()
  return runInScope({ emitting, suppressed: true, generation }, fn)
}

/**
 * Runs `fn` with suppression lifted: the way out for code of the app that an exporter calls. Records logged through
 * four emits, each caused by the one before, are bridged; a deeper one is dropped as re-entrant. An exporter that logs
 * this way in each of its exports keeps a batch processor busy for ever: what it lifts it must limit.
 *
 * @returns what `fn` returns; what it throws is thrown on.
 */
export function withLogsUnsuppressed<T>(fn: () => T): T {
  assertFunction('withLogsUnsuppressed', fn)
  const { generation } = currentScope()
  return runInScope({ emitting: false, suppressed: false, generation }, () =>
    context.with(unsuppressLogs(context.active()), fn),
  )
}

/**
 * Whether a record logged here and now would be held back. With a Context given, whether that Context holds records
 * back, whatever the current scope.
 */
export function areLogsSuppressed(ofContext?: Context): boolean {
  if (ofContext !== undefined) return isContextSuppressed(ofContext, true)
  return heldBackBy(currentScope(), context.active(), true) !== undefined
}

/** Returns `ofContext` with log suppression on, as `suppressTracing(context)` of OTel's core does for spans. */
export function suppressLogs(ofContext: Context): Context {
  return ofContext.setValue(SUPPRESS_LOGS_KEY, true)
}

/**
 * Returns `ofContext` with log suppression off. Tracing stays as it is: where it is suppressed, the Context says
 * that this no longer speaks for logs.
 */
export function unsuppressLogs(ofContext: Context): Context {
  if (ofContext.getValue(SUPPRESS_TRACING_KEY) === true) return ofContext.setValue(SUPPRESS_LOGS_KEY, false)
  return ofContext.deleteValue(SUPPRESS_LOGS_KEY)
}

/** Runs `fn`, which exports: what it and all that it starts log is not bridged, and an instrumented client makes no span. */
export function runExport<T>(fn: () => T): T {
  return withLogsSuppressed(() => context.with(context.active().setValue(SUPPRESS_TRACING_KEY, true), fn))
}

/** Why a record logged in this scope and Context must not be bridged; undefined where it may. */
export function heldBackBy(
  scope: Scope,
  ofContext: Context,
  honorSuppressTracing: boolean,
): 'reentrant' | 'suppressed' | undefined {
  suppressDiag()
  if (scope.emitting || isNestedTooDeep(scope)) return isTelling(scope) ? 'suppressed' : 'reentrant'
  return scope.suppressed || isContextSuppressed(ofContext, honorSuppressTracing) ? 'suppressed' : undefined
}

function isContextSuppressed(ofContext: Context, honorSuppressTracing: boolean): boolean {
  const suppressed = ofContext.getValue(SUPPRESS_LOGS_KEY)
  if (suppressed !== undefined) return suppressed === true
  return honorSuppressTracing && ofContext.getValue(SUPPRESS_TRACING_KEY) === true
}

/**
 * What {@link suppressionCarrier} hands over: plain data, safe for `postMessage`, `workerData`, IPC, and as JSON in a
 * variable of the environment.
 */
export interface SuppressionCarrier {
  readonly suppressed: boolean
  /** Of the active span, as W3C's Trace Context has it: 32 hexadecimal digits. */
  readonly traceId?: string
  /** 16 hexadecimal digits. */
  readonly spanId?: string
  /** 0 to 255. */
  readonly traceFlags?: number
  /** Entries `key=value`, joined by commas. */
  readonly traceState?: string
}

/**
 * Takes the current suppression, and the active span's context, along to another thread or process; give it to
 * {@link withSuppressionCarrier} there.
 */
export function suppressionCarrier(): SuppressionCarrier {
  const suppressed = areLogsSuppressed()
  const span = trace.getSpanContext(context.active())
  if (span === undefined || !isSpanContextValid(span)) return { suppressed }
  const { traceId, spanId, traceFlags } = span
  const traceState = span.traceState?.serialize()
  return { suppressed, traceId, spanId, traceFlags, ...(traceState && { traceState }) }
}

/**
 * Runs `fn` as suppressed as the place was where `carrier` was made, and in its trace: its span is the active one, as a
 * remote parent. For the trace an OTel context manager has to be registered here; suppression needs none.
 *
 * @returns what `fn` returns; what it throws is thrown on.
 * @throws TypeError for anything but a carrier, or what JSON makes of one.
 */
export function withSuppressionCarrier<T>(carrier: SuppressionCarrier, fn: () => T): T {
  assertFunction('withSuppressionCarrier', fn)
  const span = spanContextOf(carrier)
  const run = span === undefined ? fn : () => context.with(trace.setSpanContext(context.active(), span), fn)
  return carrier.suppressed ? withLogsSuppressed(run) : run()
}

/** @throws TypeError where it is no carrier. */
function spanContextOf(carrier: SuppressionCarrier): SpanContext | undefined {
  const subject = 'withSuppressionCarrier'
  if (!isObject(carrier) || typeof carrier.suppressed !== 'boolean')
    throw argumentError(subject, 'a carrier that suppressionCarrier() made', carrier)
  const { traceId, spanId, traceFlags = 0, traceState } = carrier as SuppressionCarrier
  if (traceState !== undefined && aString(traceState) !== undefined)
    throw argumentError(`${subject}: 'traceState' of the carrier`, "a string of 'key=value' entries", traceState)
  if (traceId === undefined && spanId === undefined) return undefined
  if (!Number.isInteger(traceFlags) || traceFlags < 0 || traceFlags > 0xff)
    throw argumentError(`${subject}: 'traceFlags' of the carrier`, 'a whole number of 0 to 255', traceFlags)
  const span = { traceId, spanId, traceFlags, isRemote: true } as SpanContext
  if (!isSpanContextValid(span)) {
    const expected = 'a valid traceId and spanId, of 32 and 16 hexadecimal digits'
    throw argumentError(`${subject}: carrier`, expected, { traceId, spanId })
  }
  return traceState === undefined ? span : { ...span, traceState: createTraceState(traceState) }
}

/**
 * Wraps an exporter of spans, metrics or logs so that nothing it logs is bridged: `export` with its callback or
 * promise, `forceFlush`, `shutdown` and every other method, with all that they start. It is the same exporter
 * otherwise.
 *
 * @throws TypeError if `exporter` is no object.
 */
export function suppressedExporter<E extends object>(exporter: E): E {
  if (typeof exporter !== 'object' || exporter === null)
    throw argumentError('suppressedExporter', 'an exporter', exporter)
  const wrappers = new Map<unknown, unknown>()
  // The proxy stands on an heir of the exporter, not on the exporter: a frozen one would forbid other methods than its
  // own. The methods run on the exporter itself: #private fields work only there.
  return new Proxy(Object.create(exporter) as E, {
    get(_heir, key) {
      const value: unknown = withLogsSuppressed(() => Reflect.get(exporter, key))
      if (typeof value !== 'function' || key === 'constructor') return value
      let wrapper = wrappers.get(value)
      if (wrapper === undefined) {
        wrapper = (...args: unknown[]) => withLogsSuppressed(() => Reflect.apply(value, exporter, args))
        wrappers.set(value, wrapper)
      }
      return wrapper
    },
    set: (_heir, key, value) => Reflect.set(exporter, key, value),
  })
}

function assertFunction(name: string, fn: unknown): void {
  if (typeof fn !== 'function') throw argumentError(name, 'a function', fn)
}
