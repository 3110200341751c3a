// A worker thread fed with lines. thread-stream shares memory with it, so that even process.exit() can wait, bounded,
// until the thread has sent what it holds.

import onExit from 'on-exit-leak-free'
import ThreadStream from 'thread-stream'
import { settlesWithin } from '../deadline.ts'
import { internalLog, reasonOf } from '../internal-logger.ts'

const CLOSE_MS = 10_000

/** What thread-stream's own types leave out. */
interface ThreadState {
  readonly closed: boolean
  readonly destroyed: boolean
  readonly writable: boolean
  readonly writableErrored: Error | null
  readonly worker: { terminate(): Promise<number> }
  ref(): void
  unref(): void
}
const Thread = ThreadStream as unknown as new (
  ...args: ConstructorParameters<typeof ThreadStream>
) => ThreadStream & ThreadState

/**
 * A thread that runs the default export of a file. It does not keep the process alive, and at exit it is given up to
 * 10 s for each of reading and sending what was written. Its failures are reported, never thrown.
 */
export class ExportThread extends Thread {
  #used = false
  #stopping = false
  #terminated = false

  /** @param onGone called once when the thread is gone, whether it ended or died. */
  constructor(filename: string, workerData: object, onGone: () => void) {
    // A preload of the app (`--import ./telemetry.js`) would start its SDK once more in the thread.
    const workerOpts = { name: 'otel-log-bridge', execArgv: [], env: withoutPreloads(process.env) }
    super({ filename, workerData, workerOpts })
    // Each flush that waits listens for the end of the thread.
    this.setMaxListeners(0)
    this.once('ready', () => {
      if (!this.#stopping) this.unref()
    })
    this.on('error', (error) => {
      if (!this.#terminated) internalLog('error', 'worker-failed', `the export thread failed: ${reasonOf(error)}`)
    })
    this.once('close', () => {
      onExit.unregister(this)
      onGone()
    })
    onExit.register(this, (thread) => thread.endAtExit())
  }

  override write(line: string): boolean {
    this.#used = true
    return super.write(line)
  }

  /** Resolves when the thread has sent what was written so far, with an Error where it is gone. Never rejects. */
  flushed(): Promise<Error | undefined> {
    return new Promise((resolve) => {
      const settle = (error?: Error | null) => {
        this.removeListener('close', onClose)
        resolve(error ?? undefined)
      }
      // thread-stream forgets a flush whose thread dies before it has read everything.
      const onClose = () => settle(new Error('the export thread has ended'))
      this.once('close', onClose)
      this.flush(settle)
    })
  }

  /** Ends the thread when it has sent what was written, or after 10 s. Resolves when it is gone, never rejects. */
  async stop(): Promise<void> {
    if (this.closed) return
    const gone = new Promise((resolve) => this.once('close', resolve))
    this.#stopping = true
    // Without this a process with nothing else to do would end before it is told.
    this.ref()
    // Flushed first: end() blocks the caller until the thread has sent everything.
    const sent = await settlesWithin(CLOSE_MS, this.flushed())
    if (sent) this.end()
    else this.#terminate()
    await gone
  }

  /** Blocks until the thread has sent what it holds, or the time of thread-stream's own waits is over. */
  endAtExit(): void {
    if (!this.#used) return
    let failure: unknown
    try {
      this.flushSync()
      this.end()
      failure = this.writableErrored
    } catch (error) {
      failure = error
    }
    if (failure == null) return
    internalLog('error', 'exit', `records may be lost, the export thread did not end in time: ${reasonOf(failure)}`)
  }

  #terminate(): void {
    this.#terminated = true
    const seconds = CLOSE_MS / 1000
    internalLog('error', 'close-timeout', `records may be lost: they could not be sent within ${seconds} s`)
    void this.worker.terminate()
  }
}

function withoutPreloads(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const options = env.NODE_OPTIONS
  if (options === undefined) return env
  return { ...env, NODE_OPTIONS: options.replace(/(?:^|\s)(?:-r|--require|--import)(?:=|\s+)(?:"[^"]*"|\S+)/g, '') }
}
