// Any value, all the way to a receiver: it arrives as it was cleaned, costs no record beside it, and is the same through
// every logger that hands over the same.

import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { BatchLogRecordProcessor, LoggerProvider as SdkLoggerProvider } from '@opentelemetry/sdk-logs'
import fc from 'fast-check'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import winston from 'winston'
import { createPinoStream, createPinoTransport } from '../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../adapters/winston/index.ts'
import { type AnyValue, RecordCleaner } from '../src/attributes.ts'
import { createBridge, type LoggerProvider, setInternalLogSink } from '../src/index.ts'
import { isInt64 } from '../src/pipeline/otlp-record.ts'
import { createOwnedPipeline } from '../src/pipeline/owned-pipeline.ts'
import { BufferedLogRecordProcessor } from '../src/processor.ts'
import { WorkerLoggerProvider } from '../src/worker.ts'
import { values } from './mapping/values.ts'
import { anyKey, anything, deep, exotic, isLarge } from './support/exotic-values.ts'
import { allowNesting, type WireRecord, type WireValue } from './support/otlp-proto.ts'
import { PROTOCOLS, startReceiver } from './support/protocol-receiver.ts'

beforeEach(() => setInternalLogSink(() => {}))
afterEach(() => setInternalLogSink(undefined))

const LIMITS = { attributeCount: 128, attributeValueLength: Infinity, depth: 64, recordBytes: 1024 * 1024 }

/** As OTLP's definitions read it. */
function onTheWire(value: AnyValue): WireValue {
  if (typeof value === 'number') return isInt64(value) ? BigInt(value) : value
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(onTheWire)
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, onTheWire(entry)]))
}

const cleaned = (value: unknown) => onTheWire(new RecordCleaner(LIMITS, true).clean(value) ?? null)

const sample = [
  ...Object.values(values).flatMap((rows) => rows.map(({ value }) => value)),
  ...Object.entries(exotic).flatMap(([name, make]) => (isLarge(name) || name === 'globalThis' ? [] : [make])),
  ...fc.sample(anything, 400),
]

describe.each(PROTOCOLS)('%s', (protocol) => {
  test('any value arrives as it was cleaned', async () => {
    const receiver = await startReceiver(protocol)
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol }
    const pipeline = await createOwnedPipeline({}, env)
    const bridge = createBridge({ loggerProvider: pipeline.provider })
    const expected = sample.map((make) => {
      const value = make() ?? null
      bridge.emit({ body: value, attributes: { value } })
      return cleaned(value)
    })
    expect(await pipeline.close()).toEqual({ delivered: sample.length, dropped: 0, undelivered: 0 })
    expect(receiver.records).toHaveLength(sample.length)
    receiver.records.forEach(({ body, attributes }, i) => {
      expect([i, body, attributes]).toStrictEqual([i, expected[i], { value: expected[i] }])
    })
  })
})

const BATCH = 512
const strange = Object.entries(exotic)

/** For each strange value a batch of its own, with 511 records around it. */
function emitBatches(emit: (attributes: object) => void): void {
  for (const [name, make] of strange) {
    for (let i = 0; i < BATCH; i++) emit(i === 100 ? { name, value: make() } : { name, i })
  }
}

function expectAll(records: readonly WireRecord[]): void {
  for (const [name] of strange) {
    const found = records.filter(({ attributes }) => attributes.name === name)
    const innocent = found.filter(({ attributes }) => typeof attributes.i === 'bigint')
    expect([name, innocent.length, found.length]).toEqual([name, BATCH - 1, BATCH])
  }
}

describe('511 records beside any strange value arrive, and that one too', () => {
  interface Opened {
    readonly loggerProvider: LoggerProvider
    readonly close: () => Promise<unknown>
  }
  const DELIVERED = { delivered: strange.length * BATCH, dropped: 0, undelivered: 0 }
  const openings: Record<string, (endpoint: string) => Opened> = {
    'a thread of our own': (endpoint) => {
      const provider = new WorkerLoggerProvider({ endpoint, maxExportBatchSize: BATCH })
      return { loggerProvider: provider, close: async () => expect(await provider.close()).toEqual(DELIVERED) }
    },
    'the SDK with our processor': (endpoint) => {
      const exporter = new OTLPLogExporter({ url: endpoint })
      const processor = new BufferedLogRecordProcessor({ exporter: exporter as never, maxExportBatchSize: BATCH })
      const provider = new SdkLoggerProvider({ processors: [processor as never] })
      return {
        loggerProvider: provider as never,
        close: async () => expect(await processor.close()).toEqual(DELIVERED),
      }
    },
    'the SDK with its own': (endpoint) => {
      const exporter = new OTLPLogExporter({ url: endpoint })
      const options = { exporter, maxExportBatchSize: BATCH, maxQueueSize: 1_000_000 }
      const provider = new SdkLoggerProvider({ processors: [new BatchLogRecordProcessor(options)] })
      return { loggerProvider: provider as never, close: () => provider.shutdown() }
    },
  }
  const loggers: Record<string, (loggerProvider: LoggerProvider) => (attributes: object) => void> = {
    createBridge(loggerProvider) {
      const bridge = createBridge({ loggerProvider })
      return (attributes) => bridge.emit({ attributes })
    },
    winston(loggerProvider) {
      // winston's own format, JSON, throws for some of these.
      const format = winston.format((info) => info)()
      const logger = winston.createLogger({ format, transports: [new OpenTelemetryTransport({ loggerProvider })] })
      return (attributes) => void logger.info('hello', attributes)
    },
    pino(loggerProvider) {
      const logger = pino(createPinoStream({ loggerProvider }))
      return (attributes) => logger.info(attributes)
    },
  }

  test.each(
    Object.keys(openings).flatMap((opening) => Object.keys(loggers).map((logger) => [logger, opening] as const)),
  )('%s, %s', async (logger, opening) => {
    const receiver = await startReceiver('http/json')
    const { loggerProvider, close } = (openings[opening] as (endpoint: string) => Opened)(
      `${receiver.endpoint}/v1/logs`,
    )
    emitBatches((loggers[logger] as (provider: LoggerProvider) => (attributes: object) => void)(loggerProvider))
    await close()
    expectAll(receiver.records)
  })
})

test.each(PROTOCOLS)('%s: a receiver that reads no deep record gets all others', async (protocol) => {
  allowNesting(100)
  onTestFinished(() => allowNesting(10_000))
  const receiver = await startReceiver(protocol)
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol }
  const pipeline = await createOwnedPipeline({}, env)
  const bridge = createBridge({ loggerProvider: pipeline.provider })
  for (let i = 0; i < BATCH; i++) bridge.emit({ attributes: { i, value: deep(i === 100 ? 20_000 : 30) } })
  expect(await pipeline.close()).toEqual({ delivered: BATCH - 1, dropped: 1, undelivered: 0 })
  const expected = Array.from({ length: BATCH }, (_, i) => BigInt(i)).filter((i) => i !== 100n)
  expect(receiver.records.map(({ attributes }) => attributes.i)).toEqual(expected)
})

describe('the same record is the same', () => {
  /** What all loggers hand over alike: what JSON can say, under names that none of them uses for its own. */
  const fields = fc.dictionary(
    fc.string({ unit: 'grapheme', minLength: 1 }).map((name) => `field ${name}`),
    fc.anything({
      key: anyKey,
      maxDepth: 4,
      values: [
        fc.string(),
        fc.boolean(),
        fc.integer(),
        fc.double({ noDefaultInfinity: true, noNaN: true }),
        fc.constant(null),
      ],
    }),
    { maxKeys: 6, noNullPrototype: true },
  )
  const records = fc.sample(fields, 300)

  async function arriving(log: (endpoint: string) => Promise<{ close: () => Promise<unknown> }>): Promise<unknown[]> {
    const receiver = await startReceiver('http/protobuf')
    await (await log(receiver.endpoint)).close()
    return receiver.records.map(({ attributes, body }) => ({ attributes, body }))
  }

  function throughWorker(endpoint: string): WorkerLoggerProvider {
    const provider = new WorkerLoggerProvider({ endpoint: `${endpoint}/v1/logs` })
    onTestFinished(async () => void (await provider.close(0)))
    return provider
  }

  test('through createBridge, winston, pino in process and pino’s worker', async () => {
    const expected = await arriving(async (endpoint) => {
      const provider = throughWorker(endpoint)
      const bridge = createBridge({ loggerProvider: provider })
      // As they stand in JSON: there is one zero.
      for (const attributes of records) {
        bridge.emit({ body: 'hello', attributes: JSON.parse(JSON.stringify(attributes)) })
      }
      return provider
    })
    expect(expected).toHaveLength(records.length)

    const inWinston = await arriving(async (endpoint) => {
      const provider = throughWorker(endpoint)
      const logger = winston.createLogger({ transports: [new OpenTelemetryTransport({ loggerProvider: provider })] })
      for (const attributes of records) logger.info('hello', JSON.parse(JSON.stringify(attributes)))
      return provider
    })
    expect(inWinston).toStrictEqual(expected)

    const inProcess = await arriving(async (endpoint) => {
      const provider = throughWorker(endpoint)
      const logger = pino(createPinoStream({ loggerProvider: provider }))
      for (const attributes of records) logger.info(attributes, 'hello')
      return provider
    })
    expect(inProcess).toStrictEqual(expected)

    const inWorker = await arriving(async (endpoint) => {
      const transport = createPinoTransport({ endpoint: `${endpoint}/v1/logs` })
      onTestFinished(async () => void (await transport.close(0)))
      const logger = pino(transport)
      for (const attributes of records) logger.info(attributes, 'hello')
      return transport
    })
    expect(inWorker).toStrictEqual(expected)
  })
})
