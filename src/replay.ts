// The waiting room: records logged before the app has registered its LoggerProvider, and the one line that says so
// where it never does. Nothing announces a registration, so while records wait it is looked for.

import { internalLog } from './internal-logger.ts'
import { whyNoProvider } from './no-provider.ts'
import { runInRoot } from './scope.ts'

const POLL_MS = 100
const WARN_AFTER_MS = 10_000

/** Something that holds records for a provider. */
export interface Waiting {
  /** Records that wait. */
  readonly waitingCount: number
  /** Emits what waits, if there is a provider now. */
  replay(): void
}

const rooms = new Set<Waiting>()
let poll: NodeJS.Timeout | undefined
let warning: NodeJS.Timeout | undefined

/** Looks for a provider on behalf of `waiting`, until {@link stopWaiting}. Keeps no process alive. */
export function startWaiting(waiting: Waiting): void {
  rooms.add(waiting)
  if (poll !== undefined) return
  runInRoot(() => {
    poll = setInterval(replayAll, POLL_MS).unref()
    warning = setTimeout(warn, WARN_AFTER_MS).unref()
  })
  process.on('exit', atExit)
}

export function stopWaiting(waiting: Waiting): void {
  rooms.delete(waiting)
  if (rooms.size > 0) return
  clearInterval(poll)
  clearTimeout(warning)
  poll = undefined
  warning = undefined
  process.removeListener('exit', atExit)
}

function replayAll(): void {
  for (const room of [...rooms]) room.replay()
}

function atExit(): void {
  replayAll()
  if (rooms.size > 0) warn()
}

function warn(): void {
  let count = 0
  for (const room of rooms) count += room.waitingCount
  internalLog(
    'warn',
    'no-provider',
    `${count} ${count === 1 ? 'record waits' : 'records wait'} for a LoggerProvider and none is registered: ${whyNoProvider()}`,
  )
}
