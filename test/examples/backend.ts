// The backend's process, as the checks see it.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Arrived, Ask } from './receiver.ts'

export class Backend {
  readonly endpoint: string
  readonly #process: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#process = child
    this.endpoint = `http://127.0.0.1:${port}`
  }

  static async start(): Promise<Backend> {
    const child = fork(new URL('./receiver.ts', import.meta.url), { serialization: 'advanced' })
    const [port] = (await once(child, 'message')) as [number]
    return new Backend(child, port)
  }

  async ask(what: Ask): Promise<readonly Arrived[]> {
    this.#process.send(what)
    const [arrived] = (await once(this.#process, 'message')) as [Arrived[]]
    return arrived
  }

  stop(): void {
    this.#process.disconnect()
  }
}
