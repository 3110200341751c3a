// What the place of a log call says of its record.

import type { Context } from '@opentelemetry/api'
import type { Callers } from '../../src/call-site.ts'
import { currentScope } from '../../src/scope.ts'
import { heldBackBy } from '../../src/suppression.ts'
import type { PinoLogger } from './logger.ts'

/** Why a record logged here must not be bridged; undefined where it may. */
export function heldBackHere(active: Context, honorSuppressTracing: boolean): 'reentrant' | 'suppressed' | undefined {
  return heldBackBy(currentScope(), active, honorSuppressTracing)
}

/**
 * @param level the number of the call's level.
 * @param inner what pino has called, for an app that has kept a method which the logger has replaced since.
 * @returns functions by which the app may have called `logger`; undefined where that is unknown.
 */
export function callersOf(logger: object | undefined, level: number | undefined, inner: unknown): Callers | undefined {
  if (logger === undefined) return undefined
  const { levels } = logger as PinoLogger
  const label = level === undefined ? undefined : levels?.labels?.[level]
  return [label === undefined ? undefined : (logger as Readonly<Record<string, unknown>>)[label], inner]
}
