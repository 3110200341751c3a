// What the place of a log call says of its record, for the forms whose records are read in another thread.

import type { Context } from '@opentelemetry/api'
import { currentScope } from '../../src/scope.ts'
import { heldBackBy } from '../../src/suppression.ts'

/** Why a record logged here must not be bridged; undefined where it may. */
export function heldBackHere(active: Context, honorSuppressTracing: boolean): 'reentrant' | 'suppressed' | undefined {
  return heldBackBy(currentScope(), active, honorSuppressTracing)
}
