// What we own stands in an app of either SDK generation: as its global LoggerProvider, and in its own SDK.

import pino from 'pino'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { createPinoStream } from '../../adapters/pino/index.ts'
import { BufferedLogRecordProcessor } from '../../src/processor.ts'
import { WorkerLoggerProvider } from '../../src/worker.ts'
import { InMemoryLogRecordExporter, LoggerProvider, logs } from '../support/otel.ts'
import { startOtlpReceiver } from '../support/otlp-receiver.ts'

afterEach(() => vi.unstubAllEnvs())

test('WorkerLoggerProvider is the app’s global provider', async () => {
  const receiver = await startOtlpReceiver()
  onTestFinished(() => receiver.close())
  for (const [name, value] of Object.entries(receiver.env)) vi.stubEnv(name, value)
  const provider = new WorkerLoggerProvider()
  logs.setGlobalLoggerProvider(provider)
  onTestFinished(() => logs.disable())

  logs.getLogger('own', '1.0.0').emit({ body: 'by the API', attributes: { a: 1 } })
  pino({ name: 'shop' }, createPinoStream()).info('by pino')

  expect(await provider.close()).toEqual({ delivered: 2, dropped: 0, undelivered: 0 })
  expect(receiver.records.map(({ scopeName, body }) => [scopeName, body])).toEqual([
    ['own', 'by the API'],
    ['shop', 'by pino'],
  ])
})

test('BufferedLogRecordProcessor stands in the app’s own SDK', async () => {
  const exporter = new InMemoryLogRecordExporter()
  const processor = new BufferedLogRecordProcessor({ exporter })
  const loggerProvider = new LoggerProvider({ processors: [processor] })
  const logger = pino({}, createPinoStream({ loggerProvider }))
  for (let i = 0; i < 10_000; i++) logger.info({ i }, 'burst')

  await loggerProvider.forceFlush()
  const numbers = exporter.getFinishedLogRecords().map(({ attributes }) => attributes.i)
  expect(numbers).toEqual(Array.from({ length: 10_000 }, (_, i) => i))
  await loggerProvider.shutdown()
  expect(processor.result()).toEqual({ delivered: 10_000, dropped: 0, undelivered: 0 })
})
