// The thread's end: a stream of lines, each of them a record, in front of the thread's own pipeline. thread-stream and
// pino write to it, flush it and end it; the main thread hears of what became of the records.

import { Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { parentPort } from 'node:worker_threads'
import type { BridgeStats } from '../stats.ts'
import { REPORT_EVENT, type ThreadReport } from './export-thread.ts'
import type { OwnedPipeline } from './owned-pipeline.ts'

const REPORT_INTERVAL_MS = 250
/** Taken in one turn of the event loop: a chunk can have 40 000 lines, and what is sent has to keep up with what is read. */
const LINES_PER_TURN = 1024
/** How often it is asked whether the queue has room again. */
const ROOM_INTERVAL_MS = 5
/** A collector that has taken none for so long is not waited for: the queue holds what it can. */
const STALLED_AFTER_MS = 200

interface Counter {
  stats(): BridgeStats
}

export class LineTarget extends Writable {
  readonly #counter: Counter
  readonly #pipeline: OwnedPipeline
  readonly #takeLine: (line: string) => void
  readonly #decoder = new StringDecoder('utf8')
  /** The start of a line whose end is still to come. */
  #rest = ''
  /** What the collector had taken when it was last seen to take something, and when that was. */
  #delivered = 0
  #movedAt = 0
  #reported = ''
  readonly #reporter: NodeJS.Timeout
  #closing: Promise<void> | undefined

  /** @param counter counts each line that `takeLine` is given as a record that it has seen. */
  constructor(counter: Counter, pipeline: OwnedPipeline, takeLine: (line: string) => void) {
    super({ decodeStrings: false })
    this.#counter = counter
    this.#pipeline = pipeline
    this.#takeLine = takeLine
    this.#reporter = setInterval(() => this.#report(), REPORT_INTERVAL_MS).unref()
  }

  override _write(chunk: string | Buffer, _encoding: string, callback: () => void): void {
    const text = typeof chunk === 'string' ? chunk : this.#decoder.write(chunk)
    const whole = this.#rest + text
    // A line longer than a chunk is put together once, at its end.
    if (text.includes('\n')) {
      this.#rest = ''
      void this.#take(whole).then(callback)
    } else {
      this.#rest = whole
      callback()
    }
  }

  /** One line at a time, so that no more than one is ever alive; by turns, so that what is sent keeps up with what is read. */
  async #take(text: string): Promise<void> {
    let at = 0
    let left = LINES_PER_TURN
    for (let end = text.indexOf('\n', at); end !== -1; end = text.indexOf('\n', at)) {
      if (end > at) this.#takeLine(text.slice(at, end))
      at = end + 1
      if (--left > 0) continue
      left = LINES_PER_TURN
      await turn()
      await this.#room()
    }
    this.#rest = text.slice(at)
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
    const rest = this.#rest + this.#decoder.end()
    this.#rest = ''
    if (rest !== '') this.#takeLine(rest)
    void this.#close().then(callback)
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
    const report: ThreadReport = { stats: this.#counter.stats(), delivery: this.#pipeline.result() }
    const text = JSON.stringify(report)
    if (text === this.#reported) return
    this.#reported = text
    parentPort?.postMessage({ code: 'EVENT', name: REPORT_EVENT, args: [report] })
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
