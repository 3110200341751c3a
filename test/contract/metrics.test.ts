// Contract rule 11: OTel metrics tell the same numbers as bridgeStats(), to the MeterProvider that the app has now, and
// telling them causes no records.

import { type MeterProvider as ApiMeterProvider, metrics } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter } from '@opentelemetry/sdk-metrics'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  type BridgeStats,
  bridgeStats,
  createBridge,
  setInternalLogSink,
  suppressedExporter,
  withLogsSuppressed,
} from '../../src/index.ts'
import { recordDurations } from '../../src/metrics.ts'
import { BufferedLogRecordProcessor } from '../../src/processor.ts'
import { appKinds, loggerKinds, settle, until } from '../support/feedback.ts'
import { type Point, startExporting, startMeter } from '../support/metrics.ts'
import { InMemoryLogRecordExporter, LoggerProvider, simpleProcessor } from '../support/otel.ts'

afterEach(() => metrics.disable())

const PREFIX = 'otel.log_bridge.log.'

/** The funnel's, by the names of bridgeStats(). */
function funnelOf(points: readonly Point[]): Record<string, number> {
  return Object.fromEntries(
    points
      .filter(({ name }) => name.startsWith(PREFIX))
      .map(({ name, attributes, value }) => {
        const reason = attributes['otel.log_bridge.reason']
        return [name.slice(PREFIX.length) + (reason === undefined ? '' : `.${reason}`), value]
      }),
  )
}

function flat({ dropped, ...rest }: BridgeStats): Record<string, number> {
  return { ...rest, ...Object.fromEntries(Object.entries(dropped).map(([key, count]) => [`dropped.${key}`, count])) }
}

const newLoggerProvider = (exporter = new InMemoryLogRecordExporter()) =>
  new LoggerProvider({ processors: [simpleProcessor(exporter)] })

test('the metrics add up to bridgeStats()', async () => {
  const meter = startMeter()
  const bridge = createBridge({ loggerProvider: newLoggerProvider(), exclude: ['noisy'] })
  const before = bridgeStats()
  bridge.emit({ body: 'one' })
  bridge.emit({ body: 'two' })
  bridge.emit({ body: 'three', loggerName: 'noisy' })
  withLogsSuppressed(() => bridge.emit({ body: 'four' }))

  expect(bridgeStats().seen - before.seen).toBe(4)
  expect(funnelOf(await meter.collect())).toEqual(flat(bridgeStats()))
  await meter.provider.shutdown()
})

test('records that wait for a LoggerProvider are told', async () => {
  setInternalLogSink(() => {})
  onTestFinished(() => setInternalLogSink(undefined))
  const meter = startMeter()
  const bridge = createBridge()
  bridge.emit({ body: 'one' })
  expect(funnelOf(await meter.collect())).toMatchObject({ pending: bridgeStats().pending })
  expect(bridge.stats().pending).toBe(1)
  await bridge.close()
  expect(funnelOf(await meter.collect())).toEqual(flat(bridgeStats()))
  await meter.provider.shutdown()
})

test('a MeterProvider that is registered after the first record is told of all', async () => {
  const bridge = createBridge({ loggerProvider: newLoggerProvider() })
  bridge.emit({ body: 'before' })
  const meter = startMeter()
  bridge.emit({ body: 'after' })
  expect(funnelOf(await meter.collect())).toEqual(flat(bridgeStats()))
  await meter.provider.shutdown()
})

test('a MeterProvider that replaces another is told instead of it', async () => {
  const bridge = createBridge({ loggerProvider: newLoggerProvider() })
  const first = startMeter()
  bridge.emit({ body: 'one' })
  const told = funnelOf(await first.collect())
  const second = startMeter()
  bridge.emit({ body: 'two' })
  expect(funnelOf(await second.collect())).toEqual(flat(bridgeStats()))
  expect(funnelOf(await first.collect())).toEqual(told)
  await first.provider.shutdown()
  await second.provider.shutdown()
})

test('a MeterProvider that was shut down costs no record', async () => {
  const exporter = new InMemoryLogRecordExporter()
  const bridge = createBridge({ loggerProvider: newLoggerProvider(exporter) })
  const meter = startMeter()
  bridge.emit({ body: 'before' })
  await meter.provider.shutdown()
  bridge.emit({ body: 'after' })
  createBridge({ loggerProvider: newLoggerProvider(exporter) }).emit({ body: 'later' })
  expect(exporter.getFinishedLogRecords().map(({ body }) => body)).toEqual(['before', 'after', 'later'])
})

test('a MeterProvider that throws costs no record, and is told once', () => {
  const reports: string[] = []
  setInternalLogSink(({ kind, message }) => void reports.push(`${kind}: ${message}`))
  onTestFinished(() => setInternalLogSink(undefined))
  const broken: ApiMeterProvider = {
    getMeter() {
      throw new Error('broken')
    },
  }
  metrics.setGlobalMeterProvider(broken)
  const exporter = new InMemoryLogRecordExporter()
  const bridge = createBridge({ loggerProvider: newLoggerProvider(exporter) })
  bridge.emit({ body: 'one' })
  bridge.emit({ body: 'two' })
  expect(exporter.getFinishedLogRecords().length).toBe(2)
  expect(reports).toEqual(['metrics: the MeterProvider cannot be told of the bridge: Error: broken'])
})

describe.each(appKinds)('$name', (kind) => {
  test('an exporter of metrics that logs in each export logs so often, and no more', async () => {
    const records = new InMemoryLogRecordExporter()
    const processor = new BufferedLogRecordProcessor({ exporter: records, scheduledDelayMillis: 1 })
    const app = kind.start({ loggerProvider: new LoggerProvider({ processors: [processor] }) })
    const exporter = new LoggingExporter(() => app.log('exporting metrics'))
    const meterProvider = startExporting(exporter, 10)
    app.log('app')
    await until(() => exporter.exports >= 20, 'exports by the timer')
    await meterProvider.shutdown()
    await processor.close()

    const bodies = records.getFinishedLogRecords().map(({ body }) => body)
    expect(bodies.filter((body) => body === 'exporting metrics').length).toBe(exporter.exports)
    expect(bodies.length).toBe(exporter.exports + 1)
    await settle()
    expect(app.stats().seen).toBe(exporter.exports + 1)
  })
})

test.each(loggerKinds)('suppressed, an exporter of metrics that logs through $name adds nothing', async (kind) => {
  const records = new InMemoryLogRecordExporter()
  const app = kind.start({ loggerProvider: newLoggerProvider(records) })
  const exporter = new LoggingExporter(() => app.log('exporting metrics'))
  const meterProvider = startExporting(suppressedExporter(exporter), 10)
  app.log('app')
  await until(() => exporter.exports >= 5, 'exports by the timer')
  await meterProvider.shutdown()
  expect(records.getFinishedLogRecords().map(({ body }) => body)).toEqual(['app'])
  expect(app.stats().dropped.suppressed).toBe(exporter.exports)
})

test.each(appKinds)('what a MeterProvider logs through $name while it is told is not bridged', async (kind) => {
  const records = new InMemoryLogRecordExporter()
  const app = kind.start({ loggerProvider: newLoggerProvider(records) })
  const { provider } = startMeter()
  const logging: ApiMeterProvider = {
    getMeter(...args) {
      app.log('by the MeterProvider')
      const meter = provider.getMeter(...args)
      const histogram = meter.createHistogram('test')
      vi.spyOn(histogram, 'record').mockImplementation(() => app.log('by a histogram'))
      vi.spyOn(meter, 'createHistogram').mockReturnValue(histogram)
      return meter
    },
  }
  metrics.disable()
  metrics.setGlobalMeterProvider(logging)
  app.log('app')
  recordDurations('WorkerLoggerProvider/0', { type: 'otlp_http_log_exporter' }, [{ seconds: 1, errorType: '' }])
  await settle()
  expect(app.lines.toSorted()).toEqual(['app', 'by a histogram', 'by the MeterProvider'])
  expect(records.getFinishedLogRecords().map(({ body }) => body)).toEqual(['app'])
  await provider.shutdown()
})

class LoggingExporter extends InMemoryMetricExporter {
  exports = 0
  readonly #log: () => void

  constructor(log: () => void) {
    super(AggregationTemporality.CUMULATIVE)
    this.#log = log
  }

  override export(...args: Parameters<InMemoryMetricExporter['export']>): void {
    this.exports++
    this.#log()
    super.export(...args)
  }
}
