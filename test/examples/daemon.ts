// A server as a process: what it says tells how far it is.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as after } from 'node:timers/promises'

const SAID_WITHIN_MS = 60_000

export class Daemon {
  readonly #process: ChildProcessWithoutNullStreams
  #said = ''

  /** @param words the command and its arguments. */
  constructor(words: readonly [string, ...string[]], env: NodeJS.ProcessEnv) {
    const [command, ...args] = words
    this.#process = spawn(command, args, { env: { ...process.env, ...env } })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text
      })
    }
  }

  /** Resolves once it has said so. */
  async says(text: string): Promise<void> {
    const deadline = Date.now() + SAID_WITHIN_MS
    while (!this.#said.includes(text)) {
      if (this.#process.exitCode !== null || Date.now() > deadline) {
        throw new Error(`${this.#process.spawnfile} has not said '${text}':\n${this.#said}`)
      }
      await after(20)
    }
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    this.#process.kill('SIGKILL')
    await once(this.#process, 'close')
  }
}
