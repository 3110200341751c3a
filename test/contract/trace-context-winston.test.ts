// Rule 7 for winston: the trace is that of the app's call, however late winston's streams deliver the record.

import { setImmediate } from 'node:timers/promises'
import { context, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import winston from 'winston'
import Transport from 'winston-transport'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  simpleProcessor,
  TracerProvider,
  useContextManager,
} from '../support/otel.ts'

let removeContextManager: () => void
beforeEach(() => {
  removeContextManager = useContextManager()
})
afterEach(() => removeContextManager())

const tracer = new TracerProvider().getTracer('test')

/** Takes 5 ms a record, one after the other. */
class SlowTransport extends Transport {
  readonly seen: unknown[] = []

  override log(info: { message: unknown }, next: () => void): void {
    setTimeout(() => {
      this.seen.push(info.message)
      next()
    }, 5)
  }
}

/** Two records in a span of their own, with awaits around them. @returns the trace id. */
function requestIn(log: (message: string) => void, id: number): Promise<string> {
  const span = tracer.startSpan(`request ${id}`)
  const { traceId } = span.spanContext()
  return context.with(trace.setSpan(context.active(), span), async () => {
    await setImmediate()
    log(`${traceId} first`)
    await setImmediate()
    log(`${traceId} second`)
    span.end()
    return traceId
  })
}

const formats = {
  'the default format': undefined,
  'a format that builds a new info': winston.format((info) => ({ level: info.level, message: info.message }))(),
  'a format that spreads the info': winston.format((info) => ({ ...info, spread: true }))(),
}

test.each(Object.entries(formats))(
  '1000 concurrent contexts of 2 records each, a sibling taking 5 ms a record: 2000 right trace ids, with %s',
  async (_name, format) => {
    const exporter = new InMemoryLogRecordExporter()
    const loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
    const sibling = new SlowTransport()
    const logger = winston.createLogger({
      ...(format && { format }),
      transports: [sibling, new OpenTelemetryTransport({ loggerProvider })],
    })
    const child = logger.child({ from: 'child' })
    const traceIds = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => requestIn((message) => (i % 2 ? logger : child).info(message), i)),
    )
    expect(new Set(traceIds).size).toBe(1000)
    // Long before the sibling has them.
    expect(sibling.seen.length).toBeLessThan(2000)
    const records = exporter.getFinishedLogRecords()
    expect(records.filter(({ body, spanContext }) => !String(body).startsWith(`${spanContext?.traceId} `))).toEqual([])
    const expected = traceIds.flatMap((traceId) => [`${traceId} first`, `${traceId} second`])
    expect(records.map(({ body }) => body).sort()).toEqual(expected.sort())
  },
)

test('once the slow sibling has caught up, it has every record and none was bridged again', async () => {
  const exporter = new InMemoryLogRecordExporter()
  const loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
  const sibling = new SlowTransport()
  const logger = winston.createLogger({ transports: [new OpenTelemetryTransport({ loggerProvider }), sibling] })
  const traceIds = await Promise.all(
    Array.from({ length: 100 }, (_, i) => requestIn((message) => logger.info(message), i)),
  )
  await vi.waitUntil(() => sibling.seen.length >= 200, { timeout: 20_000 })
  const expected = traceIds.flatMap((traceId) => [`${traceId} first`, `${traceId} second`]).sort()
  expect([...sibling.seen].sort()).toEqual(expected)
  expect(
    exporter
      .getFinishedLogRecords()
      .map(({ body }) => body)
      .sort(),
  ).toEqual(expected)
})
