// What has to be known of thread-stream, and what its types leave out.

import ThreadStream from 'thread-stream'

/** thread-stream's own buffer, in shared memory. The thread reads it as one text: a small one is garbage soon. */
export const SHARED_BYTES = 512 * 1024
/** In a burst V8 would rather let the heap grow: a record is garbage as soon as it is sent. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 16 }

export interface Thread extends ThreadStream {
  write(data: string | Buffer): boolean
  readonly writable: boolean
  readonly writableErrored: Error | null
  readonly worker: { stream: { deref(): ThreadStream | undefined }; terminate(): Promise<number> }
  ref(): void
  unref(): void
}

export function startThread(filename: string, workerData: object): Thread {
  // A preload of the app (`--import ./telemetry.js`) would start its SDK once more in the thread.
  const env = withoutPreloads(process.env)
  const workerOpts = { name: 'otel-log-bridge', resourceLimits: RESOURCE_LIMITS, execArgv: [], env }
  return new ThreadStream({ filename, workerData, workerOpts, bufferSize: SHARED_BYTES }) as Thread
}

/** Where thread-stream keeps how far the thread has read. */
const READ_INDEX = 8
const ALL_READ = 2 ** 31 - 1

/**
 * thread-stream keeps a stream that has ended, with its shared memory, for good: its registry holds the worker, which
 * holds the stream, and where the thread has not read everything, a wait for that never ends.
 */
export function letGoOf(thread: Thread): void {
  thread.worker.stream = new WeakRef(thread)
  for (const key of Object.getOwnPropertySymbols(thread)) {
    const { state } = (thread as unknown as Record<symbol, { readonly state?: unknown }>)[key] ?? {}
    if (!(state instanceof Int32Array && state.length > READ_INDEX)) continue
    Atomics.store(state, READ_INDEX, ALL_READ)
    Atomics.notify(state, READ_INDEX)
  }
}

function withoutPreloads(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const options = env.NODE_OPTIONS
  if (options === undefined) return env
  return { ...env, NODE_OPTIONS: options.replace(/(?:^|\s)(?:-r|--require|--import)(?:=|\s+)(?:"[^"]*"|\S+)/g, '') }
}
