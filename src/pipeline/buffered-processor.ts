// The queue around an exporter of the app's, in the app's own SDK.

import { dropListener, type OnDrop } from '../drop.ts'
import { numberFromEnvironment } from '../environment.ts'
import { internalLog, reasonOf } from '../internal-logger.ts'
import { observeStats } from '../metrics.ts'
import { aFunction, aLimit, argumentError, checkOptions, isObject, type OptionChecks } from '../options.ts'
import { runExport } from '../suppression.ts'
import { Component, gaugesOf } from './components.ts'
import { dropReasonOf, errorTypeOf, TIMEOUT } from './counts.ts'
import type { DeliveryOutcome, DeliveryResult } from './delivery-queue.ts'
import { outcomeOfGrpc, outcomeOfHttp } from './otlp-status.ts'
import { LOSS_SCOPE, type LossRecord, type QueueOptions, queueOptionChecks, RecordQueue } from './record-queue.ts'

/** ReadableLogRecord of both SDK generations, as far as it is read or made here. */
interface QueuedRecord {
  readonly hrTime: [number, number]
  readonly hrTimeObserved: [number, number]
  readonly severityNumber?: number
  readonly severityText?: string
  readonly body?: unknown
  readonly eventName?: string
  readonly attributes: object
  readonly droppedAttributesCount: number
  readonly instrumentationScope: { readonly name: string }
  readonly resource: { readonly asyncAttributesPending?: boolean; waitForAsyncAttributes?(): Promise<void> }
}

/** ExportResult of OTel's core. */
interface ExportResult {
  readonly code: number
  readonly error?: unknown
}

/** LogRecordExporter of both SDK generations. */
export interface LogRecordExporter<R = never> {
  export(records: R[], callback: (result: ExportResult) => void): void
  forceFlush?(): Promise<void>
  shutdown(): Promise<void>
}

export interface BufferedLogRecordProcessorOptions extends QueueOptions {
  readonly exporter: LogRecordExporter
  /** For one export, in ms; then it is tried again. Default: `OTEL_BLRP_EXPORT_TIMEOUT`, else 30 000. */
  readonly exportTimeoutMillis?: number
  /**
   * Told of records that the queue or the exporter did not take (`overflow`, `failed`), or that came after the shutdown
   * (`disabled`).
   */
  readonly onDrop?: OnDrop
}

const optionChecks: OptionChecks<BufferedLogRecordProcessorOptions> = {
  ...queueOptionChecks,
  exporter: (value) => (isObject(value) && typeof value.export === 'function' ? undefined : 'a LogRecordExporter'),
  exportTimeoutMillis: aLimit,
  onDrop: aFunction,
}

/** What a record costs besides its values. */
const RECORD_BYTES = 256
const ENTRY_BYTES = 16
const DEFAULT_EXPORT_TIMEOUT_MS = 30_000
/** Exports of one exporter are never concurrent (OTel specification, LogRecordExporter). */
const LANES = 1
const SUCCESS = 0
/** HTTP's begin at 100. */
const MAX_GRPC_CODE = 16

/**
 * In place of BatchLogRecordProcessor: bounded in bytes instead of 2048 records, retrying for as long as it has room,
 * and exact about what it lost. What the exporter logs is not bridged.
 */
export class BufferedLogRecordProcessor {
  readonly #exporter: LogRecordExporter
  readonly #queue: RecordQueue<QueuedRecord>
  readonly #component: Component
  /** Held here alone: the metrics let go of it with this. */
  readonly #measured = { gauges: () => gaugesOf(this.#queue.numbers()) }

  /** @throws TypeError for a wrong or unknown option. */
  constructor(options: BufferedLogRecordProcessorOptions) {
    const {
      exporter,
      exportTimeoutMillis = numberFromEnvironment(['OTEL_BLRP_EXPORT_TIMEOUT'], aLimit) ?? DEFAULT_EXPORT_TIMEOUT_MS,
      onDrop,
      ...queue
    } = checkOptions('BufferedLogRecordProcessor', options, optionChecks)
    if (exporter === undefined) {
      throw argumentError("BufferedLogRecordProcessor: option 'exporter'", 'a LogRecordExporter', exporter)
    }
    const deliver = async (batch: readonly QueuedRecord[]) => {
      // Whatever of the app's registers a MeterProvider does so sooner or later.
      observeStats()
      await waitForResource(batch)
      return exportBatch(exporter, batch, exportTimeoutMillis)
    }
    const component = Component.open('BufferedLogRecordProcessor', false)
    const drops = dropListener(onDrop)
    this.#component = component
    this.#queue = new RecordQueue(
      {
        deliver,
        createLossRecord,
        lanes: LANES,
        counts: component.counts,
        onDropped(errorType, records) {
          component.tellDropped(errorType, records)
          drops?.tell(dropReasonOf(errorType), records)
        },
        onSettled: () => component.tellDelivery(this.result()),
      },
      queue,
    )
    this.#exporter = exporter
    component.measure(this.#measured)
    observeStats()
  }

  onEmit(record: QueuedRecord): void {
    this.#queue.add(record, sizeOf(record), record.instrumentationScope.name)
  }

  /** Sends what waits. @returns when it is settled or `deadlineMillis` (default 8000) is over. Never rejects. */
  flush(deadlineMillis?: number): Promise<DeliveryResult> {
    return this.#queue.flush(deadlineMillis)
  }

  /** Flushes, then takes no more records. Idempotent, never rejects; what is undelivered then is reported and lost. */
  async close(deadlineMillis?: number): Promise<DeliveryResult> {
    const result = await this.#queue.close(deadlineMillis)
    this.#component.close(this.#measured)
    return result
  }

  /** Records since the start. */
  result(): DeliveryResult {
    return this.#queue.result()
  }

  async forceFlush(): Promise<void> {
    await this.flush()
    await this.#call('forceFlush')
  }

  async shutdown(): Promise<void> {
    await this.close()
    await this.#call('shutdown')
  }

  async #call(method: 'forceFlush' | 'shutdown'): Promise<void> {
    try {
      await runExport(() => this.#exporter[method]?.())
    } catch (error) {
      internalLog('warn', 'exporter', `the exporter's ${method} failed: ${reasonOf(error)}`)
    }
  }
}

function exportBatch(
  exporter: LogRecordExporter,
  batch: readonly QueuedRecord[],
  timeoutMillis: number,
): Promise<DeliveryOutcome> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      const reason = `the exporter did not answer within ${timeoutMillis} ms`
      resolve({ kind: 'retry', reason, errorType: TIMEOUT })
    }, timeoutMillis).unref()
    const settle = (outcome: DeliveryOutcome) => {
      clearTimeout(timer)
      resolve(outcome)
    }
    try {
      exporter.export([...batch] as never[], (result) => settle(outcomeOf(result)))
    } catch (error) {
      settle({ kind: 'refused', divisible: true, reason: reasonOf(error), errorType: errorTypeOf(error) })
    }
  })
}

/** OTLP exporters give the HTTP status or gRPC code as `error.code`, and network errors the system's name for it. */
function outcomeOf({ code, error }: ExportResult): DeliveryOutcome {
  if (code === SUCCESS) return { kind: 'accepted' }
  const reason = reasonOf(error ?? 'the exporter says that it failed')
  const errorType = errorTypeOf(error)
  // A programming error, such as one of the encoder, fails on the same record every time.
  if (error instanceof TypeError || error instanceof RangeError) {
    return { kind: 'refused', divisible: true, reason, errorType }
  }
  const status: unknown = isObject(error) ? error.code : undefined
  if (typeof status !== 'number') return { kind: 'retry', reason, errorType }
  return status <= MAX_GRPC_CODE ? outcomeOfGrpc(status, reason) : outcomeOfHttp(status, reason)
}

/** Of the time and the resource of a record that was not lost. */
function createLossRecord(loss: LossRecord, { hrTimeObserved, resource }: QueuedRecord): QueuedRecord {
  return {
    ...loss,
    hrTime: hrTimeObserved,
    hrTimeObserved,
    droppedAttributesCount: 0,
    instrumentationScope: { name: LOSS_SCOPE },
    resource,
  }
}

async function waitForResource(batch: readonly QueuedRecord[]): Promise<void> {
  const resource = batch[0]?.resource
  if (resource?.asyncAttributesPending === true) await resource.waitForAsyncAttributes?.()
}

/** Close to what the record takes on the wire; exact enough to bound memory. */
function sizeOf({ body, attributes }: QueuedRecord): number {
  return RECORD_BYTES + bytesOf(body) + bytesOf(attributes)
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return ENTRY_BYTES + value.length
  if (typeof value !== 'object' || value === null) return ENTRY_BYTES
  if (value instanceof Uint8Array) return ENTRY_BYTES + value.byteLength
  let bytes = ENTRY_BYTES
  if (Array.isArray(value)) {
    for (const entry of value) bytes += bytesOf(entry)
    return bytes
  }
  for (const key in value) bytes += key.length + bytesOf((value as Record<string, unknown>)[key])
  return bytes
}
