// A diagnostics channel whose subscribers do no harm: what they log is not bridged, what they throw is told, and what is
// dropped because they log is not published once more.

import { AsyncLocalStorage } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'
import { processState } from './process-state.ts'
import { withLogsSuppressed } from './suppression.ts'

type Subscriber = (message: unknown, name: string) => void

/** Whether a subscriber stands above, or what has started this. Entered where somebody listens, and not before. */
const publishing = processState('publishing', () => new AsyncLocalStorage<true>())

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
      if (publishing.getStore() === undefined) {
        publishing.run(true, () => withLogsSuppressed(() => this.#tell(message)))
      }
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
