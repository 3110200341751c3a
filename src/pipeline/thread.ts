// A worker thread fed with lines. thread-stream shares memory with it, so that even process.exit() can wait, bounded,
// until the thread has sent what it holds.

import onExit from 'on-exit-leak-free'
import ThreadStream from 'thread-stream'
import { internalLog, reasonOf } from '../internal-logger.ts'

/** thread-stream's own types leave these out. */
export interface ExportThread extends ThreadStream {
  readonly destroyed: boolean
  unref(): void
}

/**
 * Starts a thread that runs the default export of `filename` with `workerData`. It does not keep the process alive, and
 * at exit it is given up to 10 s for each of reading and sending what was written. Errors are reported, never thrown.
 *
 * @param onGone called once when the thread is gone, whether it ended or died.
 */
export function startThread(filename: string, workerData: object, onGone: () => void): ExportThread {
  const thread = new ThreadStream({
    filename,
    workerData,
    // A preload of the app (`--import ./telemetry.js`) would start its SDK once more in the thread.
    workerOpts: { name: 'otel-log-bridge', execArgv: [], env: withoutPreloads(process.env) },
  }) as ExportThread
  thread.on('ready', () => thread.unref())
  thread.on('error', (error) => internalLog('error', 'worker-failed', `the export thread failed: ${reasonOf(error)}`))
  thread.once('close', () => {
    onExit.unregister(thread)
    onGone()
  })
  onExit.register(thread, endAtExit)
  return thread
}

/** Blocks until the thread has sent what it holds, or the time of thread-stream's own waits is over. */
function endAtExit(thread: ExportThread): void {
  try {
    thread.flushSync()
    thread.end()
  } catch (error) {
    internalLog('error', 'exit', `records may be lost, the export thread did not end in time: ${reasonOf(error)}`)
  }
}

function withoutPreloads(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const options = env.NODE_OPTIONS
  if (options === undefined) return env
  return { ...env, NODE_OPTIONS: options.replace(/(?:^|\s)(?:-r|--require|--import)(?:=|\s+)(?:"[^"]*"|\S+)/g, '') }
}
