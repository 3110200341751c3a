// WorkerLoggerProvider: what is emitted here arrives at a real receiver, by way of another thread, as it was emitted.

import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { logs, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import winston from 'winston'
import { createPinoStream } from '../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../adapters/winston/index.ts'
import { setInternalLogSink } from '../src/index.ts'
import { WorkerLoggerProvider, type WorkerLoggerProviderOptions } from '../src/worker.ts'
import { type OtlpReceiver, startOtlpReceiver } from './support/otlp-receiver.ts'

const run = promisify(execFile)
let receiver: OtlpReceiver
let providers: WorkerLoggerProvider[]

beforeEach(async () => {
  receiver = await startOtlpReceiver()
  providers = []
  for (const [name, value] of Object.entries(receiver.env)) vi.stubEnv(name, value)
})
afterEach(async () => {
  // With time to send what is left: the thread then ends by itself, and is not killed while it starts.
  await Promise.all(providers.map((provider) => provider.close()))
  vi.unstubAllEnvs()
  setInternalLogSink(undefined)
  await receiver.close()
})

function start(options?: WorkerLoggerProviderOptions): WorkerLoggerProvider {
  const provider = new WorkerLoggerProvider(options)
  providers.push(provider)
  return provider
}

const bodies = () => receiver.records.map(({ body }) => body)
const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }

test.each([
  ['the bridge', { attributeCount: 2 }, {}],
  ['the provider', {}, { attributeCount: 2 }],
])('the limits of %s hold', async (_, limits, providerLimits) => {
  const loggerProvider = start({ limits: providerLimits })
  pino({}, createPinoStream({ loggerProvider, limits })).info({ a: 1, b: 2, c: 3 }, 'hello')
  await loggerProvider.close()
  expect(receiver.records).toMatchObject([{ body: 'hello', attributes: { a: 1, b: 2 } }])
  expect(receiver.records[0]?.attributes).not.toHaveProperty('c')
})

test('every part of a record crosses the thread', async () => {
  const provider = start({ serviceName: 'shop' })
  const error = new TypeError('declined', { cause: new Error('no funds') })
  provider.getLogger('orders', '1.2.3', { schemaUrl: 'https://opentelemetry.io/schemas/1.40.0' }).emit({
    timestamp: [1_700_000_000, 123_456_789],
    severityNumber: 17,
    severityText: 'error',
    body: { text: 'hello', list: [1, 2.5, true, null] },
    attributes: { date: new Date(0), nested: { bytes: new Uint8Array([1, 2]) }, text: 'ä漢🎉\n' },
    eventName: 'order.declined',
    exception: error,
    context: trace.setSpanContext(ROOT_CONTEXT, span),
  })
  expect(await provider.close()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
  const [record] = receiver.records
  expect(record).toMatchObject({
    scopeName: 'orders',
    scopeVersion: '1.2.3',
    time: 1_700_000_000_123_456_789n,
    severityNumber: 17,
    severityText: 'error',
    body: { text: 'hello', list: [1, 2.5, true, null] },
    eventName: 'order.declined',
    traceId: span.traceId,
    spanId: span.spanId,
    flags: expect.any(Number),
    resource: { 'service.name': 'shop' },
  })
  expect(record?.attributes).toMatchObject({
    'exception.type': 'TypeError',
    'exception.message': 'declined',
    date: '1970-01-01T00:00:00.000Z',
    nested: { bytes: Buffer.from([1, 2]) },
    text: 'ä漢🎉\n',
  })
  expect(record?.attributes['exception.stacktrace']).toContain('Caused by: Error: no funds')
})

test('a burst of 100 000 records through pino arrives whole and in order', async () => {
  const provider = start()
  const logger = pino({ name: 'shop' }, createPinoStream({ loggerProvider: provider }))
  for (let i = 0; i < 100_000; i++) logger.info({ i }, 'burst')
  expect(await provider.flush(30_000)).toEqual({ delivered: 100_000, dropped: 0, undelivered: 0 })
  expect(receiver.records.length).toBe(100_000)
  expect(receiver.records.every(({ attributes }, i) => attributes.i === i)).toBe(true)
})

test('winston, and the app’s global provider', async () => {
  const provider = start()
  logs.setGlobalLoggerProvider(provider)
  try {
    winston.createLogger({ transports: [new OpenTelemetryTransport()] }).info('by winston', { a: 1 })
    logs.getLogger('own').emit({ body: 'by the API' })
    await provider.forceFlush()
  } finally {
    logs.disable()
  }
  expect(bodies()).toEqual(['by winston', 'by the API'])
})

test('minimumSeverity is asked before anything is read', () => {
  const provider = start({ minimumSeverity: 13 })
  const stream = createPinoStream({ loggerProvider: provider })
  const logger = pino({}, stream)
  logger.info('below')
  logger.warn('not below')
  expect(stream.stats()).toMatchObject({ seen: 2, emitted: 1, dropped: { disabled: 1 } })
})

test('an app that keeps the event loop busy does not keep its records from the thread', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otel-log-bridge-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  // Each record that the thread has is a byte of the file.
  const file = join(folder, 'records')
  const path = join(folder, 'provider.mjs')
  const emit = `emit: () => appendFileSync(${JSON.stringify(file)}, '.')`
  await writeFile(
    path,
    `import { appendFileSync } from 'node:fs'\nexport default () => ({ getLogger: () => ({ ${emit} }) })`,
  )
  const provider = start({ provider: path })
  const logger = provider.getLogger('shop')
  logger.emit({ body: 'the thread has started' })
  await provider.flush()

  // More than the shared memory holds at a time.
  const wanted = 10_000
  const deadline = Date.now() + 20_000
  let arrived = 0
  while (arrived < wanted && Date.now() < deadline) {
    for (let i = 0; i < 1000; i++) logger.emit({ body: i, attributes: { text: 'x'.repeat(100) } })
    arrived = statSync(file).size
  }
  expect(arrived).toBeGreaterThanOrEqual(wanted)
})

test('where the file of the thread is not there, the app goes on and is told what to do in a bundle', async () => {
  const said: string[] = []
  setInternalLogSink(({ message }) => void said.push(message))
  vi.stubGlobal('__bundlerPathsOverrides', { 'thread-stream-worker': '/no/such/file.js' })
  onTestFinished(() => void vi.unstubAllGlobals())
  const provider = start()
  provider.getLogger('shop').emit({ body: 'hello' })
  await vi.waitFor(() => expect(said.join()).toContain("name 'otel-log-bridge/pino' and 'otel-log-bridge/worker'"))
  // It was started once more.
  vi.unstubAllGlobals()
  expect(await provider.flush()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
})

test('an outage is survived: nothing lost, nothing twice', async () => {
  receiver.misbehaviour = (_request, response) => void response.writeHead(503).end()
  const provider = start({ scheduledDelayMillis: 10 })
  const logger = provider.getLogger('shop')
  for (let i = 0; i < 2000; i++) logger.emit({ body: i })
  await receiver.until(() => receiver.requests.length >= 2)
  receiver.misbehaviour = undefined
  expect(await provider.flush(20_000)).toEqual({ delivered: 2000, dropped: 0, undelivered: 0 })
  expect(bodies()).toEqual(Array.from({ length: 2000 }, (_, i) => i))
})

test('whatever is emitted, nothing throws and the good parts arrive', async () => {
  const provider = start()
  const logger = provider.getLogger('shop')
  const circular: Record<string, unknown> = { kept: 1 }
  circular.self = circular
  logger.emit({ body: circular, attributes: { big: 10n ** 30n, fn() {}, nan: Number.NaN } })
  logger.emit({ body: 'plain', attributes: null as never, context: 'none' as never })
  logger.emit(undefined as never)
  await provider.flush()
  expect(receiver.records[0]?.body).toEqual({ kept: 1, self: '[Circular]' })
  expect(receiver.records[0]?.attributes).toMatchObject({
    big: '1000000000000000000000000000000',
    fn: '[Function: fn]',
  })
})

test('after close it takes no more, and says the same again', async () => {
  const provider = start()
  const logger = provider.getLogger('shop')
  logger.emit({ body: 'before' })
  const result = { delivered: 1, dropped: 0, undelivered: 0 }
  expect(await Promise.all([provider.close(), provider.close()])).toEqual([result, result])
  logger.emit({ body: 'after' })
  expect(logger.enabled()).toBe(false)
  await provider.shutdown()
  expect(await provider.flush()).toEqual(result)
  expect(bodies()).toEqual(['before'])
})

test('a collector that never answers: close ends at its deadline, truthfully', async () => {
  const reports: string[] = []
  setInternalLogSink(({ kind }) => void reports.push(kind))
  receiver.misbehaviour = () => {}
  const provider = start()
  for (let i = 0; i < 10; i++) provider.getLogger('shop').emit({ body: i })
  const before = performance.now()
  expect(await provider.close(1000)).toEqual({ delivered: 0, dropped: 0, undelivered: 10 })
  expect(performance.now() - before).toBeLessThan(4000)
  expect(reports).toEqual(['undelivered'])
})

test.each([
  [
    { minimumSeverity: 30 },
    "WorkerLoggerProvider: option 'minimumSeverity': expected a severity number, 1 to 24, got 30",
  ],
  [{ maxQueueBytes: 0 }, "option 'maxQueueBytes': expected a whole number above 0, or Infinity, got 0"],
  [{ protocol: 'udp' }, "option 'protocol': expected one of 'http/protobuf', 'http/json', 'grpc', got 'udp'"],
  [{ limits: { depth: 0 } }, "option 'limits': option 'depth': expected a whole number above 0, or Infinity, got 0"],
  [{ endpont: 'http://x' }, "unknown option 'endpont'"],
])('wrong options %o are refused by name', (options, message) => {
  expect(() => new WorkerLoggerProvider(options as never)).toThrow(message)
})

describe('a process that', () => {
  const child = (...args: string[]) =>
    run(process.execPath, [join(import.meta.dirname, 'children/worker-provider-exits.ts'), ...args], {
      env: { ...process.env, ...receiver.env },
      timeout: 25_000,
    }).then(
      ({ stderr }) => ({ code: 0, signal: null, stderr }),
      ({ code, signal, stderr }: { code: number; signal: string; stderr: string }) => ({ code, signal, stderr }),
    )
  const numbers = () => receiver.records.map(({ attributes }) => attributes.i)
  const all = Array.from({ length: 20_000 }, (_, i) => i)

  test.each([
    ['ends by itself', 'natural', 0],
    ['calls process.exit(3)', 'exit', 3],
    ['throws', 'throw', 1],
    ['rejects', 'reject', 1],
    ['is told to end by a signal that it handles', 'handled-sigterm', 4],
  ])('%s loses nothing', async (_what, how, code) => {
    const result = await child(how)
    expect(result.code).toBe(code)
    expect(numbers()).toEqual(all)
  })

  test.each([
    ['SIGTERM', 'provider'],
    ['SIGINT', 'provider'],
    ['SIGTERM', 'transport'],
    ['SIGINT', 'transport'],
  ])(
    'is told to end by a signal that nobody handles loses nothing (and dies by that signal): %s, %s',
    async (signal, form) => {
      expect(await child(signal, form)).toEqual({ code: null, signal, stderr: '' })
      expect(numbers()).toEqual(all)
    },
  )

  test('has no collector ends within the deadline and says what is lost', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
    const before = performance.now()
    const { stderr } = await run(
      process.execPath,
      [join(import.meta.dirname, 'children/worker-provider-exits.ts'), 'natural'],
      {
        env: { ...process.env, ...receiver.env, ...env },
      },
    )
    expect(performance.now() - before).toBeLessThan(20_000)
    expect(stderr).toMatch(/otel-log-bridge error \[undelivered\] 20000 records were not delivered at exit/)
  })
})
