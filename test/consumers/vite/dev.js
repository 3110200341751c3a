// Evaluated by Vite, where pino cannot find a target by its name.

import { createPinoStream, createPinoTransport } from 'otel-log-bridge/pino'
import { WorkerLoggerProvider } from 'otel-log-bridge/worker'
import pino from 'pino'

const transport = createPinoTransport()
pino({}, transport).info('by createPinoTransport')
const loggerProvider = new WorkerLoggerProvider()
pino({}, createPinoStream({ loggerProvider })).info('by WorkerLoggerProvider')
await Promise.all([transport.close(), loggerProvider.close()])
