// Telling the app of records that were dropped. What it does then may log, and that must not come round.

import { internalLog, reasonOf } from './internal-logger.ts'
import { currentScope, isTelling, runInScope, TELLING } from './scope.ts'
import type { DropReason } from './stats.ts'

/** Records that were dropped, all for one reason. */
export interface Drop {
  /** As `bridgeStats().dropped` counts them; of a queue of ours `overflow`, `failed` or, after its end, `disabled`. */
  readonly reason: DropReason
  /** How many records. */
  readonly count: number
  /** Of one record, where it is known. */
  readonly loggerName?: string
  /** Of one record, 1 to 24, where it has one. */
  readonly severityNumber?: number
}

/**
 * Told of records that were dropped, once they are counted. It runs with logs suppressed; what it logs is dropped and
 * counted, and not told. What it throws, or rejects with, is reported once on the internal logger.
 */
export type OnDrop = (drop: Drop) => void

export class DropListener {
  readonly #onDrop: OnDrop
  #hasFailed = false

  constructor(onDrop: OnDrop) {
    this.#onDrop = onDrop
  }

  tell(reason: DropReason, count = 1, loggerName?: string, severityNumber = 0): void {
    if (count === 0 || isTelling(currentScope())) return
    const drop: Drop = {
      reason,
      count,
      ...(loggerName !== undefined && { loggerName }),
      ...(severityNumber > 0 && { severityNumber }),
    }
    try {
      const told: unknown = runInScope(TELLING, () => this.#onDrop(drop))
      // The type allows an async function.
      if (told instanceof Promise) told.catch((error: unknown) => this.#fail(error))
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    internalLog('error', 'on-drop', `the option 'onDrop' has failed, which is told once: ${reasonOf(error)}`)
  }
}

/** @returns undefined where nobody wants to be told. */
export function dropListener(onDrop: OnDrop | undefined): DropListener | undefined {
  return onDrop === undefined ? undefined : new DropListener(onDrop)
}
