// The LoggerProvider of a process whose app registers none: where the bridge was attached without code, nobody else would
// make one. It is never registered with an API, so the app's own registration succeeds, however late.

import { processState } from './process-state.ts'
import type { LoggerProvider } from './provider.ts'
import { runInRoot } from './scope.ts'

export interface Fallback extends LoggerProvider {
  /** Delivers what it holds. Never rejects. */
  shutdown(): Promise<void>
}

interface FallbackState {
  make: (() => Fallback) | undefined
  /** While it stands in. */
  provider: Fallback | undefined
}

/** Shared by all copies of the package: each finds the same one. */
const state = processState('fallback', (): FallbackState => ({ make: undefined, provider: undefined }))

/** @param make is called where records wait in vain: once, or again after the app has unregistered its own. */
export function offerFallback(make: () => Fallback): void {
  state.make ??= make
}

export function isFallbackOffered(): boolean {
  return state.make !== undefined
}

/** The one that stands in, where one was needed. */
export function currentFallback(): Fallback | undefined {
  return state.provider
}

/**
 * Makes it, where one is offered.
 *
 * @throws what its maker throws, once: it is offered no more.
 */
export function makeFallback(): void {
  const { make } = state
  if (state.provider !== undefined || make === undefined) return
  state.make = undefined
  state.provider = make()
  state.make = make
}

/** The app has registered its own: what the fallback holds is delivered, and its thread ends. */
export function retireFallback(): void {
  const { provider } = state
  state.provider = undefined
  if (provider !== undefined) void runInRoot(() => provider.shutdown())
}
