import pino from 'pino'
import { expect, test } from 'vitest'
import winston from 'winston'
import { createPinoStream } from '../../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { generation, InMemoryLogRecordExporter, LoggerProvider, simpleProcessor } from '../support/otel.ts'

test('pino and winston', async () => {
  const exporter = new InMemoryLogRecordExporter()
  const loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
  const log = pino({ name: 'app' }, createPinoStream({ loggerProvider }))
  log.info({ a: 1, d: new Date(0), err: new Error('x') }, 'hello')
  log.child({ c: 1 }).warn('child')
  const w = winston.createLogger({
    defaultMeta: { startedAt: new Date(0) },
    transports: [new OpenTelemetryTransport({ loggerProvider })],
  })
  w.info('hi', { b: 2 })
  w.error('bad', new TypeError('boom'))
  w.child({ req: 1 }).http('x')
  w.verbose('no')
  console.log(
    generation,
    exporter
      .getFinishedLogRecords()
      .map((r) => [r.severityNumber, r.severityText, r.body, r.attributes, r.instrumentationScope.name, r.hrTime]),
  )
  expect(exporter.getFinishedLogRecords().length).toBe(4)
})
