// The backend's process, as the checks see it.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Arrived, Ask } from './receiver.ts'

export class Backend {
  readonly endpoint: string
  readonly #process: ChildProcess
  readonly #gone: Promise<never>

  private constructor(child: ChildProcess, port: number) {
    this.#process = child
    this.#gone = once(child, 'exit').then(() => {
      throw new Error('the backend has ended')
    })
    this.#gone.catch(() => {})
    this.endpoint = `http://127.0.0.1:${port}`
  }

  static async start(): Promise<Backend> {
    const child = fork(new URL('./receiver.ts', import.meta.url), { serialization: 'advanced' })
    const [port] = (await once(child, 'message')) as [number]
    return new Backend(child, port)
  }

  async ask(what: Ask): Promise<readonly Arrived[]> {
    this.#process.send(what)
    const [arrived] = (await Promise.race([once(this.#process, 'message'), this.#gone])) as [Arrived[]]
    return arrived
  }

  stop(): void {
    this.#process.disconnect()
  }
}
