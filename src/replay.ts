// The waiting room: records logged before the app has registered its LoggerProvider, and the one line that says so
// where it never does. Nothing announces a registration, so while records wait it is looked for.

import { currentFallback, isFallbackOffered, makeFallback } from './fallback.ts'
import { internalLog, reasonOf } from './internal-logger.ts'
import { whyNoProvider } from './no-provider.ts'
import { type Ended, hearOfExit } from './pipeline/at-exit.ts'
import { holdTermination, releaseTermination, type Unsent } from './pipeline/termination.ts'
import { processState } from './process-state.ts'
import { globalLoggerProvider } from './provider.ts'
import { runInRoot } from './scope.ts'

const POLL_MS = 100
const WARN_AFTER_MS = 10_000
/** How long an SDK that starts behind the first record is waited for, where there is a fallback. */
const FALLBACK_AFTER_MS = 1000
/** Half of what waits by default: nothing overflows while the app is still busy starting. */
const FALLBACK_AT_RECORDS = 500

/** Something that holds records for a provider. */
export interface Waiting {
  /** Records that wait. */
  readonly waitingCount: number
  /** Emits what waits, if there is a provider now. */
  replay(): void
}

interface ReplayState {
  readonly rooms: Set<Waiting>
  /** Ends the looking. */
  close: (() => void) | undefined
}

/** Shared by all copies of the package: at the end of the process one of them sees to the records of all. */
const state = processState('replay', (): ReplayState => ({ rooms: new Set(), close: undefined }))

/** Looks for a provider on behalf of `waiting`, until {@link stopWaiting}. Keeps no process alive. */
export function startWaiting(waiting: Waiting): void {
  state.rooms.add(waiting)
  if (state.close === undefined) open()
  if (waiting.waitingCount >= FALLBACK_AT_RECORDS && isFallbackOffered()) fallBack()
}

export function stopWaiting(waiting: Waiting): void {
  if (state.rooms.delete(waiting) && state.rooms.size === 0) state.close?.()
}

/** Of an app that registers no provider. Called once, early: what is made at exit is waited for by who listens before. */
export function fallBackAtExit(): void {
  hearOfExit(atEnd)
}

function open(): void {
  const openedAt = performance.now()
  const look = () => {
    if (performance.now() - openedAt >= FALLBACK_AFTER_MS) fallBack()
    else replayAll()
  }
  runInRoot(() => {
    const poll = setInterval(look, POLL_MS).unref()
    const warning = setTimeout(warn, WARN_AFTER_MS).unref()
    state.close = () => {
      state.close = undefined
      clearInterval(poll)
      clearTimeout(warning)
      process.removeListener('exit', atExit)
      releaseTermination(unsent)
    }
  })
  process.on('exit', atExit)
  if (isFallbackOffered()) holdTermination(unsent)
}

/** Emits what waits, through a fallback where the app has registered nothing. */
function fallBack(): void {
  if (state.rooms.size === 0) return
  try {
    if (globalLoggerProvider() === undefined) makeFallback()
  } catch (error) {
    internalLog('error', 'not-exporting', `no record will be exported: ${reasonOf(error)}`)
  }
  replayAll()
}

const atEnd: Ended = { beforeExit: fallBack, exit: fallBack }

const unsent: Unsent = {
  async flush() {
    fallBack()
    await currentFallback()?.forceFlush?.()
  },
  endAtExit: fallBack,
}

function replayAll(): void {
  for (const room of [...state.rooms]) room.replay()
}

function atExit(): void {
  replayAll()
  if (state.rooms.size > 0) warn()
}

function warn(): void {
  let count = 0
  for (const room of state.rooms) count += room.waitingCount
  internalLog(
    'warn',
    'no-provider',
    `${count} ${count === 1 ? 'record waits' : 'records wait'} for a LoggerProvider and none is registered: ${whyNoProvider()}`,
  )
}
