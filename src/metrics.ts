// The numbers as OTel metrics, for whoever watches the app. They are read when the MeterProvider collects, so a record
// costs nothing here; whatever the app's MeterProvider logs meanwhile is not bridged.

import {
  type BatchObservableResult,
  type Histogram,
  type Meter,
  type MeterProvider,
  ROOT_CONTEXT,
} from '@opentelemetry/api'
import { internalLog, reasonOf } from './internal-logger.ts'
import type { ExporterFacts } from './pipeline/components.ts'
import { type ExportDuration, SUCCESS } from './pipeline/counts.ts'
import { exporterAttributes, observePipelines } from './pipeline-metrics.ts'
import { processState } from './process-state.ts'
import { globalMeterProvider } from './provider.ts'
import { bridgeStats, type DropReason } from './stats.ts'
import { withLogsSuppressed } from './suppression.ts'
import { version } from './version.ts'

const METER_NAME = 'otel-log-bridge'
const UNIT = '{log_record}'

interface MetricsState {
  observedBy: MeterProvider | undefined
  /** Ends the observation of the provider before. */
  stop: () => void
  durations: Histogram | undefined
}

const state = processState('metrics', (): MetricsState => ({ observedBy: undefined, stop() {}, durations: undefined }))

/**
 * Reports to the global MeterProvider, if there is one that does not know of the bridge yet. Nothing tells of a
 * registration, so this is called with every record; it costs a comparison. Never throws.
 */
export function observeStats(): void {
  const provider = globalMeterProvider()
  if (provider === state.observedBy || provider === undefined) return
  state.observedBy = provider
  try {
    withLogsSuppressed(() => observe(provider))
  } catch (error) {
    internalLog('warn', 'metrics', `the MeterProvider cannot be told of the bridge: ${reasonOf(error)}`)
  }
}

/**
 * Here and not in the callback of a collection: a histogram has no other way. What the MeterProvider makes of it is not
 * bridged. Never throws.
 */
export function recordDurations(
  component: string,
  exporter: ExporterFacts,
  durations: readonly ExportDuration[],
): void {
  const { durations: histogram } = state
  if (histogram === undefined || durations.length === 0) return
  const attributes = exporterAttributes(component, exporter)
  try {
    withLogsSuppressed(() => {
      for (const { seconds, errorType } of durations) {
        histogram.record(
          seconds,
          errorType === SUCCESS ? attributes : { ...attributes, 'error.type': errorType },
          ROOT_CONTEXT,
        )
      }
    })
  } catch (error) {
    internalLog('warn', 'metrics', `the duration of an export could not be recorded: ${reasonOf(error)}`)
  }
}

function observe(provider: MeterProvider): void {
  state.stop()
  const meter = provider.getMeter(METER_NAME, version)
  const stops = [observeFunnel(meter), observePipelines(meter)]
  state.stop = () => {
    for (const stop of stops) stop()
  }
  state.durations = meter.createHistogram('otel.sdk.exporter.operation.duration', {
    unit: 's',
    description: 'Time of an export, from its first attempt to the end of its last.',
    // As in OTel's own exporters: count, sum, least and most. A view of the app's may have more.
    advice: { explicitBucketBoundaries: [] },
  })
}

/** @returns what ends it. */
function observeFunnel(meter: Meter): () => void {
  const seen = meter.createObservableCounter('otel.log_bridge.log.seen', {
    unit: UNIT,
    description: 'Records logged through a bridge.',
  })
  const emitted = meter.createObservableCounter('otel.log_bridge.log.emitted', {
    unit: UNIT,
    description: 'Records handed to an OpenTelemetry Logger.',
  })
  const pending = meter.createObservableUpDownCounter('otel.log_bridge.log.pending', {
    unit: UNIT,
    description: 'Records being read, or waiting for a LoggerProvider or for the export thread.',
  })
  const dropped = meter.createObservableCounter('otel.log_bridge.log.dropped', {
    unit: UNIT,
    description: 'Records that were not bridged, by otel.log_bridge.reason.',
  })
  const instruments = [seen, emitted, pending, dropped]
  const callback = (result: BatchObservableResult) => {
    const stats = bridgeStats()
    result.observe(seen, stats.seen)
    result.observe(emitted, stats.emitted)
    result.observe(pending, stats.pending)
    for (const reason of Object.keys(stats.dropped) as DropReason[]) {
      result.observe(dropped, stats.dropped[reason], { 'otel.log_bridge.reason': reason })
    }
  }
  meter.addBatchObservableCallback(callback, instruments)
  return () => meter.removeBatchObservableCallback(callback, instruments)
}
