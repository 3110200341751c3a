// What is owned hears of the end of the process, without being kept by that. on-exit-leak-free, pino's own way, forgets
// those that came after one that was collected: what they held would be lost at process.exit() without a word.

export interface Ended {
  /** The event loop has run empty: what is begun here is waited for. */
  beforeExit(): void
  /**
   * The process ends when this returns.
   *
   * @param mayWait false where others have waited for as long as an exit may take.
   */
  exit(mayWait: boolean): void
}

/** What one owner may block, all of them may: while one is waited for the threads of the others go on. */
export const BLOCKING_MS = 9000

const refs = new Set<WeakRef<Ended>>()
const collected = new FinalizationRegistry<WeakRef<Ended>>(forget)

/** @returns what {@link forget} takes. `owner` is held weakly. */
export function hearOfExit(owner: Ended): WeakRef<Ended> {
  if (refs.size === 0) {
    process.on('beforeExit', onBeforeExit)
    process.on('exit', onExit)
  }
  const ref = new WeakRef(owner)
  refs.add(ref)
  collected.register(owner, ref, ref)
  return ref
}

export function forget(ref: WeakRef<Ended>): void {
  collected.unregister(ref)
  if (!refs.delete(ref) || refs.size > 0) return
  process.removeListener('beforeExit', onBeforeExit)
  process.removeListener('exit', onExit)
}

function onBeforeExit(): void {
  for (const ref of refs) ref.deref()?.beforeExit()
}

function onExit(): void {
  const until = performance.now() + BLOCKING_MS
  for (const ref of refs) ref.deref()?.exit(performance.now() < until)
}
