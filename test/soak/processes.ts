// The children of a soak run, as events to wait for.

import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Result } from '../faults/forms.ts'
import { onJsonLine } from '../support/json-lines.ts'
import type { Sample, SoakEvent, SoakOrder } from './app.ts'
import type { Ledgers, ReceiverEvent, ReceiverOrder } from './receiver.ts'
import { SLOT_MS } from './schedule.ts'

const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url))
/** Longer than its slots: for its start, and a flush that is late. */
const GRACE_MS = 120_000
/** From its last word on. What is left open ends with the event loop; the rest is for a busy machine. */
export const END_DEADLINE_MS = 10_000

export class Receiver {
  readonly #process: ChildProcess
  readonly #origin: string

  private constructor(child: ChildProcess, port: number) {
    this.#process = child
    this.#origin = `http://127.0.0.1:${port}`
  }

  static async start(): Promise<Receiver> {
    const child = fork(fileOf('./receiver.ts'))
    const [event] = (await once(child, 'message')) as [ReceiverEvent]
    if (event.event !== 'listening') throw new Error(`the receiver began with '${event.event}'`)
    return new Receiver(child, event.port)
  }

  endpointOf(path: string): string {
    return this.#origin + path
  }

  /** The schedule takes its course from here. */
  async begin(): Promise<void> {
    await this.#ask('begin')
  }

  /** To be asked when the apps have ended. */
  async end(): Promise<Ledgers> {
    const event = await this.#ask('end')
    return event.event === 'ended' ? event.ledgers : {}
  }

  stop(): void {
    this.#process.kill('SIGKILL')
  }

  async #ask(order: ReceiverOrder): Promise<ReceiverEvent> {
    this.#process.send(order)
    const [event] = (await once(this.#process, 'message')) as [ReceiverEvent]
    return event
  }
}

/** What is known of an app that has ended. */
export interface SoakedApp {
  readonly code: number | null
  readonly stderr: string
  readonly samples: readonly Sample[]
  readonly written: number
  readonly result: Result | undefined
  /** From its last word to its end; undefined where it had no last word. */
  readonly endMs: number | undefined
}

export class App {
  /** Resolves when the app is about to log; rejects where it ends before. */
  readonly ready: Promise<void>
  readonly ended: Promise<SoakedApp>
  readonly #process: ChildProcess
  #deadline: NodeJS.Timeout

  constructor(order: SoakOrder) {
    const child = spawn(process.execPath, ['--expose-gc', fileOf('./app.ts'), JSON.stringify(order)])
    this.#process = child
    this.#deadline = setTimeout(() => this.stop(), order.slots * SLOT_MS + GRACE_MS)
    const samples: Sample[] = []
    let stderr = ''
    let end: { readonly at: number; readonly written: number; readonly result: Result | undefined } | undefined
    let isReady = () => {}
    let isNotReady = (_error: Error) => {}
    this.ready = new Promise((resolve, reject) => {
      isReady = resolve
      isNotReady = reject
    })
    child.stdin.on('error', () => {})
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    onJsonLine<SoakEvent>(child.stdout, (event) => {
      if (event.event === 'begin') isReady()
      if (event.event === 'sample') samples.push(event.sample)
      if (event.event === 'end') {
        end = { at: performance.now(), written: event.written, result: event.result ?? undefined }
        clearTimeout(this.#deadline)
        this.#deadline = setTimeout(() => this.stop(), END_DEADLINE_MS)
      }
    })
    this.ended = once(child, 'close').then(([code]: unknown[]) => {
      clearTimeout(this.#deadline)
      isNotReady(new Error(`the app has ended with ${code}: ${stderr}`))
      return {
        code: code as number | null,
        stderr,
        samples,
        written: end?.written ?? 0,
        result: end?.result,
        endMs: end === undefined ? undefined : performance.now() - end.at,
      }
    })
  }

  begin(): void {
    this.#process.stdin?.write('go\n')
  }

  stop(): void {
    this.#process.kill('SIGKILL')
  }
}
