// `node --import otel-log-bridge/register app.js`, or `--require`: attaches the loggers of an app that knows nothing of it.
// It is CommonJS for both: what is required is there before the app's first line runs.

import { createRequire } from 'node:module'
import { workerData } from 'node:worker_threads'
import { type Fallback, offerFallback } from '../../src/fallback.ts'
import { internalLog, reasonOf } from '../../src/internal-logger.ts'
import { fallBackAtExit } from '../../src/replay.ts'
import type * as WorkerEntry from '../../src/worker.ts'
import { state } from './attachments.ts'
import type * as InstrumentationEntry from './index.ts'

const require = createRequire(import.meta.url)

/** Exports nothing, and wants nothing: like an SDK's that has no exporter. */
const nowhere: Fallback = {
  getLogger: () => ({ emit() {}, enabled: () => false }),
  shutdown: async () => {},
}

function makeFallback(): Fallback {
  if (process.env.OTEL_LOGS_EXPORTER?.trim() === 'none') return nowhere
  const { WorkerLoggerProvider } = require('otel-log-bridge/worker') as typeof WorkerEntry
  return new WorkerLoggerProvider()
}

/** pino's transports run in threads that inherit our preload, and so does the export of the bridge's own target. */
function isThreadOfTransport(): boolean {
  return (workerData as { stateBuf?: unknown } | null)?.stateBuf instanceof SharedArrayBuffer
}

function register(): void {
  if (process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true' || isThreadOfTransport()) return
  // Another preload may have made one, with options.
  if (state.attachments.length === 0) {
    const { LogBridgeInstrumentation } = require('otel-log-bridge/instrumentation') as typeof InstrumentationEntry
    new LogBridgeInstrumentation()
  }
  offerFallback(makeFallback)
  fallBackAtExit()
}

try {
  register()
} catch (error) {
  const name = '@opentelemetry/instrumentation'
  const { code, message } = error as NodeJS.ErrnoException
  const isMissing = code === 'MODULE_NOT_FOUND' && message.includes(`'${name}'`)
  const why = isMissing ? `'${name}' is not there; install it with: npm install ${name}` : reasonOf(error)
  internalLog('error', 'not-attached', `pino and winston are not attached: ${why}`)
}
