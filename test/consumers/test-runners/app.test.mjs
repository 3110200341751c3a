import { withLogsSuppressed } from 'otel-log-bridge'
import { createPinoStream, createPinoTransport } from 'otel-log-bridge/pino'
import { OpenTelemetryTransport } from 'otel-log-bridge/winston'
import { WorkerLoggerProvider } from 'otel-log-bridge/worker'
import pino from 'pino'
import { expect, test } from 'vitest'
import winston from 'winston'

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
