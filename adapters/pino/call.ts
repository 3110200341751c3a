// What the place of a log call says of its record, for the forms whose records are read in another thread.

import type { Context } from '@opentelemetry/api'
import { currentScope, isNestedTooDeep } from '../../src/scope.ts'
import { isContextSuppressed } from '../../src/suppression.ts'

/** Why a record logged here must not be bridged; undefined where it may. */
export function heldBackBy(active: Context, honorSuppressTracing: boolean): 'reentrant' | 'suppressed' | undefined {
  const scope = currentScope()
  if (scope.emitting || isNestedTooDeep(scope)) return 'reentrant'
  return scope.suppressed || isContextSuppressed(active, honorSuppressTracing) ? 'suppressed' : undefined
}
