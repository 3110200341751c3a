// What an app's preload does: once, in the app, and not in each of its threads.

import { createPinoTransport } from 'otel-log-bridge/pino'
import pino from 'pino'

pino({}, createPinoTransport()).info('by the preload')
