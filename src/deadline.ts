// Every wait ends: with what it waits for, or with its deadline.

import { runInRoot } from './scope.ts'

/** For a flush of something that is not ours, and for our own: under the 10 s that thread-stream waits at exit. */
export const FLUSH_DEADLINE_MS = 8000

/** Whether `promise` settles within `ms`. Keeps no process alive, leaves no timer behind, never rejects. */
export function settlesWithin(ms: number, promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = runInRoot(() => setTimeout(resolve, ms, false).unref())
    const settled = () => {
      clearTimeout(timer)
      resolve(true)
    }
    promise.then(settled, settled)
  })
}
