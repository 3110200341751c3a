// What the current async context may do with a record. The check that stops feedback loops reads this and nothing
// else, so it holds without an OTel context manager and across every promise, timer and socket of an export.

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { processState } from './process-state.ts'

export interface Scope {
  /** Inside `Logger.emit`, or in anything asynchronous that such a call started. */
  readonly emitting: boolean
  /** Inside `withLogsSuppressed`. */
  readonly suppressed: boolean
  /**
   * How many emits stand above this scope: more than 0 inside `withLogsUnsuppressed` called by an exporter; without end
   * where the app is told of dropped records.
   */
  readonly generation: number
}

/** How deep records may nest: logged while a record is read, or through `withLogsUnsuppressed` from an exporter. */
const MAX_NESTING = 4

interface ScopeState {
  readonly storage: AsyncLocalStorage<Scope>
  /** One per generation, entered around `Logger.emit`; the last one for all that are deeper. */
  readonly emitFrames: readonly AsyncResource[]
  /** Holds no store at all: for timers that must not keep a request's stores alive. */
  readonly rootFrame: AsyncResource
  readonly nesting: { reading: number }
}

const state = processState('scope', createScopeState)

/**
 * Records that are being read, by app code and cleaning, further up the stack. Reading is synchronous, so a number is
 * enough; whoever raises it lowers it in place, since a call would fail where the stack is exhausted.
 */
export const nesting: { reading: number } = state.nesting
/** Where nothing is held back. */
export const OPEN: Scope = { emitting: false, suppressed: false, generation: 0 }
/** Where the app is told of something, a drop for one: what it logs there is not bridged, by no way out, nor told. */
export const TELLING: Scope = { emitting: false, suppressed: true, generation: Number.POSITIVE_INFINITY }

export function currentScope(): Scope {
  return state.storage.getStore() ?? OPEN
}

export function runInScope<T>(scope: Scope, fn: () => T): T {
  return state.storage.run(scope, fn)
}

/** Whether the app is being told here, or in what that has started. */
export function isTelling(scope: Scope): boolean {
  return scope.generation === TELLING.generation
}

/** True where a further record would exceed {@link MAX_NESTING}. */
export function isNestedTooDeep(scope: Scope): boolean {
  return nesting.reading + scope.generation > MAX_NESTING
}

/**
 * Calls `fn` on `target` as the emit of a record that was logged in `scope`. A frame made once and entered again
 * costs nothing measurable, where `AsyncLocalStorage.run` adds a quarter to an emit (bench/topics/guard.ts). It holds no other
 * store, so an exporter's sockets and timers do not keep a request's context alive.
 */
export function runEmit<T, A, R>(scope: Scope, fn: (this: T, argument: A) => R, target: T, argument: A): R {
  const frame = state.emitFrames[Math.min(scope.generation, MAX_NESTING + 1)] as AsyncResource
  return frame.runInAsyncScope(fn as (this: T, ...args: unknown[]) => R, target, argument)
}

/** Runs `fn` in no async context: what it starts belongs to the bridge, not to the caller. */
export function runInRoot<T>(fn: () => T): T {
  return state.rootFrame.runInAsyncScope(fn)
}

function createScopeState(): ScopeState {
  const storage = new AsyncLocalStorage<Scope>()
  const frame = () => new AsyncResource('otel-log-bridge', { requireManualDestroy: true })
  const emitFrames: AsyncResource[] = []
  const emitFrame = (generation: number) => storage.run({ emitting: true, suppressed: false, generation }, frame)
  for (let generation = 1; generation <= MAX_NESTING + 1; generation++) emitFrames.push(emitFrame(generation))
  emitFrames.push(emitFrame(Number.POSITIVE_INFINITY))
  return { storage, emitFrames, rootFrame: frame(), nesting: { reading: 0 } }
}
