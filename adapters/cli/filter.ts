// `app | otel-log-bridge`: what the app logs is exported, and goes on to standard output as it is.

import type { Readable, Writable } from 'node:stream'
import { RecordBridge } from '../../src/bridge.ts'
import { internalLog, reasonOf } from '../../src/internal-logger.ts'
import { LineTarget } from '../../src/pipeline/line-target.ts'
import { createOwnedPipeline } from '../../src/pipeline/owned-pipeline.ts'
import { takeAnyLine } from './any-line.ts'
import { environmentOf, type FilterCommand, switchedOffBy } from './command-line.ts'
import { Interruption } from './interruption.ts'

/** What has no line end for so long is cut: it may be anything, and would be held whole. */
const MAX_LINE_BYTES = 16 * 1024 * 1024
const LINE_FEED = 0x0a
const LINE_END = Buffer.of(LINE_FEED)
const TICK_MS = 1000

/** @returns the exit code, once the input has ended and what it had is delivered, or a deadline is over. */
export async function runFilter(command: FilterCommand): Promise<number> {
  const env = environmentOf(command)
  const pipeline = await createOwnedPipeline(command.options, env)
  const bridge = new RecordBridge('otel-log-bridge', { loggerProvider: pipeline.provider })
  const target = new LineTarget(bridge, pipeline, takeAnyLine(bridge, pipeline, command.messageKey))
  // The pipeline's own timers keep no process alive.
  const alive = setInterval(() => {}, TICK_MS)
  const interruption = new Interruption()
  const input = new Input(target, command.passesThrough ? process.stdout : undefined)
  const signalNumber = await Promise.race([input.read(process.stdin), interruption.insisted])
  await new Promise<void>((resolve) => target.end(resolve))
  clearInterval(alive)
  const { seen, dropped } = bridge.stats()
  const lost = switchedOffBy(env) === undefined ? seen - dropped.suppressed - pipeline.result().delivered : 0
  if (lost > 0) {
    internalLog(
      'error',
      'not-delivered',
      `${lost} of ${seen} records not delivered; npx otel-log-bridge doctor looks for the cause`,
    )
  }
  if (signalNumber !== undefined) return 128 + signalNumber
  return lost > 0 || input.hasFailed ? 1 : 0
}

class Input {
  readonly #target: Writable
  /** Where the lines go on to; undefined where nobody reads them. */
  #output: Writable | undefined
  /** Since the last line end. */
  #length = 0
  hasFailed = false

  constructor(target: Writable, output: Writable | undefined) {
    this.#target = target
    this.#output = output
    output?.on('error', (error: NodeJS.ErrnoException) => this.#stopPassing(error))
  }

  /** Chunk by chunk: who reads the output slowly slows the app, as a plain pipe would. Never rejects. */
  async read(input: Readable): Promise<undefined> {
    try {
      for await (const chunk of input) {
        const passed = this.#output === undefined ? undefined : written(this.#output, chunk)
        await Promise.all([passed, this.#take(chunk)])
      }
    } catch (error) {
      this.hasFailed = true
      internalLog('error', 'input', `standard input could not be read to its end: ${reasonOf(error)}`)
    }
  }

  async #take(chunk: Buffer): Promise<void> {
    await written(this.#target, chunk)
    const end = chunk.lastIndexOf(LINE_FEED) + 1
    this.#length = end === 0 ? this.#length + chunk.length : chunk.length - end
    if (this.#length <= MAX_LINE_BYTES) return
    this.#length = 0
    await written(this.#target, LINE_END)
  }

  /** `| head -1`: the app and its records do not end with who looks at them. */
  #stopPassing(error: NodeJS.ErrnoException): void {
    if (this.#output === undefined) return
    this.#output = undefined
    const why = error.code === 'EPIPE' ? 'nobody reads standard output any more' : reasonOf(error)
    internalLog('info', 'output', `${why}: the lines are exported, and no longer passed through`)
  }
}

/** @returns when it is written, or never will be. */
function written(stream: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => stream.write(chunk, () => resolve()))
}
