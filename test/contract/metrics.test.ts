// Contract rule 11: OTel metrics tell the same numbers as bridgeStats().

import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { afterEach, expect, test } from 'vitest'
import { bridgeStats, createBridge, withLogsSuppressed } from '../../src/index.ts'
import { InMemoryLogRecordExporter, LoggerProvider, simpleProcessor } from '../support/otel.ts'

afterEach(() => metrics.disable())

/** Collects once. @returns the values by metric name, and by drop reason. */
async function collect(reader: PeriodicExportingMetricReader, exporter: InMemoryMetricExporter) {
  await reader.forceFlush()
  const found: Record<string, number> = {}
  for (const { scopeMetrics } of exporter.getMetrics().slice(-1)) {
    for (const metric of scopeMetrics.flatMap((scope) => scope.metrics)) {
      for (const { value, attributes } of metric.dataPoints) {
        const reason = attributes['otel.log_bridge.reason']
        found[metric.descriptor.name.replace('otel.log_bridge.log.', '') + (reason === undefined ? '' : `.${reason}`)] =
          value as number
      }
    }
  }
  return found
}

test('the metrics add up to bridgeStats()', async () => {
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  metrics.setGlobalMeterProvider(meterProvider)
  const bridge = createBridge({
    loggerProvider: new LoggerProvider({ processors: [simpleProcessor(new InMemoryLogRecordExporter())] }),
    exclude: ['noisy'],
  })
  const before = bridgeStats()
  bridge.emit({ body: 'one' })
  bridge.emit({ body: 'two' })
  bridge.emit({ body: 'three', loggerName: 'noisy' })
  withLogsSuppressed(() => bridge.emit({ body: 'four' }))

  const stats = bridgeStats()
  expect(stats.seen - before.seen).toBe(4)
  const { dropped, ...rest } = stats
  const expected = { ...rest, ...Object.fromEntries(Object.entries(dropped).map(([k, v]) => [`dropped.${k}`, v])) }
  expect(await collect(reader, metricExporter)).toEqual(expected)
  await meterProvider.shutdown()
})

test('an exporter of metrics that logs through the bridged logger does not recurse', async () => {
  const logs = new InMemoryLogRecordExporter()
  const bridge = createBridge({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(logs)] }) })
  class LoggingExporter extends InMemoryMetricExporter {
    override export(...args: Parameters<InMemoryMetricExporter['export']>): void {
      bridge.emit({ body: 'exporting metrics' })
      super.export(...args)
    }
  }
  const exporter = new LoggingExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  metrics.setGlobalMeterProvider(meterProvider)
  bridge.emit({ body: 'app' })
  await collect(reader, exporter)
  await collect(reader, exporter)
  // One record a collection, caused by the reader's own timer and not by a log: no more.
  expect(logs.getFinishedLogRecords().map(({ body }) => body)).toEqual([
    'app',
    'exporting metrics',
    'exporting metrics',
  ])
  await meterProvider.shutdown()
})
