import { createPinoStream, createPinoTransport } from 'otel-log-bridge/pino'
import { WorkerLoggerProvider } from 'otel-log-bridge/worker'
import pino from 'pino'

const target = pino.transport({ target: 'otel-log-bridge/pino' })
pino({}, target).info('by the plain target')
const transport = createPinoTransport()
pino({}, transport).info('by createPinoTransport')
const loggerProvider = new WorkerLoggerProvider()
pino({}, createPinoStream({ loggerProvider })).info('by WorkerLoggerProvider')

const closed = new Promise((resolve) => target.once('close', resolve))
target.end()
Promise.all([closed, transport.close(), loggerProvider.close()]).then(() => {})
