// What has to be known of thread-stream, and what its types leave out.

import type { Worker } from 'node:worker_threads'
import ThreadStream from 'thread-stream'

/** thread-stream's own buffer, in shared memory. The thread reads it as one text: a small one is garbage soon. */
export const SHARED_BYTES = 512 * 1024
/** In a burst V8 would rather let the heap grow: a record is garbage as soon as it is sent. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 16 }

export interface Thread extends ThreadStream {
  write(data: string | Buffer): boolean
  /** Whether the thread has started to read. */
  readonly ready: boolean
  readonly writable: boolean
  readonly writableErrored: Error | null
  readonly worker: Worker & { stream: { deref(): ThreadStream | undefined } }
  ref(): void
  unref(): void
}

export function startThread(filename: string, workerData: object): Thread {
  // A preload of the app (`--import ./telemetry.js`) would start its SDK once more in the thread.
  const env = withoutPreloads(process.env)
  const workerOpts = { name: 'otel-log-bridge', resourceLimits: RESOURCE_LIMITS, execArgv: [], env }
  const thread = new ThreadStream({ filename, workerData, workerOpts, bufferSize: SHARED_BYTES }) as Thread
  // Of thread-stream's own file not being there, only the Worker tells; with nobody to listen it would end the app.
  thread.worker.on('error', (error) => thread.emit('error', error))
  return thread
}

/** Places of thread-stream's state: how often it was changed, odd while it is; how far is written; how far is read. */
const SEQUENCE = 2
const WRITTEN = 4
const READ = 8
const ALL_READ = 2 ** 31 - 1

/** Of thread-stream's own, behind a symbol. */
interface Internals {
  readonly state: Int32Array<SharedArrayBuffer>
  /** The shared memory. */
  readonly data: Buffer
  readonly ready: boolean
  /** Whether it is about to write what it holds. */
  readonly flushing: boolean
  /** Bytes that it holds. */
  readonly bufLen: number
}

/**
 * Writes to the shared memory at once, as thread-stream does it in the next turn of the event loop: an app that keeps the
 * loop busy, and logs, does not keep its records from the thread.
 *
 * @returns false where they have to wait for that turn.
 */
export function writeNow(thread: Thread, bytes: Buffer): boolean {
  const internals = internalsOf(thread)
  if (internals === undefined) return false
  const { state, data, ready, flushing, bufLen } = internals
  if (ready !== true || flushing !== false || bufLen !== 0) return false
  const written = Atomics.load(state, WRITTEN)
  const isRead = Atomics.load(state, READ) === written
  const start = isRead ? 0 : written
  // Negative where the thread has failed.
  if (written < 0 || start + bytes.length > data.length) return false
  bytes.copy(data, start)
  Atomics.add(state, SEQUENCE, 1)
  if (isRead) Atomics.store(state, READ, 0)
  Atomics.store(state, WRITTEN, start + bytes.length)
  Atomics.add(state, SEQUENCE, 1)
  Atomics.notify(state, SEQUENCE)
  if (isRead) Atomics.notify(state, READ)
  return true
}

/**
 * thread-stream keeps a stream that has ended, with its shared memory, for good: its registry holds the worker, which
 * holds the stream, and where the thread has not read everything, a wait for that never ends.
 */
export function letGoOf(thread: Thread): void {
  thread.worker.stream = new WeakRef(thread)
  const state = internalsOf(thread)?.state
  if (state === undefined) return
  Atomics.store(state, READ, ALL_READ)
  Atomics.notify(state, READ)
}

/** @returns undefined where thread-stream is not as it is known. */
function internalsOf(thread: Thread): Internals | undefined {
  for (const key of Object.getOwnPropertySymbols(thread)) {
    const internals = (thread as unknown as Record<symbol, Partial<Internals> | undefined>)[key]
    const { state, data } = internals ?? {}
    if (state instanceof Int32Array && state.length > READ && Buffer.isBuffer(data)) return internals as Internals
  }
  return undefined
}

function withoutPreloads(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const options = env.NODE_OPTIONS
  if (options === undefined) return env
  return { ...env, NODE_OPTIONS: options.replace(/(?:^|\s)(?:-r|--require|--import)(?:=|\s+)(?:"[^"]*"|\S+)/g, '') }
}
