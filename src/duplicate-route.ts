// Where OpenTelemetry's own instrumentation of the logger sends its records, too: whoever reads them has each twice.

import { readProperty } from './attributes.ts'
import { internalLog } from './internal-logger.ts'
import { isObject } from './options.ts'
import { processState } from './process-state.ts'

const told = processState('duplicate-routes', () => new Set<string>())

/**
 * @param destinations of a logger that the bridge is attached to.
 * @param itsClass of the destination that the instrumentation adds.
 */
export function tellOfDuplicateRoute(
  instrumentation: string,
  itsClass: string,
  destinations: readonly unknown[],
): void {
  if (told.has(instrumentation) || !destinations.some((one) => nameOfClass(one) === itsClass)) return
  told.add(instrumentation)
  internalLog(
    'warn',
    'duplicate-route',
    `${instrumentation} sends the logger's records, too: each arrives twice. Give it { disableLogSending: true }, or take the bridge off`,
  )
}

function nameOfClass(value: unknown): unknown {
  const itsClass = isObject(value) ? readProperty(value, 'constructor') : undefined
  return typeof itsClass === 'function' ? readProperty(itsClass, 'name') : undefined
}
