// For pino's plain `transport: { target }`: the line is all that reaches the worker, so trace context and suppression
// are written into it where the app called the logger.

import { context } from '@opentelemetry/api'
import { type EnrichmentOptions, enrichmentChecks, enrichmentOf } from '../../src/enrichment.ts'
import { aBoolean, aFunction, checkOptions } from '../../src/options.ts'
import { traceFieldsOf } from '../../src/trace-fields.ts'
import { callersOf, heldBackHere } from './call.ts'
import { boundKeysOf, tellIfContribSends } from './logger.ts'

/** The field that tells the worker not to bridge a record. Other targets see it too. */
const HELD_BACK_FIELD = 'otel_log_bridge'
const HELD_BACK = new RegExp(`"${HELD_BACK_FIELD}":"(?:reentrant|suppressed)"`)

/** Finds the mark wherever `nestedKey` or a formatter has put it: inside a string its quotes would be escaped. */
export function isMarkedHeldBack(line: string): boolean {
  return line.includes(HELD_BACK_FIELD) && HELD_BACK.test(line)
}

/** A mixin of the app's own, with pino's signature. */
export type PinoMixin = (mergeObject: object, level: number, logger: never) => object

/** `baggage` and `code` add fields, which other targets see too, and which stand where `nestedKey` puts all of them. */
export interface OtelMixinOptions extends EnrichmentOptions {
  /** The app's own mixin; its fields win over those added here. */
  readonly mixin?: PinoMixin
  /** Hold records back where `suppressTracing` of OTel's core is in force. Default true. */
  readonly honorSuppressTracing?: boolean
}

/**
 * Makes a `mixin` for `pino({ mixin, transport: { target: 'otel-log-bridge/pino' } })` that adds `trace_id`, `span_id`
 * and `trace_flags` of the active span, and what `baggage` and `code` ask for, and marks records that must not be
 * bridged with `otel_log_bridge`. Fields of the record's own win.
 *
 * @throws TypeError for a wrong or unknown option.
 */
export function otelMixin(options?: OtelMixinOptions): (mergeObject: object, level: number, logger: object) => object {
  const checked = checkOptions<OtelMixinOptions>('otelMixin', options, {
    mixin: aFunction,
    honorSuppressTracing: aBoolean,
    ...enrichmentChecks,
  })
  const { mixin, honorSuppressTracing = true } = checked
  const enrichment = enrichmentOf(checked)
  let hasSeenLogger = false
  return function mixinOfOtel(mergeObject, level, logger) {
    if (!hasSeenLogger) {
      hasSeenLogger = true
      tellIfContribSends(logger)
    }
    const active = context.active()
    const heldBack = heldBackHere(active, honorSuppressTracing)
    const added =
      heldBack === undefined ? enrichment?.attributesOf(active, callersOf(logger, level, mixinOfOtel)) : undefined
    const fields: object = {
      ...(added !== undefined && withoutTold(added, logger)),
      ...(heldBack === undefined ? traceFieldsOf(active) : { [HELD_BACK_FIELD]: heldBack }),
    }
    return mixin === undefined ? fields : Object.assign(fields, mixin(mergeObject, level, logger as never))
  }
}

/** What the reader of the line takes for more than an attribute. */
const RESERVED = new Set([HELD_BACK_FIELD, 'trace_id', 'span_id', 'trace_flags', 'otel.event.name'])

/** pino writes the fields of a mixin behind the logger's bindings, and of two with one name the last is read. */
function withoutTold(added: object, logger: object): object {
  const bound = boundKeysOf(logger)
  return Object.fromEntries(Object.entries(added).filter(([key]) => !RESERVED.has(key) && !bound.has(key)))
}
