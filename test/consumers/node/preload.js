// What an app's preload does: once, in the app, and not in threads of the bridge. Where NODE_OPTIONS names it, pino runs it
// in the thread of a plain target, too.

import { isMainThread, threadName } from 'node:worker_threads'
import { createPinoTransport } from 'otel-log-bridge/pino'
import pino from 'pino'

if (isMainThread || threadName === 'otel-log-bridge') pino({}, createPinoTransport()).info('by the preload')
