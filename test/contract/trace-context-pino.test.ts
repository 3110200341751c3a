// Contract rule 7 with pino in process: the trace context of a record is the one where the app called the logger. The
// forms with a thread in between are in pino-worker.test.ts.

import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises'
import { context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api'
import pino, { type Logger } from 'pino'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createPinoStream, otelMixin } from '../../adapters/pino/index.ts'
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  logs,
  type ReadableLogRecord,
  simpleProcessor,
  TracerProvider,
  useContextManager,
} from '../support/otel.ts'

const tracer = new TracerProvider().getTracer('test')

/** Two records of one request, with work of every kind before and between them. */
async function handle(logger: Logger, i: number, span: Span): Promise<void> {
  const { traceId, spanId, traceFlags } = span.spanContext()
  const of = `${traceId} ${spanId} ${traceFlags}`
  if (i % 3 === 0) await immediate()
  if (i % 3 === 1) await sleep(i % 10)
  logger.info({ i, of }, 'first')
  await new Promise<void>((resolve) => {
    if (i % 2 === 0) process.nextTick(resolve)
    else queueMicrotask(resolve)
  })
  logger.child({ child: i }).info({ i, of }, 'second')
  span.end()
}

const isRight = ({ attributes, spanContext }: ReadableLogRecord) =>
  attributes.of === `${spanContext?.traceId} ${spanContext?.spanId} ${spanContext?.traceFlags}`

describe('with a context manager', () => {
  beforeEach(() => onTestFinished(useContextManager()))

  const forms: [name: string, create: (stream: pino.DestinationStream) => Logger][] = [
    ['the stream alone', (stream) => pino(stream)],
    [
      'among others in pino.multistream',
      (stream) => pino({}, pino.multistream([{ stream }, { stream: { write() {} } }])),
    ],
    ['with a mixin that writes the ids too', (stream) => pino({ mixin: otelMixin() }, stream)],
    [
      'with that mixin and nestedKey',
      (stream) => pino({ mixin: otelMixin(), nestedKey: 'payload', base: null }, stream),
    ],
  ]

  test.each(forms)('1000 concurrent requests of 2 records each, %s: 2000 right trace ids', async (_, create) => {
    const exporter = new InMemoryLogRecordExporter()
    const loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
    const logger = create(createPinoStream({ loggerProvider }))
    await Promise.all(
      Array.from({ length: 1000 }, (_, i) => tracer.startActiveSpan(`request ${i}`, (span) => handle(logger, i, span))),
    )

    const records = exporter.getFinishedLogRecords().map((record) => {
      const payload = record.attributes.payload as Record<string, string> | undefined
      return payload === undefined ? record : { ...record, spanContext: record.spanContext, attributes: payload }
    }) as ReadableLogRecord[]
    expect(records.length).toBe(2000)
    expect(records.filter(isRight).length).toBe(2000)
    expect(new Set(records.map(({ spanContext }) => spanContext?.traceId)).size).toBe(1000)
    // The ids are the record's own, and not told twice.
    expect(records.filter(({ attributes }) => 'trace_id' in attributes || 'span_id' in attributes)).toEqual([])
  })

  test('records that wait for a provider keep theirs', async () => {
    const exporter = new InMemoryLogRecordExporter()
    const stream = createPinoStream({ replayLimit: 2000 })
    const logger = pino(stream)
    await Promise.all(
      Array.from({ length: 1000 }, (_, i) => tracer.startActiveSpan(`request ${i}`, (span) => handle(logger, i, span))),
    )
    onTestFinished(() => logs.disable())
    logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [simpleProcessor(exporter)] }))
    await stream.close()

    expect(exporter.getFinishedLogRecords().filter(isRight).length).toBe(2000)
  })

  test('a record outside any span has none, whatever was logged before', () => {
    const exporter = new InMemoryLogRecordExporter()
    const loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
    const logger = pino(createPinoStream({ loggerProvider }))
    const child = tracer.startActiveSpan('request', (span) => {
      logger.info('inside')
      span.end()
      return logger.child({ made: 'inside' })
    })
    child.info('outside')

    expect(exporter.getFinishedLogRecords().map(({ body, spanContext }) => [body, spanContext !== undefined])).toEqual([
      ['inside', true],
      ['outside', false],
    ])
  })

  test('what a processor logs while it takes a record disturbs neither its level nor its span', () => {
    const exporter = new InMemoryLogRecordExporter()
    const inner = {
      onEmit() {
        tracer.startActiveSpan('inner', (span) => {
          logger.fatal('re-entrant')
          span.end()
        })
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    }
    const loggerProvider = new LoggerProvider({ processors: [inner, simpleProcessor(exporter)] })
    const logger = pino(createPinoStream({ loggerProvider }))
    const spanId = tracer.startActiveSpan('outer', (span) => {
      logger.warn('outer')
      return span.spanContext().spanId
    })

    const records = exporter.getFinishedLogRecords()
    expect(records.map(({ body, severityText, spanContext }) => [body, severityText, spanContext?.spanId])).toEqual([
      ['outer', 'warn', spanId],
    ])
  })
})

describe('ids that the line itself names', () => {
  const named = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331', trace_flags: '01' }

  function bridge(fields: object, options: pino.LoggerOptions = {}) {
    const exporter = new InMemoryLogRecordExporter()
    const loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
    pino({ base: null, ...options }, createPinoStream({ loggerProvider })).info(fields, 'hello')
    return exporter.getFinishedLogRecords()[0] as ReadableLogRecord
  }

  test.each([{}, { nestedKey: 'payload' }])('are the span where no other is active: %o', (options) => {
    const record = bridge(named, options)

    expect(record.spanContext).toMatchObject({ traceId: named.trace_id, spanId: named.span_id, traceFlags: 1 })
    expect(record.attributes).toEqual({})
  })

  test('are data where they name another span than the active one', () => {
    onTestFinished(useContextManager())
    const span = { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16), traceFlags: 0 }
    const record = context.with(trace.setSpanContext(ROOT_CONTEXT, span), () => bridge(named))

    expect(record.spanContext).toMatchObject(span)
    expect(record.attributes).toEqual(named)
  })

  test.each([
    { trace_id: 'order-17' },
    { trace_id: '0'.repeat(32), span_id: '0'.repeat(16) },
    { trace_id: 17, span_id: {} },
  ])('are data where they are no ids: %o', (fields) => {
    for (const options of [{}, { nestedKey: 'payload' }]) {
      const { attributes, spanContext } = bridge(fields, options)

      expect(attributes).toEqual('nestedKey' in options ? { payload: fields } : fields)
      expect(spanContext).toBeUndefined()
    }
  })
})
