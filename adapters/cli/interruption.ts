// Ctrl-C in a pipeline reaches every process of it, and a service manager tells them all: the app has last lines to
// write, so its input's end is what ends the filter. Unless somebody insists.

import { constants } from 'node:os'

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** A terminal tells npx and the filter, and npx tells the filter again: so soon it is the same signal. */
const ECHO_MS = 500
/** How long an app may take that was told to terminate: who tells them to mostly kills them after 10 s. */
const GRACE_MS = 5000

export class Interruption {
  /** Resolves with a signal's number where its sender does not want to wait for the end of the input. */
  readonly insisted: Promise<number>
  #insist: (signalNumber: number) => void = () => {}
  #toldAt = 0
  #hasInsisted = false

  constructor() {
    this.insisted = new Promise((resolve) => {
      this.#insist = resolve
    })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.#take(signal))
  }

  #take(signal: Signal): void {
    const now = performance.now()
    const isFirst = this.#toldAt === 0
    if (!isFirst && now - this.#toldAt < ECHO_MS) return
    this.#toldAt = now
    // Even the sending is not to be waited for.
    if (this.#hasInsisted) process.exit(128 + constants.signals[signal])
    if (!isFirst) this.#end(signal)
    // What is told to the filter alone has to end it; Ctrl-C and the end of a terminal are told to the app as well.
    else if (signal === 'SIGTERM') setTimeout(() => this.#end(signal), GRACE_MS)
  }

  #end(signal: Signal): void {
    this.#hasInsisted = true
    this.#insist(constants.signals[signal])
  }
}
