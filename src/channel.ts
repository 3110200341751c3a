// A diagnostics channel whose subscribers do no harm: what they log is not bridged, what they throw is told, and what is
// dropped because they log is not published once more.

import { channel } from 'node:diagnostics_channel'
import { currentScope, isTelling, runInScope, TELLING } from './scope.ts'

type Subscriber = (message: unknown, name: string) => void

export class Channel<T extends object> {
  readonly #channel: ReturnType<typeof channel>
  readonly #onThrow: (thrown: unknown) => void

  /** @param onThrow is told what a subscriber has thrown, and publishes nothing. */
  constructor(name: string, onThrow: (thrown: unknown) => void) {
    this.#channel = channel(name)
    this.#onThrow = onThrow
  }

  /** Asked before a message is made. */
  get hasSubscribers(): boolean {
    return this.#channel.hasSubscribers
  }

  /** Never throws. */
  publish(message: T): void {
    if (!this.#channel.hasSubscribers) return
    try {
      if (!isTelling(currentScope())) runInScope(TELLING, () => this.#tell(message))
    } catch {
      // The stack is exhausted.
    }
  }

  /** Node's own `publish` ends the process with what a subscriber throws. */
  #tell(message: T): void {
    const { _subscribers: subscribers } = this.#channel as { _subscribers?: readonly Subscriber[] }
    if (!Array.isArray(subscribers)) {
      this.#channel.publish(message)
      return
    }
    for (const subscriber of [...subscribers] as Subscriber[]) {
      try {
        subscriber(message, String(this.#channel.name))
      } catch (thrown) {
        this.#onThrow(thrown)
      }
    }
  }
}
