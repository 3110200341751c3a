// What the bridge says while the doctor looks: part of what is found.

import { type InternalLogEntry, setInternalLogSink } from '../../src/internal-logger.ts'

type Test = (entry: InternalLogEntry) => boolean

export class InternalLog {
  readonly entries: InternalLogEntry[] = []
  readonly #waiting: { readonly test: Test; readonly resolve: () => void }[] = []

  constructor() {
    setInternalLogSink((entry) => {
      this.entries.push(entry)
      for (const { test, resolve } of this.#waiting) if (test(entry)) resolve()
    })
  }

  /** Resolves once such an entry comes. */
  next(test: Test): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push({ test, resolve }))
  }
}
