// A termination signal that nobody handles ends a process on the spot, with all that is unsent. While something is, we
// listen, send it, and let the signal have its way. Where the app listens too, the app decides.

import { constants } from 'node:os'
import { isMainThread } from 'node:worker_threads'
import { FLUSH_DEADLINE_MS } from '../deadline.ts'
import { processState } from '../process-state.ts'
import { runInRoot } from '../scope.ts'
import { BLOCKING_MS } from './at-exit.ts'

/** What has records that are not sent yet. */
export interface Unsent {
  /** Sends them, without blocking, within {@link FLUSH_DEADLINE_MS}. */
  flush(): Promise<unknown>
  /**
   * The process ends when this returns: sends what has come since the flush, where it can be waited for without the
   * event loop, and tells what is lost.
   *
   * @param mayWait false where somebody insists.
   */
  endAtExit(mayWait: boolean): void
}

type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP'

const SIGNALS: readonly Signal[] = ['SIGTERM', 'SIGINT', 'SIGHUP']
/** For an owner that does not keep to its own deadline. */
const END_DEADLINE_MS = FLUSH_DEADLINE_MS + 1000
/** A terminal or a service manager tells npm and the app, and npm tells the app again: so soon it is the same signal. */
const ECHO_MS = 200
const QUIET_TURN_MS = 1

/** A signal under way: what it waits for, and what holds the process meanwhile. */
interface Ending {
  readonly beganAt: number
  readonly timer: NodeJS.Timeout
}

class Termination {
  /** Also what keeps them from being collected, with the logger that has written to them. */
  readonly #owners = new Set<Unsent>()
  readonly #listeners = new Map<Signal, () => void>(
    SIGNALS.map((signal) => [signal, () => runInRoot(() => this.#take(signal))]),
  )
  #isListening = false
  #isLeaving = false
  /** Signals that the app's own listeners are hearing right now. */
  readonly #aside = new Set<Signal>()
  #ending: Ending | undefined

  hold(owner: Unsent): void {
    if (this.#owners.has(owner)) return
    // An init process is not ended by a signal that it does not handle.
    if (!this.#isListening && isMainThread && process.pid !== 1) runInRoot(() => this.#listen())
    this.#owners.add(owner)
  }

  release(owner: Unsent): void {
    if (this.#owners.delete(owner) && this.#owners.size === 0) this.#leaveSoon()
  }

  #listen(): void {
    this.#isListening = true
    for (const [signal, listener] of this.#listeners) {
      if (this.#aside.has(signal) || process.listeners(signal).includes(listener)) continue
      try {
        process.prependListener(signal, listener)
      } catch {
        // There is no such signal on this system, or the app does not let anybody listen.
      }
    }
  }

  #leave(): void {
    this.#isListening = false
    for (const [signal, listener] of this.#listeners) process.removeListener(signal, listener)
  }

  /**
   * A signal that is caught but not told yet is forgotten with its last listener. It is told between the poll of the
   * event loop and its immediates, so the listener goes in an immediate behind a turn in which little else could come.
   */
  #leaveSoon(): void {
    if (!this.#isListening || this.#isLeaving) return
    this.#isLeaving = true
    const look = (turnBeganAt: number) => {
      const now = performance.now()
      const isNeeded = this.#owners.size > 0 || this.#ending !== undefined
      if (!isNeeded && now - turnBeganAt > QUIET_TURN_MS) {
        setImmediate(look, now)
        return
      }
      this.#isLeaving = false
      if (!isNeeded) this.#leave()
    }
    runInRoot(() => setImmediate(look, Number.NEGATIVE_INFINITY))
  }

  #take(signal: Signal): void {
    if (this.#isHandledByApp(signal)) this.#stepAside(signal)
    else if (this.#ending === undefined) this.#begin(signal)
    else if (performance.now() - this.#ending.beganAt > ECHO_MS) this.#end(signal, false)
  }

  /** Libraries that raise the signal anew, where nobody but themselves hears it, count the listeners. */
  #stepAside(signal: Signal): void {
    this.#forget()
    this.#aside.add(signal)
    process.removeListener(signal, this.#listeners.get(signal) as () => void)
    const comeBack = () => {
      clearImmediate(turn)
      process.removeListener('removeListener', onRemoved)
      this.#aside.delete(signal)
      if (this.#owners.size > 0) this.#listen()
      else this.#leaveSoon()
    }
    // They go before they do so: what they raise then, nobody handles.
    const onRemoved = () => {
      if (process.listenerCount(signal) === 0) comeBack()
    }
    process.on('removeListener', onRemoved)
    const turn = setImmediate(comeBack)
  }

  #begin(signal: Signal): void {
    const timer = setTimeout(() => this.#end(signal, true), END_DEADLINE_MS)
    const ending: Ending = { beganAt: performance.now(), timer }
    this.#ending = ending
    void Promise.allSettled([...this.#owners].map(async (owner) => owner.flush())).then(() => {
      if (this.#ending === ending) this.#end(signal, true)
    })
  }

  #end(signal: Signal, mayWait: boolean): void {
    this.#forget()
    // An app that listens by now is told, and decides.
    if (!this.#isHandledByApp(signal)) this.#endOwners(mayWait)
    this.#leave()
    try {
      process.kill(process.pid, signal)
    } catch {
      // Where the system cannot do so to a process.
      process.exit(128 + constants.signals[signal])
    }
    setImmediate(() => {
      if (this.#owners.size > 0) this.#listen()
    })
  }

  #isHandledByApp(signal: Signal): boolean {
    const ours = this.#listeners.get(signal)
    return process.listeners(signal).some((listener) => listener !== ours)
  }

  #endOwners(mayWait: boolean): void {
    const until = performance.now() + BLOCKING_MS
    for (const owner of this.#owners) {
      try {
        owner.endAtExit(mayWait && performance.now() < until)
      } catch {
        // Nothing of ours stands between a process and its end.
      }
    }
  }

  #forget(): void {
    clearTimeout(this.#ending?.timer)
    this.#ending = undefined
  }
}

const termination = processState('termination', () => new Termination())

/** Until it is released, `owner` is given the time to send before a signal that nobody handles ends the process. */
export function holdTermination(owner: Unsent): void {
  termination.hold(owner)
}

/** Nothing of `owner`'s is unsent any more. */
export function releaseTermination(owner: Unsent): void {
  termination.release(owner)
}
