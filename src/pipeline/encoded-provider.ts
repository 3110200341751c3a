// A LoggerProvider without an SDK: a record is encoded where it is emitted, and what waits in the queue is what will be
// sent. That bounds the queue to the byte, and a record that cannot be encoded costs nobody else.

import { ROOT_CONTEXT } from '@opentelemetry/api'
import type { Logger, LoggerProvider, LogRecord } from '../provider.ts'
import { hrTimeOfMillis } from '../time.ts'
import type { ExportDuration } from './counts.ts'
import type { DeliveryOutcome } from './delivery-queue.ts'
import type { EncodedRecord, LogsEncoding, Resource, Scope } from './otlp-record.ts'
import { LOSS_SCOPE, type QueueOptions, RecordQueue } from './record-queue.ts'

/** Of a record in the queue, besides its bytes. */
const RECORD_BYTES = 160
/** Several exports under way at once; records of one logger stay in order. */
const LANES = 4

/** A record that knows how to encode itself, in OTLP's protobuf encoding. */
export interface Encodable {
  encode(scope: Scope): EncodedRecord
}

export interface EncodedLogger extends Logger {
  /** Only where its provider's encoding is that of `record`. */
  emitEncodable(record: Encodable): void
}

export class EncodedLoggerProvider implements LoggerProvider {
  readonly #encoding: LogsEncoding
  readonly queue: RecordQueue<EncodedRecord>

  /**
   * @param send is given an ExportLogsServiceRequest.
   * @param onExported is told of each export, with all its attempts.
   */
  constructor(
    encoding: LogsEncoding,
    resource: Resource,
    send: (request: Buffer) => Promise<DeliveryOutcome>,
    options: QueueOptions,
    onExported?: (duration: ExportDuration) => void,
  ) {
    this.#encoding = encoding
    this.queue = new RecordQueue<EncodedRecord>(
      {
        deliver: (batch) => send(encoding.joinRecords(resource, batch)),
        createLossRecord(loss) {
          const now = hrTimeOfMillis(Date.now())
          const record = { ...loss, timestamp: now, observedTimestamp: now, context: ROOT_CONTEXT }
          return encoding.encodeRecord(record, { name: LOSS_SCOPE })
        },
        lanes: LANES,
        onExported,
      },
      options,
    )
  }

  getLogger(name: string, version?: string, options?: { schemaUrl?: string }): EncodedLogger {
    const scope: Scope = { name, version, schemaUrl: options?.schemaUrl }
    const { queue } = this
    const encoding = this.#encoding
    const add = (record: EncodedRecord) => queue.add(record, RECORD_BYTES + record.end - record.start, name)
    return {
      takesBigInt: true,
      emit: (record: LogRecord) => add(encoding.encodeRecord(record, scope)),
      emitEncodable: (record) => add(record.encode(scope)),
    }
  }
}
