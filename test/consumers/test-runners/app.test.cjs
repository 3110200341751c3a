const { withLogsSuppressed } = require('otel-log-bridge')
const { createPinoStream, createPinoTransport } = require('otel-log-bridge/pino')
const { OpenTelemetryTransport } = require('otel-log-bridge/winston')
const { WorkerLoggerProvider } = require('otel-log-bridge/worker')
const pino = require('pino')
const winston = require('winston')

test('in process', () => {
  const records = []
  const loggerProvider = { getLogger: () => ({ emit: (record) => records.push(record.body) }) }
  const logger = pino({}, createPinoStream({ loggerProvider }))
  logger.info('bridged')
  withLogsSuppressed(() => logger.info('held back'))
  expect(records).toEqual(['bridged'])
})

test('from a thread', async () => {
  const transport = createPinoTransport()
  pino({}, transport).info('by createPinoTransport')
  const loggerProvider = new WorkerLoggerProvider()
  winston.createLogger({ transports: [new OpenTelemetryTransport({ loggerProvider })] }).info('by winston')
  const whole = { delivered: 1, dropped: 0, undelivered: 0 }
  expect(await transport.close()).toEqual(whole)
  expect(await loggerProvider.close()).toEqual(whole)
})
