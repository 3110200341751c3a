// Contract rule 11, beyond the bridge: what becomes of a record in a pipeline of ours is told by OTel's names, and adds up
// with the bridge's numbers, whatever happens to it.

import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Worker } from 'node:worker_threads'
import { metrics } from '@opentelemetry/api'
import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPinoStream, createPinoTransport } from '../../adapters/pino/index.ts'
import { bridgeStats, createBridge, setInternalLogSink } from '../../src/index.ts'
import { BufferedLogRecordProcessor, type BufferedLogRecordProcessorOptions } from '../../src/processor.ts'
import { WorkerLoggerProvider, type WorkerLoggerProviderOptions } from '../../src/worker.ts'
import { until } from '../support/feedback.ts'
import { numbersOf, type PipelineNumbers, since, startMeter, sum, type TestMeter } from '../support/metrics.ts'
import { LoggerProvider, type LogRecordExporter } from '../support/otel.ts'
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts'

const WORKER = 'WorkerLoggerProvider/0'
const PINO = 'PinoTransport/0'
const BUFFERED = 'BufferedLogRecordProcessor/0'
/** A thread reports four times a second. */
const PATIENCE = { timeout: 10_000, interval: 50 }

let receiver: OtlpReceiver
let meter: TestMeter
let workers: Worker[]
let owned: { close(deadlineMillis?: number): Promise<unknown> }[]
const keepWorker = (worker: Worker) => void workers.push(worker)

beforeEach(async () => {
  receiver = await startOtlpReceiver()
  for (const [name, value] of Object.entries(receiver.env)) vi.stubEnv(name, value)
  vi.stubEnv('OTEL_BLRP_SCHEDULE_DELAY', '10')
  setInternalLogSink(() => {})
  workers = []
  owned = []
  process.on('worker', keepWorker)
  meter = startMeter()
})
afterEach(async () => {
  // The next test's pipelines then have the same names.
  receiver.misbehaviour = undefined
  await Promise.all(owned.map((pipeline) => pipeline.close()))
  process.off('worker', keepWorker)
  vi.unstubAllEnvs()
  setInternalLogSink(undefined)
  await meter.provider.shutdown()
  metrics.disable()
  await receiver.close()
})

/** A provider, and what it adds to the numbers of its name. */
async function startWorkerProvider(options?: WorkerLoggerProviderOptions) {
  const provider = new WorkerLoggerProvider(options)
  owned.push(provider)
  const before = numbersOf(await meter.collect(), WORKER)
  return { provider, logger: provider.getLogger('direct'), numbers: () => numbersSince(WORKER, before) }
}

async function numbersSince(component: string, before: PipelineNumbers): Promise<PipelineNumbers> {
  const numbers = since(before, numbersOf(await meter.collect(), component))
  expectToAddUp(numbers)
  return numbers
}

/** The relations that hold at any moment. */
function expectToAddUp(numbers: PipelineNumbers): void {
  const { created, processed, exported, dropped, queueSize, inflight, delivered, undelivered } = numbers
  expect(sum(processed) + queueSize, 'processed and waiting').toBe(created)
  expect(sum(exported) + inflight, 'exported and under way').toBe(processed[''] ?? 0)
  expect(delivered + sum(dropped) + undelivered, 'delivered, dropped and undelivered').toBe(created)
  expect(exported[''] ?? 0).toBe(delivered)
}

/** Answers each request that holds `text` in `status`, and the others as usual. */
function refuse(text: string, status: number): void {
  receiver.misbehaviour = ({ body }, response) => {
    const isRefused = body.includes(text)
    response.writeHead(isRefused ? status : 200, { 'content-type': 'application/json' }).end(isRefused ? 'no' : '{}')
  }
}

test('what bridges and the app emit is created, and what the collector takes exported', async () => {
  const { provider, logger, numbers } = await startWorkerProvider()
  const before = bridgeStats()
  const bridged = pino({}, createPinoStream({ loggerProvider: provider }))
  for (let i = 0; i < 100; i++) bridged.info({ i }, 'bridged')
  for (let i = 0; i < 50; i++) logger.emit({ body: 'direct' })
  await numbers()
  await provider.flush()

  expect(bridgeStats().emitted - before.emitted).toBe(100)
  const { operations, ...rest } = await numbers()
  expect(rest).toEqual({
    created: 150,
    processed: { '': 150 },
    exported: { '': 150 },
    dropped: {},
    retries: {},
    queueSize: 0,
    inflight: 0,
    delivered: 150,
    undelivered: 0,
  })
  expect(Object.keys(operations)).toEqual([''])
  expect(operations['']).toBe(receiver.requests.length)
})

test('exporters are told apart by name, type and server', async () => {
  const [one, two] = [new WorkerLoggerProvider(), new WorkerLoggerProvider({ protocol: 'http/protobuf' })]
  for (const provider of [one, two]) {
    provider.getLogger('x').emit({ body: 'hello' })
    await provider.flush()
  }
  const exported = (await meter.collect()).filter(({ name }) => name === 'otel.sdk.exporter.log.exported')
  const server = { 'server.address': '127.0.0.1', 'server.port': Number(new URL(receiver.endpoint).port) }
  expect(exported.map(({ attributes }) => attributes)).toEqual(
    expect.arrayContaining([
      {
        'otel.component.name': 'otlp_http_json_log_exporter/WorkerLoggerProvider/0',
        'otel.component.type': 'otlp_http_json_log_exporter',
        ...server,
      },
      {
        'otel.component.name': 'otlp_http_log_exporter/WorkerLoggerProvider/1',
        'otel.component.type': 'otlp_http_log_exporter',
        ...server,
      },
    ]),
  )
  await Promise.all([one.close(), two.close()])
})

test('a refused record and a partial success are exports that failed', async () => {
  const { provider, logger, numbers } = await startWorkerProvider()
  refuse('poison', 400)
  for (let i = 0; i < 64; i++) logger.emit({ body: i === 20 ? 'poison' : `record ${i}` })
  await provider.flush()
  expect(await numbers()).toMatchObject({
    created: 64,
    processed: { '': 64 },
    exported: { '': 63, 400: 1 },
    dropped: { 400: 1 },
  })
  receiver.misbehaviour = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end('{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}')
  }
  for (let i = 0; i < 5; i++) logger.emit({ body: i })
  await provider.flush()
  expect(await numbers()).toMatchObject({ created: 69, exported: { '': 66, 400: 1, rejected: 2 } })
})

test('while the collector is down records are in flight, and retries are counted', async () => {
  const { provider, logger, numbers } = await startWorkerProvider({ maxExportBatchSize: 2 })
  receiver.misbehaviour = (_request, response) => void response.writeHead(503).end()
  for (let i = 0; i < 5; i++) logger.emit({ body: i })
  void provider.flush()
  await vi.waitFor(async () => expect((await numbers()).retries[503]).toBeGreaterThan(0), PATIENCE)
  expect(await numbers()).toMatchObject({ created: 5, processed: { '': 2 }, exported: {}, inflight: 2, queueSize: 3 })
  receiver.misbehaviour = undefined
  await provider.flush()
  expect(await numbers()).toMatchObject({ created: 5, processed: { '': 5 }, exported: { '': 5 }, inflight: 0 })
})

test('what a full queue drops is processed with queue_full', async () => {
  const { provider, logger, numbers } = await startWorkerProvider({ maxQueueSize: 10 })
  receiver.misbehaviour = (_request, response) => void response.writeHead(503).end()
  for (let i = 0; i < 30; i++) logger.emit({ body: i })
  const full = { created: 30, processed: { queue_full: 20 }, undelivered: 10 }
  await vi.waitFor(async () => expect(await numbers()).toMatchObject(full), PATIENCE)
  const capacity = (await meter.collect()).filter(({ name }) => name === 'otel.sdk.processor.log.queue.capacity')
  expect(capacity.map(({ value }) => value)).toEqual([10])
  receiver.misbehaviour = undefined
  await provider.flush()
  expect(await numbers()).toMatchObject({ processed: { queue_full: 20, '': 10 }, delivered: 10, undelivered: 0 })
})

test('what the main thread has no room for is processed with queue_full', async () => {
  const { provider, logger, numbers } = await startWorkerProvider({ maxMainBytes: 1 })
  const text = 'x'.repeat(10_000)
  // Before the thread is there to take any.
  for (let i = 0; i < 100; i++) logger.emit({ body: text })
  const points = await meter.collect()
  expect(numbersOf(points, WORKER).processed.queue_full).toBeGreaterThan(0)
  const handover = points.filter(({ name }) => name.startsWith('otel.log_bridge.handover.'))
  expect(Math.max(...handover.map(({ value }) => value))).toBeGreaterThan(10_000)
  const { delivered, dropped } = await provider.flush()
  expect(await numbers()).toMatchObject({ delivered, dropped: { queue_full: dropped }, queueSize: 0 })
})

test('what a thread had when it died is lost, and counted as that', async () => {
  const { provider, logger, numbers } = await startWorkerProvider()
  logger.emit({ body: 'first' })
  await provider.flush()
  receiver.misbehaviour = () => {}
  for (let i = 0; i < 3; i++) logger.emit({ body: i })
  await until(() => receiver.requests.length === 2, 'the request that is never answered')
  const thread = workers.at(-1) as Worker
  const gone = once(thread, 'exit')
  await thread.terminate()
  await gone
  await vi.waitFor(async () => expect(sum((await numbers()).dropped)).toBe(3), PATIENCE)
  expect(await numbers()).toMatchObject({ created: 4, delivered: 1, dropped: { thread_lost: 3 }, undelivered: 0 })
  receiver.misbehaviour = undefined
  // The next one counts on.
  logger.emit({ body: 'last' })
  await provider.flush()
  expect(await numbers()).toMatchObject({ created: 5, delivered: 2, dropped: { thread_lost: 3 }, undelivered: 0 })
})

test('what a close leaves undelivered is lost, and the sizes are 0', async () => {
  const { provider, logger, numbers } = await startWorkerProvider()
  receiver.misbehaviour = () => {}
  for (let i = 0; i < 3; i++) logger.emit({ body: i })
  expect(await provider.close(300)).toMatchObject({ undelivered: 3 })
  expect(await numbers()).toMatchObject({ created: 3, dropped: { shutdown: 3 }, undelivered: 0, queueSize: 0 })
})

test('nothing exported, by configuration: the records are dropped as disabled', async () => {
  vi.stubEnv('OTEL_LOGS_EXPORTER', 'none')
  const { provider, logger, numbers } = await startWorkerProvider()
  logger.emit({ body: 'hello' })
  await provider.flush()
  expect(await numbers()).toMatchObject({ created: 1, processed: { disabled: 1 }, dropped: { disabled: 1 } })
})

test('a pino transport’s pipeline was given what its bridge has emitted', async () => {
  const transport = createPinoTransport({ exclude: ['noisy'], maxQueueSize: 10 })
  owned.push(transport)
  const before = numbersOf(await meter.collect(), PINO)
  receiver.misbehaviour = (_request, response) => void response.writeHead(503).end()
  const logger = pino({}, transport)
  for (let i = 0; i < 30; i++) logger.info('hello')
  pino({ name: 'noisy' }, transport).info('not this')
  await vi.waitFor(() => expect(transport.stats().pending).toBe(0), PATIENCE)

  expect(transport.stats()).toMatchObject({ seen: 31, emitted: 30, pending: 0, dropped: { filtered: 1 } })
  const numbers = await numbersSince(PINO, before)
  expect(numbers).toMatchObject({ created: 30, processed: { queue_full: 20 }, undelivered: 10 })
  receiver.misbehaviour = undefined
  await transport.flush()
  expect(await numbersSince(PINO, before)).toMatchObject({ created: 30, delivered: 10, dropped: { queue_full: 20 } })
})

/** An exporter that answers as scripted, then accepts. */
function scripted(...script: ((batch: readonly unknown[]) => unknown)[]): LogRecordExporter {
  return {
    export(batch, done) {
      const error = script.shift()?.(batch)
      done(error === undefined ? { code: 0 } : { code: 1, error: error as Error })
    },
    async forceFlush() {},
    async shutdown() {},
  }
}

async function startBuffered(exporter: LogRecordExporter, options?: Partial<BufferedLogRecordProcessorOptions>) {
  const processor = new BufferedLogRecordProcessor({ exporter: exporter as never, ...options })
  owned.push(processor)
  const before = numbersOf(await meter.collect(), BUFFERED)
  const loggerProvider = new LoggerProvider({ processors: [processor] })
  const bridge = createBridge({ loggerProvider })
  const numbers = async () => {
    const found = since(before, numbersOf(await meter.collect(), BUFFERED))
    const { delivered, dropped, undelivered } = found
    // An SDK's Logger and the app's exporter tell their own numbers.
    expect(found).toMatchObject({ created: 0, exported: {}, inflight: 0, operations: {} })
    expect(delivered + sum(dropped) + undelivered).toBe(sum(found.processed) + found.queueSize)
    return found
  }
  return { processor, bridge, numbers }
}

const http = (code: number) => () => Object.assign(new Error(`status ${code}`), { code })

test('BufferedLogRecordProcessor tells of its queue, and leaves the exporter to tell of itself', async () => {
  const { processor, bridge, numbers } = await startBuffered(scripted(http(503), http(401)), { maxQueueSize: 10 })
  for (let i = 0; i < 15; i++) bridge.emit({ body: i })
  expect(await numbers()).toMatchObject({ processed: { queue_full: 5 }, queueSize: 10, undelivered: 10 })
  await processor.flush()
  expect(await numbers()).toMatchObject({
    processed: { '': 10, queue_full: 5 },
    dropped: { queue_full: 5, 401: 10 },
    retries: { 503: 1 },
    delivered: 0,
  })
  await processor.close()
  bridge.emit({ body: 'late' })
  expect(await numbers()).toMatchObject({ dropped: { queue_full: 5, 401: 10, already_shutdown: 1 }, queueSize: 0 })
})

test('drop-oldest counts what it pushes out', async () => {
  const options = { maxQueueSize: 10, overflow: 'drop-oldest' } as const
  const { processor, bridge, numbers } = await startBuffered(scripted(), options)
  for (let i = 0; i < 15; i++) bridge.emit({ body: i })
  await processor.flush()
  expect(await numbers()).toMatchObject({ processed: { '': 10, queue_full: 5 }, delivered: 10 })
})

test('the pipeline that comes after another has its name, and no counter goes back', async () => {
  const names = async () => {
    const points = (await meter.collect()).filter(({ name }) => name === 'otel.log_bridge.delivery.delivered')
    return points.map(({ attributes }) => attributes['otel.component.name'])
  }
  const delivered = async () => numbersOf(await meter.collect(), BUFFERED).delivered
  await (await startBuffered(scripted())).processor.close()
  const [used, before] = [await names(), await delivered()]
  for (let round = 1; round <= 3; round++) {
    const { processor, bridge } = await startBuffered(scripted())
    for (let i = 0; i < 7; i++) bridge.emit({ body: i })
    await processor.close()
    expect(await delivered()).toBe(before + 7 * round)
  }
  expect(await names()).toEqual(used)
})

test('a pipeline that nobody closes and nobody holds is let go', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const reference = await (async () => {
    const processor = new BufferedLogRecordProcessor({ exporter: scripted() as never })
    createBridge({ loggerProvider: new LoggerProvider({ processors: [processor] }) }).emit({ body: 'hello' })
    await processor.flush()
    return new WeakRef(processor)
  })()
  await meter.collect()
  await vi.waitFor(() => {
    collect()
    expect(reference.deref()).toBeUndefined()
  })
})
