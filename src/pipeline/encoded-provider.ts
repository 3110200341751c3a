// A LoggerProvider without an SDK: a record is encoded where it is emitted, and what waits in the queue is what will be
// sent. That bounds the queue to the byte, and a record that cannot be encoded costs nobody else.

import { ROOT_CONTEXT } from '@opentelemetry/api'
import type { Logger, LoggerProvider, LogRecord } from '../provider.ts'
import { hrTimeOfMillis } from '../time.ts'
import type { DeliveryOutcome } from './delivery-queue.ts'
import type { EncodedRecord, LogsEncoding, Resource, Scope } from './otlp-record.ts'
import { LOSS_SCOPE, type QueueOptions, RecordQueue } from './record-queue.ts'

/** Of a record in the queue, besides its bytes. */
const RECORD_BYTES = 160
/** Several exports under way at once; records of one logger stay in order. */
const LANES = 4

export interface EncodedLogger extends Logger {
  /** Takes a record in the encoding of its provider. */
  emitEncoded(bytes: Buffer): void
}

export class EncodedLoggerProvider implements LoggerProvider {
  readonly #encoding: LogsEncoding
  readonly queue: RecordQueue<EncodedRecord>

  /** @param send is given an ExportLogsServiceRequest. */
  constructor(
    encoding: LogsEncoding,
    resource: Resource,
    send: (request: Buffer) => Promise<DeliveryOutcome>,
    options: QueueOptions,
  ) {
    this.#encoding = encoding
    this.queue = new RecordQueue<EncodedRecord>(
      {
        deliver: (batch) => send(encoding.joinRecords(resource, batch)),
        createLossRecord(loss) {
          const now = hrTimeOfMillis(Date.now())
          const record = { ...loss, timestamp: now, observedTimestamp: now, context: ROOT_CONTEXT }
          return { scope: { name: LOSS_SCOPE }, bytes: encoding.encodeRecord(record) }
        },
        lanes: LANES,
      },
      options,
    )
  }

  getLogger(name: string, version?: string, options?: { schemaUrl?: string }): EncodedLogger {
    const scope: Scope = { name, version, schemaUrl: options?.schemaUrl }
    const emitEncoded = (bytes: Buffer) => this.queue.add({ scope, bytes }, RECORD_BYTES + bytes.length, name)
    const emit = (record: LogRecord) => emitEncoded(this.#encoding.encodeRecord(record))
    return { takesBigInt: true, emit, emitEncoded }
  }
}
