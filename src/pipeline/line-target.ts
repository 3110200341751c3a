// The thread's end: a stream of lines, each of them a record, in front of the thread's own pipeline. thread-stream and
// pino write to it, flush it and end it; the main thread hears of what became of the records.

import { isUtf8 } from 'node:buffer'
import { Writable } from 'node:stream'
import { parentPort } from 'node:worker_threads'
import type { BridgeStats } from '../stats.ts'
import { type QueueNumbers, SUCCESS } from './counts.ts'
import { REPORT_EVENT, type ThreadReport } from './export-thread.ts'
import type { OwnedPipeline } from './owned-pipeline.ts'

const REPORT_INTERVAL_MS = 250
/** Taken in one turn of the event loop: a chunk can have 40 000 lines, and what is sent has to keep up with what is read. */
const LINES_PER_TURN = 1024
/** How often it is asked whether the queue has room again. */
const ROOM_INTERVAL_MS = 5
/** A collector that has taken none for so long is not waited for: the queue holds what it can. */
const STALLED_AFTER_MS = 200

const LINE_FEED = 0x0a
const LINE_END = Buffer.of(LINE_FEED)

/**
 * Takes the line that starts at `start` of `lines`, UTF-8 with a line feed at its end.
 *
 * @returns where the line feed of the line is.
 */
export type TakeLine = (lines: Buffer, start: number) => number

/** For who reads a line as a text. */
export function takeText(take: (line: string) => void): TakeLine {
  return (lines, start) => {
    const end = lines.indexOf(LINE_FEED, start)
    take(lines.toString('utf8', start, end))
    return end
  }
}

interface Counter {
  stats(): BridgeStats
}

export class LineTarget extends Writable {
  readonly #counter: Counter
  readonly #pipeline: OwnedPipeline
  readonly #takeLine: TakeLine
  /** The start of a line whose end is still to come. */
  #rest: Buffer[] = []
  /** What the collector had taken when it was last seen to take something, and when that was. */
  #delivered = 0
  #movedAt = 0
  #reported = ''
  readonly #reporter: NodeJS.Timeout
  #closing: Promise<void> | undefined

  /** @param counter counts each line that `takeLine` is given as a record that it has seen. */
  constructor(counter: Counter, pipeline: OwnedPipeline, takeLine: TakeLine) {
    super()
    this.#counter = counter
    this.#pipeline = pipeline
    this.#takeLine = takeLine
    this.#reporter = setInterval(() => this.#report(), REPORT_INTERVAL_MS).unref()
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    const end = chunk.lastIndexOf(LINE_FEED) + 1
    const start = this.#rest
    // A line longer than a chunk is put together once, at its end.
    if (end === 0) {
      start.push(Buffer.from(chunk))
      callback()
      return
    }
    this.#rest = end === chunk.length ? [] : [Buffer.from(chunk.subarray(end))]
    const lines = chunk.subarray(0, end)
    void this.#take(start.length === 0 ? lines : Buffer.concat([...start, lines])).then(callback)
  }

  /** One line at a time, so that no more than one is ever alive; by turns, so that what is sent keeps up with what is read. */
  async #take(given: Buffer): Promise<void> {
    // What is no UTF-8 is replaced as any decoder does it.
    const lines = isUtf8(given) ? given : Buffer.from(given.toString())
    let left = LINES_PER_TURN
    for (let at = 0; at < lines.length; at++) {
      if (lines[at] !== LINE_FEED) at = this.#takeLine(lines, at)
      if (--left > 0) continue
      left = LINES_PER_TURN
      await turn()
      await this.#room()
    }
  }

  /** While the collector takes records, lines wait on the other side: the queue is for when it does not. */
  async #room(): Promise<void> {
    while (!this.#pipeline.hasRoom() && !this.#isStalled()) {
      await new Promise((resolve) => setTimeout(resolve, ROOM_INTERVAL_MS))
    }
  }

  #isStalled(): boolean {
    const { delivered } = this.#pipeline.result()
    const now = Date.now()
    if (delivered !== this.#delivered) {
      this.#delivered = delivered
      this.#movedAt = now
    }
    return now - this.#movedAt >= STALLED_AFTER_MS
  }

  /** thread-stream calls this for a flush of the main thread, `logger.flush(callback)` of pino among them. */
  flush(callback: (error?: Error) => void): void {
    const flush = () => {
      void this.#pipeline.flush().then(() => {
        this.#report()
        callback()
      })
    }
    // Behind the lines that have been written, which may wait for their turn.
    if (this.writable) this.write('', flush)
    else flush()
  }

  override _final(callback: () => void): void {
    const rest = this.#rest
    this.#rest = []
    const taken = rest.length === 0 ? Promise.resolve() : this.#take(Buffer.concat([...rest, LINE_END]))
    void taken.then(() => this.#close()).then(callback)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearInterval(this.#reporter)
    void this.#close().then(() => callback(error))
  }

  #close(): Promise<void> {
    this.#closing ??= this.#pipeline.close().then(() => this.#report())
    return this.#closing
  }

  #report(): void {
    const stats = this.#counter.stats()
    const { exporter } = this.#pipeline
    const report: ThreadReport = {
      stats,
      delivery: this.#pipeline.result(),
      numbers: this.#pipeline.numbers?.() ?? numbersWithoutQueue(stats),
      durations: this.#pipeline.takeDurations?.() ?? [],
      ...(exporter !== undefined && { exporter }),
    }
    const text = JSON.stringify(report)
    if (text === this.#reported) return
    this.#reported = text
    parentPort?.postMessage({ code: 'EVENT', name: REPORT_EVENT, args: [report] })
  }
}

/** What a provider of the app's is given is delivered, as far as anybody can tell. */
function numbersWithoutQueue({ emitted }: BridgeStats): QueueNumbers {
  const given = { [SUCCESS]: emitted }
  return { counts: { processed: given, exported: given, retried: {} }, waiting: 0, inflight: 0, bytes: 0 }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
