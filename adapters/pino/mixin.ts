// For pino's plain `transport: { target }`: the line is all that reaches the worker, so trace context and suppression
// are written into it where the app called the logger.

import { context } from '@opentelemetry/api'
import { aBoolean, aFunction, checkOptions } from '../../src/options.ts'
import { traceFieldsOf } from '../../src/trace-fields.ts'
import { heldBackHere } from './call.ts'
import { tellIfContribSends } from './logger.ts'

/** The field that tells the worker not to bridge a record. Other targets see it too. */
const HELD_BACK_FIELD = 'otel_log_bridge'
const HELD_BACK = new RegExp(`"${HELD_BACK_FIELD}":"(?:reentrant|suppressed)"`)

/** Finds the mark wherever `nestedKey` or a formatter has put it: inside a string its quotes would be escaped. */
export function isMarkedHeldBack(line: string): boolean {
  return line.includes(HELD_BACK_FIELD) && HELD_BACK.test(line)
}

/** A mixin of the app's own, with pino's signature. */
export type PinoMixin = (mergeObject: object, level: number, logger: never) => object

export interface OtelMixinOptions {
  /** The app's own mixin; its fields win over those added here. */
  readonly mixin?: PinoMixin
  /** Hold records back where `suppressTracing` of OTel's core is in force. Default true. */
  readonly honorSuppressTracing?: boolean
}

/**
 * Makes a `mixin` for `pino({ mixin, transport: { target: 'otel-log-bridge/pino' } })` that adds `trace_id`, `span_id`
 * and `trace_flags` of the active span, and marks records that must not be bridged with `otel_log_bridge`.
 *
 * @throws TypeError for a wrong or unknown option.
 */
export function otelMixin(options?: OtelMixinOptions): (mergeObject: object, level: number, logger: object) => object {
  const { mixin, honorSuppressTracing = true } = checkOptions<OtelMixinOptions>('otelMixin', options, {
    mixin: aFunction,
    honorSuppressTracing: aBoolean,
  })
  let hasSeenLogger = false
  return (mergeObject, level, logger) => {
    if (!hasSeenLogger) {
      hasSeenLogger = true
      tellIfContribSends(logger)
    }
    const fields = fieldsOfCall(honorSuppressTracing)
    return mixin === undefined ? fields : Object.assign(fields, mixin(mergeObject, level, logger as never))
  }
}

function fieldsOfCall(honorSuppressTracing: boolean): object {
  const active = context.active()
  const heldBack = heldBackHere(active, honorSuppressTracing)
  return heldBack === undefined ? (traceFieldsOf(active) ?? {}) : { [HELD_BACK_FIELD]: heldBack }
}
