// The bridge's own voice. It writes to file descriptor 2 itself: console, process.stderr, diag, pino and winston can
// all lead back into the bridge, whatever the app has patched.

import { writeSync } from 'node:fs'
import type { DiagLogger } from '@opentelemetry/api'
import { Channel } from './channel.ts'
import { argumentError } from './options.ts'
import { processState } from './process-state.ts'
import { withoutCredentials } from './redaction.ts'
import { runInRoot } from './scope.ts'
import { withLogsSuppressed } from './suppression.ts'

export type InternalLogLevel = 'error' | 'warn' | 'info' | 'debug'

/** One line of the internal logger. */
export interface InternalLogEntry {
  readonly level: InternalLogLevel
  /** What kind of event this is; each kind has a rate limit of its own. */
  readonly kind: string
  /** One line: control characters escaped, credentials removed. */
  readonly message: string
  /** Further entries of this kind that were held back before this one. */
  readonly heldBack: number
}

export type InternalLogSink = (entry: InternalLogEntry) => void

/** Lines of one kind that are let through per window; further ones are counted and summed up at its end. */
const LINES_PER_WINDOW = 10
const WINDOW_MS = 10_000
const MAX_KINDS = 100
const MAX_MESSAGE_LENGTH = 2000

interface Window {
  lines: number
  heldBack: number
  last: { level: InternalLogLevel; message: string }
}

interface InternalLoggerState {
  sink: InternalLogSink | undefined
  readonly windows: Map<string, Window>
  timer: NodeJS.Timeout | undefined
}

const state = processState('internal-logger', (): InternalLoggerState => {
  return { sink: undefined, windows: new Map(), timer: undefined }
})

/** For who listens besides the sink, such as an APM. */
const channel = new Channel<InternalLogEntry>('otel-log-bridge:internal-log', (thrown) => {
  internalLog('warn', 'subscriber', `a subscriber of a diagnostics channel threw: ${reasonOf(thrown)}`)
})

/**
 * Sends the bridge's own diagnostics to `sink` instead of file descriptor 2; `undefined` restores the default. The
 * sink runs with logs suppressed; where it throws, the line goes to file descriptor 2.
 *
 * @throws TypeError if `sink` is neither a function nor undefined.
 */
export function setInternalLogSink(sink: InternalLogSink | undefined): void {
  if (sink !== undefined && typeof sink !== 'function') throw argumentError('setInternalLogSink', 'a function', sink)
  state.sink = sink
}

/** Reports an event of the bridge: at most 10 lines per kind in 10 s, then one that sums up the rest. Never throws. */
export function internalLog(level: InternalLogLevel, kind: string, message: string): void {
  const window = windowOf(kind)
  if (window.lines >= LINES_PER_WINDOW) {
    window.heldBack++
    window.last = { level, message }
    return
  }
  window.lines++
  deliver({ level, kind, message: oneLine(message), heldBack: 0 })
}

/** A short text for anything that was thrown, whatever it does when it is read. */
export function reasonOf(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return String(thrown)
    // Of a host with several addresses Node tells the failures one by one, and nothing of the whole.
    if (thrown.message === '' && thrown instanceof AggregateError) return thrown.errors.map(reasonOf).join(', ')
    return `${thrown.name}: ${thrown.message}`
  } catch {
    return 'an error that cannot be read'
  }
}

/**
 * A DiagLogger for `diag.setLogger()`: what the SDK reports goes to the internal logger, which no log bridge sees.
 * Each level has the internal logger's rate limit.
 */
export function diagLogger(): DiagLogger {
  const at = (level: InternalLogLevel, name: string) => {
    return (message: string, ...args: unknown[]) => {
      internalLog(level, `diag.${name}`, [message, ...args].map(reasonOf).join(' '))
    }
  }
  return {
    error: at('error', 'error'),
    warn: at('warn', 'warn'),
    info: at('info', 'info'),
    debug: at('debug', 'debug'),
    verbose: at('debug', 'verbose'),
  }
}

function windowOf(kind: string): Window {
  // Kinds are few and fixed; the bound is for a caller that makes them up as it goes.
  const key = state.windows.has(kind) || state.windows.size < MAX_KINDS ? kind : 'other'
  let window = state.windows.get(key)
  if (window === undefined) {
    window = { lines: 0, heldBack: 0, last: { level: 'info', message: '' } }
    state.windows.set(key, window)
    openWindows()
  }
  return window
}

function openWindows(): void {
  if (state.timer !== undefined) return
  state.timer = runInRoot(() => setTimeout(closeWindows, WINDOW_MS))
  state.timer.unref()
  process.once('exit', closeWindows)
}

function closeWindows(): void {
  clearTimeout(state.timer)
  state.timer = undefined
  process.removeListener('exit', closeWindows)
  const closed = [...state.windows]
  state.windows.clear()
  for (const [kind, { heldBack, last }] of closed) {
    if (heldBack > 0) deliver({ level: last.level, kind, message: oneLine(last.message), heldBack: heldBack - 1 })
  }
}

function deliver(entry: InternalLogEntry): void {
  tell(entry)
  // A copy: what a subscriber does to it is its own.
  if (channel.hasSubscribers) channel.publish({ ...entry })
}

function tell(entry: InternalLogEntry): void {
  const { sink } = state
  if (sink !== undefined) {
    try {
      const told: unknown = withLogsSuppressed(() => sink(entry))
      // The type allows a sink that is an async function.
      if (told instanceof Promise) told.catch(() => writeToStderr(entry))
      return
    } catch {
      // The line must not be lost with the sink.
    }
  }
  writeToStderr(entry)
}

function writeToStderr({ level, kind, message, heldBack }: InternalLogEntry): void {
  const more = heldBack > 0 ? ` (and ${heldBack} more of this kind)` : ''
  try {
    writeSync(2, `otel-log-bridge ${level} [${kind}] ${message}${more}\n`)
  } catch {
    // Standard error is closed, or a full pipe: there is nowhere left to say so.
  }
}

/** One line of at most 2000 characters: credentials removed, control characters escaped. */
export function oneLine(text: string): string {
  // Cut twice: a credential that the first cut has made unrecognisable is far behind the second.
  const safe = withoutCredentials(text.slice(0, 4 * MAX_MESSAGE_LENGTH))
  const line = safe.length <= MAX_MESSAGE_LENGTH ? safe : `${safe.slice(0, MAX_MESSAGE_LENGTH)}…`
  // C0 and C1 controls and the Unicode line ends: none may start a line of its own or drive a terminal.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return line.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, escapeCharacter)
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
