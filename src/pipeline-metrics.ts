// The pipelines that are ours as OTel metrics: by the names of the conventions for an SDK's own
// (https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/), and by names of ours for what those have no name for.

import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api'
import { allComponents, type Component, type ExporterFacts, type Gauges } from './pipeline/components.ts'
import { type CountByErrorType, count, SUCCESS } from './pipeline/counts.ts'

const RECORDS = '{log_record}'
const BYTES = 'By'
/** Of a pipeline that is closed: what an SDK was told last it would tell for ever. */
const NOTHING: Gauges = { queued: 0, inflight: 0 }

export function exporterAttributes(component: string, { type, address, port }: ExporterFacts): Attributes {
  return {
    // With the pipeline's name in it: an exporter of the SDK's own has the type and a number.
    'otel.component.name': `${type}/${component}`,
    'otel.component.type': type,
    ...(address !== undefined && { 'server.address': address }),
    ...(port !== undefined && { 'server.port': port }),
  }
}

/** @returns what ends it. */
export function observePipelines(meter: Meter): () => void {
  const instruments = createInstruments(meter)
  const observables: Observable[] = Object.values(instruments)
  const callback = (result: BatchObservableResult) => {
    for (const component of allComponents()) {
      observeQueue(result, instruments, component)
      observeExporters(result, instruments, component)
    }
  }
  meter.addBatchObservableCallback(callback, observables)
  return () => meter.removeBatchObservableCallback(callback, observables)
}

type Instruments = ReturnType<typeof createInstruments>

function createInstruments(meter: Meter) {
  const counter = (name: string, unit: string, description: string) =>
    meter.createObservableCounter(name, { unit, description })
  const upDown = (name: string, unit: string, description: string) =>
    meter.createObservableUpDownCounter(name, { unit, description })
  return {
    created: counter('otel.sdk.log.created', RECORDS, 'Records that an enabled Logger of the pipeline was given.'),
    processed: counter(
      'otel.sdk.processor.log.processed',
      RECORDS,
      'Records that were passed to the exporter, or dropped before, by error.type.',
    ),
    queueSize: upDown('otel.sdk.processor.log.queue.size', RECORDS, 'Records that wait to be passed to the exporter.'),
    queueCapacity: upDown('otel.sdk.processor.log.queue.capacity', RECORDS, 'Records that the queue holds at most.'),
    inflight: upDown(
      'otel.sdk.exporter.log.inflight',
      RECORDS,
      'Records that the exporter was passed, and has not settled.',
    ),
    exported: counter(
      'otel.sdk.exporter.log.exported',
      RECORDS,
      'Records that the exporter has settled: accepted, or lost by error.type.',
    ),
    delivered: counter('otel.log_bridge.delivery.delivered', RECORDS, 'Records that were accepted.'),
    dropped: counter('otel.log_bridge.delivery.dropped', RECORDS, 'Records that were lost, by error.type.'),
    undelivered: upDown('otel.log_bridge.delivery.undelivered', RECORDS, 'Records that wait or are under way.'),
    retries: counter('otel.log_bridge.delivery.retries', '{export}', 'Exports that have failed, and are made again.'),
    queueUsage: upDown('otel.log_bridge.queue.usage', BYTES, 'What waits in the queue or is under way.'),
    queueLimit: upDown('otel.log_bridge.queue.limit', BYTES, 'What the queue holds at most.'),
    handoverUsage: upDown('otel.log_bridge.handover.usage', BYTES, 'What waits for the export thread to take it.'),
    handoverLimit: upDown('otel.log_bridge.handover.limit', BYTES, 'What may wait for the export thread.'),
  }
}

function observeQueue(result: BatchObservableResult, instruments: Instruments, component: Component): void {
  const attributes = { 'otel.component.name': component.name, 'otel.component.type': component.type }
  const { queued, inflight, queue, capacity, handover } = component.gauges() ?? NOTHING
  const { processed, exported, retried } = component.counts
  const observe = (instrument: Observable, value: number | undefined) => {
    if (value !== undefined) result.observe(instrument, value, attributes)
  }
  if (component.hasThread) {
    observe(instruments.created, component.created)
    observe(instruments.handoverUsage, handover?.usage ?? 0)
    observe(instruments.handoverLimit, handover?.limit)
  }
  observeByErrorType(result, instruments.processed, processed, attributes)
  observe(instruments.queueSize, queued)
  observe(instruments.queueCapacity, Number.isFinite(capacity) ? capacity : undefined)
  observe(instruments.delivered, exported[SUCCESS] ?? 0)
  observeByErrorType(result, instruments.dropped, failuresOf(processed, exported), attributes)
  observe(instruments.undelivered, queued + inflight)
  observeByErrorType(result, instruments.retries, retried, attributes)
  observe(instruments.queueUsage, queue?.usage ?? 0)
  observe(instruments.queueLimit, queue?.limit)
}

function observeExporters(result: BatchObservableResult, instruments: Instruments, component: Component): void {
  const gauges = component.gauges()
  for (const exporter of component.exporters) {
    const attributes = exporterAttributes(component.name, exporter)
    observeByErrorType(result, instruments.exported, exporter.exported, attributes)
    result.observe(instruments.inflight, gauges?.exporter === exporter ? gauges.inflight : 0, attributes)
  }
}

function observeByErrorType(
  result: BatchObservableResult,
  instrument: Observable,
  counts: CountByErrorType,
  attributes: Attributes,
): void {
  for (const [errorType, number] of Object.entries(counts)) {
    const withType = errorType === SUCCESS ? attributes : { ...attributes, 'error.type': errorType }
    result.observe(instrument, number, withType)
  }
}

/** What was lost before the exporter was passed it, and after. */
function failuresOf(...all: readonly CountByErrorType[]): CountByErrorType {
  const failures: CountByErrorType = {}
  for (const [errorType, records] of all.flatMap((counts) => Object.entries(counts))) {
    if (errorType !== SUCCESS) count(failures, errorType, records)
  }
  return failures
}
