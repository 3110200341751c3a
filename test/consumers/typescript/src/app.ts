import { type BridgeStats, bridgeStats, createBridge, withLogsSuppressed } from 'otel-log-bridge'
import { createPinoTransport, type PinoTransport } from 'otel-log-bridge/pino'
import { BufferedLogRecordProcessor } from 'otel-log-bridge/processor'
import { OpenTelemetryTransport } from 'otel-log-bridge/winston'
import { type DeliveryResult, WorkerLoggerProvider } from 'otel-log-bridge/worker'
import pino from 'pino'
import winston from 'winston'

async function main(): Promise<void> {
  const transport: PinoTransport = createPinoTransport({ serviceName: 'typescript' })
  pino({ name: 'shop' }, transport).info({ orderId: 17 }, 'by pino')
  const loggerProvider = new WorkerLoggerProvider({ maxQueueBytes: 1_000_000 })
  const logger = winston.createLogger({ transports: [new OpenTelemetryTransport({ loggerProvider })] })
  logger.info('by winston', { orderId: 17 })
  withLogsSuppressed(() => logger.info('by an exporter'))
  createBridge({ loggerProvider }).emit({ body: 'by a bridge', attributes: { orderId: 17 } })
  const results: DeliveryResult[] = [await transport.close(), await loggerProvider.close()]
  const stats: BridgeStats = bridgeStats()
  if (stats.dropped.suppressed !== 1 || results.some(({ delivered }) => delivered === 0)) process.exitCode = 1
  void BufferedLogRecordProcessor
}

void main()
