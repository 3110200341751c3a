// A MeterProvider of the SDK, as an app registers it: what it collects, in the terms of docs/operations.md.

import { type Attributes, metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics'

export interface Point {
  readonly name: string
  readonly unit: string
  readonly kind: 'Counter' | 'UpDownCounter' | 'Histogram' | 'Gauge'
  readonly attributes: Attributes
  /** Of a histogram, how often something was recorded. */
  readonly value: number
}

export interface TestMeter {
  readonly provider: MeterProvider
  /** Of our meter. */
  collect(): Promise<readonly Point[]>
}

/** Not by its own timer. */
const NEVER_MS = 3_600_000

/** Registers it as the global one. */
export function startMeter(): TestMeter {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: NEVER_MS })
  const provider = new MeterProvider({ readers: [reader] })
  register(provider)
  return {
    provider,
    async collect() {
      exporter.reset()
      await reader.forceFlush()
      const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
      return scopes
        .filter(({ scope }) => scope.name === 'otel-log-bridge')
        .flatMap((scope) => scope.metrics.flatMap(pointsOf))
    },
  }
}

/** A MeterProvider that exports by its own timer. */
export function startExporting(exporter: PushMetricExporter, exportIntervalMillis: number): MeterProvider {
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis,
    exportTimeoutMillis: exportIntervalMillis,
  })
  const provider = new MeterProvider({ readers: [reader] })
  register(provider)
  return provider
}

function register(provider: MeterProvider): void {
  metrics.disable()
  metrics.setGlobalMeterProvider(provider)
}

type Metric = ReturnType<InMemoryMetricExporter['getMetrics']>[number]['scopeMetrics'][number]['metrics'][number]

function pointsOf(metric: Metric): Point[] {
  const { name, unit } = metric.descriptor
  const kind = kindOf(metric)
  return metric.dataPoints.map(({ attributes, value }) => {
    return { name, unit, kind, attributes, value: typeof value === 'number' ? value : value.count }
  })
}

function kindOf(metric: Metric): Point['kind'] {
  if (metric.dataPointType === DataPointType.SUM) return metric.isMonotonic ? 'Counter' : 'UpDownCounter'
  return metric.dataPointType === DataPointType.HISTOGRAM ? 'Histogram' : 'Gauge'
}

/** What a pipeline's metrics say, with the relations between them. */
export interface PipelineNumbers {
  readonly created: number
  /** By `error.type`; under `''` those without. */
  readonly processed: Record<string, number>
  readonly exported: Record<string, number>
  readonly dropped: Record<string, number>
  readonly retries: Record<string, number>
  readonly queueSize: number
  readonly inflight: number
  readonly delivered: number
  readonly undelivered: number
  /** Exports whose duration was recorded, by `error.type`. */
  readonly operations: Record<string, number>
}

/** @param component `otel.component.name` of the pipeline. */
export function numbersOf(points: readonly Point[], component: string): PipelineNumbers {
  const isOf = ({ attributes }: Point) => {
    const name = String(attributes['otel.component.name'])
    return name === component || name.endsWith(`/${component}`)
  }
  const ofName = (name: string) => points.filter((point) => point.name === name && isOf(point))
  const one = (name: string) => ofName(name).reduce((sum, { value }) => sum + value, 0)
  // Of all exporters that the pipelines of this name have had.
  const byErrorType = (name: string) => {
    const counts: Record<string, number> = {}
    for (const { attributes, value } of ofName(name)) {
      const type = String(attributes['error.type'] ?? '')
      counts[type] = (counts[type] ?? 0) + value
    }
    return counts
  }
  return {
    created: one('otel.sdk.log.created'),
    processed: byErrorType('otel.sdk.processor.log.processed'),
    exported: byErrorType('otel.sdk.exporter.log.exported'),
    dropped: byErrorType('otel.log_bridge.delivery.dropped'),
    retries: byErrorType('otel.log_bridge.delivery.retries'),
    queueSize: one('otel.sdk.processor.log.queue.size'),
    inflight: one('otel.sdk.exporter.log.inflight'),
    delivered: one('otel.log_bridge.delivery.delivered'),
    undelivered: one('otel.log_bridge.delivery.undelivered'),
    operations: byErrorType('otel.sdk.exporter.operation.duration'),
  }
}

/** What has come since `before`: a pipeline counts on where another of its name has ended. */
export function since(before: PipelineNumbers, now: PipelineNumbers): PipelineNumbers {
  const entries = Object.entries(now).map(([key, value]) => {
    const old = before[key as keyof PipelineNumbers]
    if (typeof value === 'number') return [key, value - (old as number)]
    const counts = Object.entries(value as Record<string, number>)
    const grown = counts.map(([type, count]) => [type, count - ((old as Record<string, number>)[type] ?? 0)])
    return [key, Object.fromEntries(grown.filter(([, count]) => count !== 0))]
  })
  return Object.fromEntries(entries) as PipelineNumbers
}

export function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
