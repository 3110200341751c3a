// BufferedLogRecordProcessor in a real SDK, around exporters that fail in every way.

import { LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { afterEach, expect, test } from 'vitest'
import { createBridge, setInternalLogSink } from '../src/index.ts'
import { BufferedLogRecordProcessor, type LogRecordExporter } from '../src/pipeline/buffered-processor.ts'

afterEach(() => setInternalLogSink(undefined))

/** An exporter that answers as scripted, then accepts. */
class ScriptedExporter {
  readonly bodies: unknown[] = []
  calls = 0
  shutDown = false
  readonly #script: ((records: ReadableLogRecord[]) => unknown)[]

  constructor(...script: ((records: ReadableLogRecord[]) => unknown)[]) {
    this.#script = script
  }

  export(records: ReadableLogRecord[], callback: (result: { code: number; error?: unknown }) => void): void {
    this.calls++
    const error = this.#script.shift()?.(records)
    if (error === undefined) this.bodies.push(...records.map(({ body }) => body))
    callback(error === undefined ? { code: 0 } : { code: 1, error })
  }

  async shutdown(): Promise<void> {
    this.shutDown = true
  }
}

function setUp(exporter: ScriptedExporter, options: object = {}) {
  const reports: string[] = []
  setInternalLogSink(({ kind, message }) => void reports.push(`${kind}: ${message}`))
  const processor = new BufferedLogRecordProcessor({
    exporter: exporter as LogRecordExporter,
    scheduledDelayMillis: 10,
    ...options,
  })
  const loggerProvider = new LoggerProvider({ processors: [processor] })
  const bridge = createBridge({ loggerProvider })
  const emit = (count: number) => {
    for (let i = 0; i < count; i++) bridge.emit({ body: i })
  }
  return { processor, loggerProvider, bridge, emit, reports }
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const http = (code: number) => () => Object.assign(new Error(`status ${code}`), { code })

test('a burst far beyond what the SDK keeps arrives whole and in order', async () => {
  const exporter = new ScriptedExporter()
  const { emit, processor } = setUp(exporter)
  emit(100_000)
  expect(await processor.flush()).toEqual({ delivered: 100_000, dropped: 0, undelivered: 0 })
  expect(exporter.bodies).toEqual(upTo(100_000))
})

test.each([429, 502, 503, 504, 14, 8])('code %i is tried again', async (code) => {
  const exporter = new ScriptedExporter(http(code))
  const { emit, processor } = setUp(exporter)
  emit(3)
  expect(await processor.flush()).toEqual({ delivered: 3, dropped: 0, undelivered: 0 })
  expect([exporter.calls, exporter.bodies]).toEqual([2, [0, 1, 2]])
})

test('an error without a code, as of a connection, is tried again', async () => {
  const exporter = new ScriptedExporter(
    () => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
    () => new Error('timed out'),
  )
  const { emit, processor } = setUp(exporter)
  emit(3)
  expect((await processor.flush()).delivered).toBe(3)
})

test.each([[400], [3]])('code %i costs the record that caused it', async (code) => {
  const refuse = (records: ReadableLogRecord[]) => (records.some(({ body }) => body === 77) ? http(code)() : undefined)
  const exporter = new ScriptedExporter(...Array(50).fill(refuse))
  const { emit, processor, reports } = setUp(exporter)
  emit(200)
  expect(await processor.flush()).toEqual({ delivered: 199, dropped: 1, undelivered: 0 })
  expect(exporter.bodies).toEqual(upTo(200).filter((i) => i !== 77))
  expect(reports).toEqual([`rejected: 1 record dropped: Error: status ${code}`])
})

test('an exporter that throws on a record loses that record', async () => {
  const exporter = new ScriptedExporter(
    ...Array(50).fill((records: ReadableLogRecord[]) => {
      if (records.some(({ body }) => body === 5)) throw new RangeError('too deep')
    }),
  )
  const { emit, processor } = setUp(exporter)
  emit(20)
  expect(await processor.flush()).toEqual({ delivered: 19, dropped: 1, undelivered: 0 })
})

test('code 401 drops the batch at once and says so', async () => {
  const exporter = new ScriptedExporter(http(401))
  const { emit, processor, reports } = setUp(exporter)
  emit(3)
  expect(await processor.flush()).toEqual({ delivered: 0, dropped: 3, undelivered: 0 })
  expect(reports).toEqual(['rejected: 3 records dropped: Error: status 401'])
})

test('what a full queue lost is told in a record once the exporter accepts again', async () => {
  const exporter = new ScriptedExporter(http(503))
  const { emit, processor, reports } = setUp(exporter, { maxQueueSize: 10 })
  emit(25)
  // The record that tells is none of the app's: the result counts those.
  expect(await processor.flush()).toEqual({ delivered: 10, dropped: 15, undelivered: 0 })
  expect(exporter.bodies).toEqual([
    ...upTo(10),
    '15 records dropped: the queue was full while the collector did not accept any',
  ])
  emit(1)
  expect(await processor.flush()).toEqual({ delivered: 11, dropped: 15, undelivered: 0 })
  expect(exporter.bodies.length).toBe(12)
  expect(reports.filter((line) => line.startsWith('overflow')).length).toBeGreaterThan(0)
})

test('an exporter that never answers is given up after its time, and a flush at its deadline', async () => {
  const silent = { export() {}, async shutdown() {} }
  const { emit, processor, reports } = setUp(silent as never, { exportTimeoutMillis: 50 })
  emit(5)
  expect(await processor.flush(200)).toEqual({ delivered: 0, dropped: 0, undelivered: 5 })
  expect(reports.some((line) => line.includes('did not answer within 50 ms'))).toBe(true)
  expect(await processor.close(10)).toEqual({ delivered: 0, dropped: 0, undelivered: 5 })
  expect(reports.at(-1)).toBe('undelivered: 5 records undelivered at the end')
})

test('what the exporter logs is not bridged, also in a flush that the app starts', async () => {
  const exporter = new ScriptedExporter()
  const { emit, bridge, loggerProvider } = setUp(exporter)
  const inner = exporter.export.bind(exporter)
  exporter.export = (records, callback) => {
    bridge.emit({ body: 'exporting' })
    inner(records, callback)
  }
  emit(2)
  await loggerProvider.forceFlush()
  await loggerProvider.forceFlush()
  expect(exporter.bodies).toEqual([0, 1])
})

test('shutdown of the SDK flushes, ends the exporter, and takes no more records', async () => {
  const exporter = new ScriptedExporter()
  const { emit, loggerProvider, processor } = setUp(exporter)
  emit(3)
  await loggerProvider.shutdown()
  expect([exporter.bodies, exporter.shutDown]).toEqual([[0, 1, 2], true])
  emit(1)
  expect(processor.result()).toEqual({ delivered: 3, dropped: 0, undelivered: 0 })
  expect(await processor.close()).toEqual({ delivered: 3, dropped: 0, undelivered: 0 })
})

test.each([
  [{}, "BufferedLogRecordProcessor: option 'exporter': expected a LogRecordExporter"],
  [{ exporter: {} }, "option 'exporter': expected a LogRecordExporter"],
  [
    { exporter: new ScriptedExporter(), maxQueueBytes: '1MB' },
    "option 'maxQueueBytes': expected a whole number above 0, or Infinity, got '1MB'",
  ],
  [
    { exporter: new ScriptedExporter(), overflow: 'block' },
    "option 'overflow': expected 'drop-newest' or 'drop-oldest', got 'block'",
  ],
  [{ exporter: new ScriptedExporter(), queueSize: 1 }, "unknown option 'queueSize'"],
])('wrong options %o are refused by name', (options, message) => {
  expect(() => new BufferedLogRecordProcessor(options as never)).toThrow(message)
})
