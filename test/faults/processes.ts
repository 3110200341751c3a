// The children of a fault run, as events to wait for.

import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onJsonLine } from '../support/json-lines.ts'
import type { AppEvent, AppOrder } from './app.ts'
import type { Script, Summary } from './receiver.ts'

const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url))
/** No case takes that long, not even on a busy machine. */
const APP_DEADLINE_MS = 180_000
/**
 * What Node had up to version 23. With 24's 64 MiB V8 takes 90 MiB for the new objects of a burst, of which next to
 * nothing lives: RSS would tell of that, and little of what the bridge holds.
 */
const YOUNG_SPACE = '--max-semi-space-size=16'

export class Receiver {
  readonly endpoint: string
  readonly #process: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#process = child
    this.endpoint = `http://127.0.0.1:${port}/v1/logs`
  }

  static async start(script: Script): Promise<Receiver> {
    const child = fork(fileOf('./receiver.ts'), [JSON.stringify(script)])
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    return new Receiver(child, port)
  }

  /** The script takes its course from here. */
  async begin(): Promise<void> {
    this.#process.send('begin')
    await once(this.#process, 'message')
  }

  async summary(): Promise<Summary> {
    this.#process.send('summary')
    const [{ summary }] = (await once(this.#process, 'message')) as [{ summary: Summary }]
    return summary
  }

  stop(): void {
    this.#process.kill('SIGKILL')
  }
}

export interface AppRun {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
  readonly events: readonly AppEvent[]
  /** From the last record to the end of the process. */
  readonly endMs: number
}

/** @param begin is waited for once the app is about to log. */
export async function runApp(order: AppOrder, begin: () => Promise<void>): Promise<AppRun> {
  const child = spawn(process.execPath, [YOUNG_SPACE, fileOf('./app.ts'), JSON.stringify(order)], {
    timeout: APP_DEADLINE_MS,
  })
  const events: AppEvent[] = []
  let stderr = ''
  let writtenAt = Date.now()
  child.stdin.on('error', () => {})
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  onJsonLine<AppEvent>(child.stdout, (event) => {
    events.push(event)
    if (event.event === 'written') writtenAt = Date.now()
    if (event.event === 'begin') void begin().then(() => child.stdin.write('go\n'))
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, stderr, events, endMs: Date.now() - writtenAt }
}

/** @returns what the script tells in one line of JSON, and what stands on its standard error. */
export async function runScript<T>(name: string, args: readonly string[]): Promise<{ told: T; stderr: string }> {
  const child = spawn(process.execPath, ['--expose-gc', fileOf(name), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 2 * APP_DEADLINE_MS,
    // glibc learns from large buffers that are freed to take the next ones from its heap, which does not shrink: RSS
    // would tell of that, and of nothing that is left behind.
    env: { ...process.env, MALLOC_MMAP_THRESHOLD_: String(128 * 1024) },
  })
  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${stderr}`)
  return { told: JSON.parse(stdout) as T, stderr }
}
