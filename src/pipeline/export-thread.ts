// The main thread's end of a thread that exports. It is started anew where it dies, holds back no more than a bound on
// the main thread, and is waited for, bounded, even by process.exit().

import { FLUSH_DEADLINE_MS, settlesWithin } from '../deadline.ts'
import { internalLog, reasonOf } from '../internal-logger.ts'
import { runInRoot } from '../scope.ts'
import type { BridgeStats } from '../stats.ts'
import { forget, hearOfExit } from './at-exit.ts'
import type { ExporterFacts } from './components.ts'
import type { ExportDuration, QueueNumbers } from './counts.ts'
import type { DeliveryResult } from './delivery-queue.ts'
import { HeldLines } from './held-lines.ts'
import { holdTermination, releaseTermination, type Unsent } from './termination.ts'
import { ThreadNumbers, type ThreadNumbersOptions } from './thread-numbers.ts'
import { letGoOf, SHARED_BYTES, startThread, type Thread, writeNow } from './thread-stream.ts'

/** What the thread has done since it started. */
export interface ThreadReport {
  /** Of its bridge: each line is a record that it has seen. */
  readonly stats: BridgeStats
  readonly delivery: DeliveryResult
  /** Of its pipeline. */
  readonly numbers: QueueNumbers
  /** Of the exports since the last report. */
  readonly durations: readonly ExportDuration[]
  readonly exporter?: ExporterFacts
}

/** The event by which the thread reports. */
export const REPORT_EVENT = 'otel-log-bridge:report'

export interface ExportThreadOptions extends ThreadNumbersOptions {
  readonly filename: string
  readonly workerData: object
  /** Bytes of lines that wait on the main thread while the thread is slow or gone. */
  readonly maxMainBytes: number
  readonly onReport: (report: ThreadReport) => void
  /** Told when the thread is gone, of the lines that it had not reported. The next one reports from zero. */
  readonly onGone: (lost: number) => void
}

export const DEFAULT_MAX_MAIN_BYTES = 64 * 1024 * 1024
const MAX_FAILURES = 5
const FIRST_RESTART_MS = 1000
/** How often a flush asks whether the next thread has started. */
const RESTART_POLL_MS = 50
/** A thread that has lived so long is not part of a series of failures. */
const HEALTHY_AFTER_MS = 60_000
const NOTHING: DeliveryResult = { delivered: 0, dropped: 0, undelivered: 0 }

export class ExportThread {
  readonly #options: ExportThreadOptions
  /** Held while there is something to send: the thread is not collected with the logger that has written it. */
  readonly #unsent: Unsent = {
    flush: () => this.#flushAtEnd(),
    endAtExit: (mayWait) => this.#endAtExit(mayWait),
  }
  #thread: Thread | undefined
  #startedAt = 0
  #failures = 0
  #restart: NodeJS.Timeout | undefined
  /** Written while there is no thread, or more than thread-stream has room for. */
  readonly #held = new HeldLines()
  /** thread-stream has said that it is full; it tells when it has drained. */
  #isFull = false
  #passesOn = false
  /** Lines that were taken, by this thread and those before it. */
  #taken = 0
  /** Lines given to the current thread, and how many of them it has reported. */
  #written = 0
  #reported = 0
  #delivery = NOTHING
  /** Lines that were not taken. */
  #refused = 0
  /** Of the threads before this one; what they lost is dropped. */
  #before = NOTHING
  /** What a thread is told again when it starts anew. */
  #configuration: unknown
  readonly #numbers: ThreadNumbers
  #closing: Promise<DeliveryResult> | undefined
  #isGivenUp = false
  /** Lines taken when a flush at the end of the process had failed. */
  #abandonedAt = -1
  readonly #atExit: ReturnType<typeof hearOfExit>

  constructor(options: ExportThreadOptions) {
    this.#options = options
    this.#numbers = new ThreadNumbers(options, () => ({
      taken: this.#taken,
      outstanding: this.#held.lines + this.#written - this.#reported,
      handover: { usage: this.#held.length, limit: options.maxMainBytes },
    }))
    this.#start()
    this.#atExit = hearOfExit(this)
  }

  /** @returns why the line was not taken. */
  write(line: string): 'full' | 'gone' | undefined {
    const isGone = this.#isGivenUp || this.#closing !== undefined
    if (isGone || this.#held.length + line.length > this.#options.maxMainBytes + SHARED_BYTES) {
      this.#refused++
      const why = isGone ? 'gone' : 'full'
      this.#numbers.refuse(why, this.#closing !== undefined)
      return why
    }
    holdTermination(this.#unsent)
    this.#taken++
    if (this.#held.add(line)) this.#passNow()
    this.#passOnSoon()
    return undefined
  }

  /** Posts a message to this thread and to any that follows it. */
  configure(message: unknown): void {
    this.#configuration = message
    this.#thread?.emit('message', message)
  }

  /** @returns when what was written is delivered, dropped, or the deadline is over. Never rejects. */
  async flush(deadlineMs = FLUSH_DEADLINE_MS): Promise<DeliveryResult> {
    if (this.#outstanding() > 0) await settlesWithin(deadlineMs, this.#flushed())
    return this.result()
  }

  /** Flushes, then ends the thread. Idempotent, never rejects. */
  close(deadlineMs = FLUSH_DEADLINE_MS): Promise<DeliveryResult> {
    this.#closing ??= this.#close(deadlineMs)
    return this.#closing
  }

  /** Records since the start, over all threads. */
  result(): DeliveryResult {
    const { delivered, dropped } = this.#before
    return {
      delivered: delivered + this.#delivery.delivered,
      dropped: dropped + this.#delivery.dropped + this.#refused,
      undelivered: this.#outstanding(),
    }
  }

  #outstanding(): number {
    return this.#held.lines + (this.#written - this.#reported) + this.#delivery.undelivered
  }

  #start(): void {
    const { filename, workerData } = this.#options
    this.#startedAt = Date.now()
    // Started by whichever request comes first, the thread must not keep its context alive.
    const thread = runInRoot(() => startThread(filename, workerData))
    // Each flush that waits listens for the end of the thread.
    thread.setMaxListeners(0)
    thread.once('ready', () => {
      if (this.#closing === undefined) thread.unref()
      this.#passOn()
    })
    thread.on('drain', () => {
      this.#isFull = false
      this.#passOn()
    })
    thread.on(REPORT_EVENT, (report: ThreadReport) => this.#take(report))
    thread.on('error', (error) => {
      if (this.#closing === undefined) {
        internalLog('error', 'worker-failed', `the export thread failed: ${reasonOf(error)}${hintAt(error)}`)
      }
    })
    thread.once('close', () => {
      letGoOf(thread)
      this.#gone()
    })
    this.#thread = thread
    if (this.#configuration !== undefined) thread.emit('message', this.#configuration)
    if (this.#held.lines > 0) this.#passOnSoon()
  }

  /** What the thread has room for: while the app keeps the event loop busy, no other turn comes. */
  #passNow(): void {
    const thread = this.#thread
    if (thread === undefined) return
    this.#held.pass(({ bytes, lines }) => {
      if (!writeNow(thread, bytes)) return false
      this.#written += lines
      return true
    })
  }

  /** Once for all lines of a turn of the event loop. */
  #passOnSoon(): void {
    if (this.#passesOn || this.#isFull || this.#thread === undefined) return
    this.#passesOn = true
    runInRoot(() => setImmediate(() => this.#passOn()))
  }

  /**
   * What a thread has that never comes to read it would be lost: nothing is passed on before it is ready.
   *
   * @param all at once, and more, too, than thread-stream has room for: it buffers that itself.
   */
  #passOn(all = false): void {
    this.#passesOn = false
    const thread = this.#thread
    if (thread === undefined || !(thread.ready || all)) return
    this.#held.pass(({ bytes, lines }) => {
      if (this.#isFull && !all) return false
      this.#written += lines
      this.#isFull = !thread.write(bytes)
      return true
    })
  }

  #take(report: ThreadReport): void {
    const { stats, delivery } = report
    this.#reported = stats.seen - stats.pending
    this.#delivery = delivery
    this.#releaseIfSent()
    this.#options.onReport(report)
    this.#numbers.take(report)
    this.#numbers.tell(this.result())
  }

  #gone(): void {
    const lost = this.#written - this.#reported
    const undelivered = this.#delivery.undelivered + lost
    const { delivered, dropped } = this.result()
    this.#before = { delivered, dropped: dropped - this.#refused + undelivered, undelivered: 0 }
    this.#thread = undefined
    this.#delivery = NOTHING
    this.#written = 0
    this.#reported = 0
    this.#isFull = false
    this.#releaseIfSent()
    this.#options.onGone(lost)
    this.#numbers.loseThread(lost, this.#closing !== undefined)
    this.#numbers.tell(this.result())
    if (undelivered > 0 && this.#closing === undefined) {
      internalLog('error', 'worker-lost', `${undelivered} records may be lost: the export thread has ended with them`)
    }
    if (this.#closing === undefined) this.#startAgain()
  }

  #startAgain(): void {
    this.#failures = Date.now() - this.#startedAt > HEALTHY_AFTER_MS ? 1 : this.#failures + 1
    if (this.#failures > MAX_FAILURES) {
      this.#isGivenUp = true
      this.#drop(this.#held.drop())
      this.#releaseIfSent()
      internalLog(
        'error',
        'worker-given-up',
        `the export thread has failed ${MAX_FAILURES} times: no record is exported any more`,
      )
      return
    }
    const delay = FIRST_RESTART_MS * 2 ** (this.#failures - 1)
    this.#restart = runInRoot(() => setTimeout(() => this.#start(), delay).unref())
  }

  #releaseIfSent(): void {
    if (this.#outstanding() === 0) releaseTermination(this.#unsent)
  }

  /** Resolves when all that was written before is settled, be it by a thread that has yet to start. */
  async #flushed(): Promise<void> {
    const thread = await this.#passedOn()
    if (thread === undefined) return
    await new Promise<void>((resolve) => {
      // thread-stream forgets a flush whose thread dies before it has read everything.
      thread.once('close', resolve)
      thread.flush((error) => {
        // The thread has died: what it had is accounted for when it closes.
        if (error != null && this.#thread === thread) return
        thread.removeListener('close', resolve)
        resolve()
      })
    })
  }

  /**
   * A flush that comes before thread-stream has drained keeps a whole core busy asking whether it has.
   *
   * @returns the thread that has all lines that were held; undefined where there is none.
   */
  async #passedOn(): Promise<Thread | undefined> {
    let thread: Thread | undefined
    let lines = 0
    for (;;) {
      if (this.#thread !== thread) {
        thread = this.#thread
        lines = this.#written + this.#held.lines
        this.#passOn()
      }
      if (thread !== undefined) {
        if (this.#written >= lines && !this.#isFull) return thread
        await moved(thread)
      } else if (this.#held.lines > 0 && !this.#isGivenUp) {
        // By timers that keep the process alive: the restart's does not, and who waits for a flush wants it to come.
        await new Promise((resolve) => setTimeout(resolve, RESTART_POLL_MS))
      } else return undefined
    }
  }

  async #close(deadlineMs: number): Promise<DeliveryResult> {
    // Without this a process with nothing else to do would end before it is told.
    this.#thread?.ref()
    if (this.#outstanding() > 0) await settlesWithin(deadlineMs, this.#flushed())
    clearTimeout(this.#restart)
    const result = this.result()
    tellOfUndelivered(result.undelivered, `within ${deadlineMs} ms of the close`)
    // Sent or told: an exit has nothing to wait for any more.
    forget(this.#atExit)
    releaseTermination(this.#unsent)
    const thread = this.#thread
    if (thread !== undefined) {
      const gone = new Promise((resolve) => thread.once('close', resolve))
      // end() blocks until the thread has sent everything: not where there is something that it could not send.
      if (result.undelivered === 0) thread.end()
      else void thread.worker.terminate()
      await settlesWithin(deadlineMs, gone)
    }
    this.#drop(this.#held.drop())
    this.#numbers.close()
    return result
  }

  #drop(records: number): void {
    if (records === 0) return
    this.#before = { ...this.#before, dropped: this.#before.dropped + records }
    this.#options.onGone(records)
    this.#numbers.loseLines(records, this.#closing !== undefined)
  }

  beforeExit(): void {
    void this.#flushBeforeExit()
  }

  exit(mayWait: boolean): void {
    this.#endAtExit(mayWait)
  }

  /** The event loop has run empty: here it can still be waited without blocking. */
  async #flushBeforeExit(): Promise<void> {
    if (this.#outstanding() === 0 || this.#abandonedAt === this.#taken) return
    this.#thread?.ref()
    await this.#flushAtEnd()
    if (this.#closing === undefined) this.#thread?.unref()
  }

  /** Where nothing could be sent, the exit does not wait once more. What is taken meanwhile is behind it. */
  async #flushAtEnd(): Promise<void> {
    const outstanding = this.#outstanding()
    const taken = this.#taken
    await this.flush()
    const left = this.#outstanding() - (this.#taken - taken)
    if (left > 0 && left >= outstanding) this.#abandonedAt = this.#taken
  }

  /**
   * Blocks until the thread has sent what it holds, or the time of thread-stream's own waits is over.
   *
   * @param mayWait false where it may not block.
   */
  #endAtExit(mayWait: boolean): void {
    const thread = this.#thread
    const outstanding = this.#outstanding()
    if (outstanding === 0) return
    let failure: unknown
    if (!mayWait || thread === undefined || this.#abandonedAt === this.#taken) {
      failure = 'the collector did not take them in time'
    } else {
      try {
        this.#passOn(true)
        thread.flushSync()
        thread.end()
        failure = thread.writableErrored
      } catch (error) {
        failure = error
      }
    }
    if (failure != null) tellOfUndelivered(outstanding, `at exit: ${reasonOf(failure)}`)
  }
}

/** @returns when the thread has started, when thread-stream has room again, or when the thread has ended. */
function moved(thread: Thread): Promise<void> {
  const events = ['ready', 'drain', 'close']
  return new Promise((resolve) => {
    const settle = () => {
      for (const event of events) thread.removeListener(event, settle)
      resolve()
    }
    for (const event of events) thread.once(event, settle)
  })
}

const NOT_FOUND = ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND', 'ENOENT']

function hintAt(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined || !NOT_FOUND.includes(code)) return ''
  return ". In a bundle, name 'otel-log-bridge/pino' and 'otel-log-bridge/worker' to pino's plugin for your bundler, as its transports"
}

function tellOfUndelivered(records: number, when: string): void {
  if (records > 0) internalLog('error', 'undelivered', `${records} records were not delivered ${when}`)
}
