// A LoggerProvider whose records are exported from a thread of its own: any adapter's `loggerProvider`, or the app's
// global one in either API generation.

import { type Context, context as contextApi, isSpanContextValid, trace } from '@opentelemetry/api'
import { dropListener, type OnDrop } from '../drop.ts'
import { internalLog, reasonOf } from '../internal-logger.ts'
import { isWithin, type RecordLimits, resolveLimits } from '../limits.ts'
import { aFunction, aLimit, checkOptions, isObject, type OptionChecks } from '../options.ts'
import type { Logger, LoggerProvider, LogRecord } from '../provider.ts'
import { cleanValues, severityOf } from '../record.ts'
import { hrTimeOf, hrTimeOfMillis } from '../time.ts'
import { dropReasonOf } from './counts.ts'
import type { DeliveryResult } from './delivery-queue.ts'
import { DEFAULT_MAX_MAIN_BYTES, ExportThread } from './export-thread.ts'
import { type ExportOptions, exportOptionChecks } from './owned-pipeline.ts'
import { type PackedReading, packLine } from './packed-line.ts'
import { packRecord, type RecordLine } from './record-line.ts'
import { threadFile } from './thread-file.ts'

export interface WorkerLoggerProviderOptions extends ExportOptions {
  /** Records below this severity number (1 to 24) are not wanted. Default: all are. */
  readonly minimumSeverity?: number
  /** What one record may hold; see {@link RecordLimits} for units and defaults. */
  readonly limits?: Partial<RecordLimits>
  /** Bytes of records that wait on the main thread while the export thread is slow or gone. Default 64 MiB. */
  readonly maxMainBytes?: number
  /**
   * Told by their number of records that the queue or the collector did not take (`overflow`, `failed`), or that were lost
   * with the thread (`failed`).
   */
  readonly onDrop?: OnDrop
}

const optionChecks: OptionChecks<WorkerLoggerProviderOptions> = {
  ...exportOptionChecks,
  minimumSeverity: (value) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 24
      ? undefined
      : 'a severity number, 1 to 24',
  limits: (value) => (isObject(value) ? undefined : 'an object of limits'),
  maxMainBytes: aLimit,
  onDrop: aFunction,
}

/** A record as the API's `Logger.emit` takes it, of either generation. */
export interface EmittedRecord {
  readonly timestamp?: unknown
  readonly observedTimestamp?: unknown
  readonly severityNumber?: number
  readonly severityText?: string
  readonly body?: unknown
  readonly attributes?: object
  readonly eventName?: string
  readonly exception?: unknown
  readonly context?: Context
  /** What the bridge has dropped; an SDK's own field of a finished record. */
  readonly droppedAttributesCount?: number
}

/** Where {@link WorkerLoggerProvider} has its Loggers from. */
interface LoggerSettings {
  readonly thread: ExportThread
  readonly minimumSeverity: number
  readonly limits: RecordLimits
}

export class WorkerLoggerProvider implements LoggerProvider {
  readonly #settings: LoggerSettings
  #isShutDown = false

  /** @throws TypeError for a wrong or unknown option. */
  constructor(options?: WorkerLoggerProviderOptions) {
    const owner = 'WorkerLoggerProvider'
    const {
      minimumSeverity = 0,
      limits,
      maxMainBytes = DEFAULT_MAX_MAIN_BYTES,
      onDrop,
      ...workerData
    } = checkOptions(owner, options, optionChecks)
    const drops = dropListener(onDrop)
    const filename = threadFile(import.meta.url, 'record-target', 'otel-log-bridge/worker')
    const thread = new ExportThread({
      component: 'WorkerLoggerProvider',
      linesAreRecords: true,
      onDropped: drops && ((errorType, records) => drops.tell(dropReasonOf(errorType), records)),
      filename,
      workerData,
      maxMainBytes,
      onReport() {},
      onGone() {},
    })
    this.#settings = { thread, minimumSeverity, limits: resolveLimits(owner, limits) }
  }

  getLogger(name: string, version?: string, options?: { schemaUrl?: string }): WorkerLogger {
    return new WorkerLogger({ name, version, schemaUrl: options?.schemaUrl }, this.#settings, () => this.#isShutDown)
  }

  /** Sends what waits. @returns what became of the records, after `deadlineMillis` (8000) at most. Never rejects. */
  flush(deadlineMillis?: number): Promise<DeliveryResult> {
    return this.#settings.thread.flush(deadlineMillis)
  }

  /** Flushes, then ends the thread. @returns what became of the records. Idempotent, never rejects. */
  close(deadlineMillis?: number): Promise<DeliveryResult> {
    this.#isShutDown = true
    return this.#settings.thread.close(deadlineMillis)
  }

  async forceFlush(): Promise<void> {
    await this.flush()
  }

  async shutdown(): Promise<void> {
    await this.close()
  }
}

class WorkerLogger implements Logger {
  readonly takesBigInt = true
  readonly #scope: RecordLine['scope']
  readonly #settings: LoggerSettings
  readonly #isShutDown: () => boolean

  constructor(scope: RecordLine['scope'], settings: LoggerSettings, isShutDown: () => boolean) {
    this.#scope = scope
    this.#settings = settings
    this.#isShutDown = isShutDown
  }

  /** Hands the record to the thread. Never throws, never waits. */
  emit(record: EmittedRecord): void {
    try {
      if (!this.enabled(record)) return
      // Read once: each may be an accessor.
      const { severityText, body, attributes, exception, eventName } = record
      const given = { severityText, body, attributes, exception, eventName }
      const { droppedAttributesCount, isPlain, ...values } = cleanValues(given, this.#settings.limits, this.takesBigInt)
      const observedTimestamp = hrTimeOf(record.observedTimestamp) ?? hrTimeOfMillis(Date.now())
      const line = {
        scope: this.#scope,
        timestamp: hrTimeOf(record.timestamp) ?? observedTimestamp,
        observedTimestamp,
        severityNumber: severityOf(record.severityNumber),
        ...values,
        droppedAttributesCount: droppedAttributesCount + (record.droppedAttributesCount ?? 0) || undefined,
        span: spanOf(record.context ?? contextApi.active()),
      }
      this.#write(packRecord(line, isPlain))
    } catch (error) {
      internalLog('error', 'record-failed', `a record could not be exported: ${reasonOf(error)}`)
    }
  }

  emitClean(record: LogRecord, limits: RecordLimits): void {
    if (!isWithin(limits, this.#settings.limits)) {
      this.emit(record)
      return
    }
    const { isPlain = false, context, ...facts } = record
    this.#write(packRecord({ ...facts, scope: this.#scope, span: spanOf(context) }, isPlain))
  }

  emitLine(line: string, { text, limits }: PackedReading, context: Context): boolean {
    if (!isWithin(limits, this.#settings.limits)) return false
    this.#write(`${text}${packLine(line, context)}`)
    return true
  }

  enabled(facts?: { severityNumber?: number }): boolean {
    const severityNumber = facts?.severityNumber ?? 0
    return !this.#isShutDown() && (severityNumber === 0 || severityNumber >= this.#settings.minimumSeverity)
  }

  #write(line: string): void {
    const refused = this.#settings.thread.write(line)
    if (refused === 'full') internalLog('error', 'main-full', '1 record dropped: the export thread does not keep up')
  }
}

function spanOf(context: Context): RecordLine['span'] {
  const span = trace.getSpanContext(context)
  if (span === undefined || !isSpanContextValid(span)) return undefined
  return { traceId: span.traceId, spanId: span.spanId, traceFlags: span.traceFlags }
}
