// The app is told of what the pipelines of our own lose, however they lose it.

import { once } from 'node:events'
import { setImmediate as immediate } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createPinoStream, createPinoTransport } from '../adapters/pino/index.ts'
import { type Drop, type OnDrop, setInternalLogSink } from '../src/index.ts'
import { BufferedLogRecordProcessor } from '../src/processor.ts'
import { WorkerLoggerProvider } from '../src/worker.ts'
import { fail, settle, succeed, TestExporter } from './support/feedback.ts'
import { type OtlpReceiver, startOtlpReceiver } from './support/otlp-receiver.ts'

let drops: Drop[]
const onDrop: OnDrop = (drop) => void drops.push(drop)

/** Records told, by reason. */
function told(): Partial<Record<Drop['reason'], number>> {
  const sums: Partial<Record<Drop['reason'], number>> = {}
  for (const { reason, count } of drops) sums[reason] = (sums[reason] ?? 0) + count
  return sums
}

beforeEach(() => {
  drops = []
  setInternalLogSink(() => {})
  onTestFinished(() => setInternalLogSink(undefined))
})

describe('BufferedLogRecordProcessor', () => {
  test('tells of a full queue, of what is refused, of what is left at the end and of what comes after it', async () => {
    const refusing = new TestExporter((_batch, done) => done({ code: 1, error: new TypeError('cannot be encoded') }))
    const first = new BufferedLogRecordProcessor({ exporter: refusing, maxQueueSize: 2, onDrop })
    const logger = new LoggerProvider({ processors: [first] }).getLogger('x')
    for (let i = 0; i < 5; i++) logger.emit({ body: i })
    expect(drops).toEqual([1, 1, 1].map((count) => ({ reason: 'overflow', count })))
    await first.close()
    expect(told()).toEqual({ overflow: 3, failed: 2 })
    expect(first.result()).toEqual({ delivered: 0, dropped: 5, undelivered: 0 })

    drops = []
    const last = new BufferedLogRecordProcessor({ exporter: new TestExporter(fail), onDrop })
    const other = new LoggerProvider({ processors: [last] }).getLogger('x')
    other.emit({ body: 'never delivered' })
    await last.close(50)
    expect(told()).toEqual({ failed: 1 })
    last.onEmit({ instrumentationScope: { name: 'x' }, attributes: {} } as never)
    expect(told()).toEqual({ failed: 1, disabled: 1 })
  })

  test('tells of nothing that is delivered', async () => {
    const processor = new BufferedLogRecordProcessor({ exporter: new TestExporter(succeed), onDrop })
    new LoggerProvider({ processors: [processor] }).getLogger('x').emit({ body: 'x' })
    await processor.close()
    expect(drops).toEqual([])
  })

  test('what the app logs when it is told does not come round', async () => {
    const processor = new BufferedLogRecordProcessor({
      exporter: new TestExporter((_batch, done) => done({ code: 1, error: new TypeError('cannot be encoded') })),
      scheduledDelayMillis: 1,
      onDrop(drop) {
        onDrop(drop)
        if (drops.length < 20) logger.info('told')
      },
    })
    const loggerProvider = new LoggerProvider({ processors: [processor] })
    const logger = pino({}, createPinoStream({ loggerProvider }))
    logger.info('x')
    await vi.waitFor(() => expect(drops.length).toBeGreaterThan(0))
    await settle()
    await processor.close()
    expect(drops).toEqual([{ reason: 'failed', count: 1 }])
  })

  test('a wrong onDrop is named', () => {
    const options = { exporter: new TestExporter(), onDrop: 'drop' as unknown as OnDrop }
    expect(() => new BufferedLogRecordProcessor(options)).toThrow(
      "BufferedLogRecordProcessor: option 'onDrop': expected a function, got 'drop'",
    )
  })
})

interface Open {
  log(message: string): void
  close(deadlineMillis?: number): Promise<unknown>
}
type Start = (options: { onDrop: OnDrop; maxQueueSize?: number; scheduledDelayMillis?: number }) => Open

const forms: Record<string, Start> = {
  WorkerLoggerProvider(options) {
    const provider = new WorkerLoggerProvider(options)
    const logger = provider.getLogger('x')
    return { log: (body) => logger.emit({ body }), close: (ms) => provider.close(ms) }
  },
  createPinoTransport(options) {
    const transport = createPinoTransport(options)
    const logger = pino({}, transport)
    return { log: (message) => logger.info(message), close: (ms) => transport.close(ms) }
  },
}

describe.each(Object.entries(forms))('%s', (_form, start) => {
  let receiver: OtlpReceiver

  beforeEach(async () => {
    receiver = await startOtlpReceiver()
    for (const [name, value] of Object.entries(receiver.env)) vi.stubEnv(name, value)
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await receiver.close()
  })

  test('tells of a full queue, and of what the collector refuses', async () => {
    receiver.misbehaviour = (_request, response) => void response.writeHead(400).end()
    const open = start({ onDrop, maxQueueSize: 3, scheduledDelayMillis: 60_000 })
    for (let i = 0; i < 5; i++) open.log('x')
    await open.close()
    expect(told()).toEqual({ overflow: 2, failed: 3 })
  })

  test('tells of what is left at the end', async () => {
    receiver.misbehaviour = (_request, response) => void response.writeHead(503).end()
    const open = start({ onDrop })
    for (let i = 0; i < 3; i++) open.log('x')
    await receiver.until(() => receiver.requests.length > 0)
    await open.close(300)
    await vi.waitFor(() => expect(told()).toEqual({ failed: 3 }))
  })

  test('tells of what is lost with its thread', async () => {
    receiver.misbehaviour = (_request, response) => void response.writeHead(503).end()
    const workers: Worker[] = []
    const keep = (worker: Worker) => void workers.push(worker)
    process.on('worker', keep)
    onTestFinished(() => void process.off('worker', keep))
    const open = start({ onDrop })
    for (let i = 0; i < 3; i++) open.log('x')
    await immediate()
    await receiver.until(() => receiver.requests.length > 0)
    const [worker] = workers
    const gone = once(worker as Worker, 'exit')
    await worker?.terminate()
    await gone
    await vi.waitFor(() => expect(told()).toEqual({ failed: 3 }))
    await open.close(300)
    expect(told()).toEqual({ failed: 3 })
  })

  test('a wrong onDrop is named', () => {
    expect(() => start({ onDrop: 1 as unknown as OnDrop })).toThrow(/: option 'onDrop': expected a function, got 1$/)
  })
})
