// What OTel's `diag` says is about telemetry, and some of it is caused by exporting logs. An export that no log of ours
// has started (the app flushes, or emits a record of its own) reports its failure outside of every scope: bridged, that
// report would be exported in the next batch, fail in turn, and so on for as long as the collector is down.

import { processState } from './process-state.ts'
import { registeredDiagLogger } from './provider.ts'
import { currentScope, runInScope } from './scope.ts'

type Log = (...args: unknown[]) => unknown

const LEVELS = ['error', 'warn', 'info', 'debug', 'verbose'] as const

const state = processState('diag', (): { suppressed: object | undefined } => ({ suppressed: undefined }))

/**
 * Sees to it that whatever the registered DiagLogger logs is held back from the bridge, and from nothing else. Nothing
 * tells of a registration, so this is called with every record; it costs a comparison.
 */
export function suppressDiag(): void {
  const logger = registeredDiagLogger()
  if (logger === state.suppressed || logger === undefined) return
  state.suppressed = logger
  for (const level of LEVELS) {
    const log = (logger as Record<string, unknown>)[level]
    if (typeof log === 'function') suppress(logger, level, log as Log)
  }
}

/** The object is the API's own, made by `diag.setLogger` around the app's logger. */
function suppress(logger: object, level: string, log: Log): void {
  const suppressed: Log = (...args) => {
    const { emitting, generation } = currentScope()
    return runInScope({ emitting, suppressed: true, generation }, () => Reflect.apply(log, logger, args))
  }
  Reflect.set(logger, level, suppressed)
}
