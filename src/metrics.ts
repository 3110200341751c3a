// The funnel as OTel metrics, for whoever watches the app. Read from the same counters as bridgeStats(), when the
// MeterProvider collects: a record costs nothing here, and nothing here logs.

import type { BatchObservableResult, MeterProvider } from '@opentelemetry/api'
import { processState } from './process-state.ts'
import { globalMeterProvider } from './provider.ts'
import { bridgeStats, type DropReason } from './stats.ts'
import { withLogsSuppressed } from './suppression.ts'

const METER_NAME = 'otel-log-bridge'
const UNIT = '{log_record}'

const state = processState('metrics', (): { observedBy: MeterProvider | undefined } => ({ observedBy: undefined }))

/** Reports to the global MeterProvider, if there is one that does not know of the bridge yet. */
export function observeStats(): void {
  const provider = globalMeterProvider()
  if (provider === undefined || provider === state.observedBy) return
  state.observedBy = provider
  withLogsSuppressed(() => observe(provider))
}

function observe(provider: MeterProvider): void {
  const meter = provider.getMeter(METER_NAME)
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
  meter.addBatchObservableCallback(
    (result: BatchObservableResult) => {
      const stats = bridgeStats()
      result.observe(seen, stats.seen)
      result.observe(emitted, stats.emitted)
      result.observe(pending, stats.pending)
      for (const reason of Object.keys(stats.dropped) as DropReason[]) {
        result.observe(dropped, stats.dropped[reason], { 'otel.log_bridge.reason': reason })
      }
    },
    [seen, emitted, pending, dropped],
  )
}
