// LoggerProviders that the contenders log into.

import { createRequire } from 'node:module'
import { ROOT_CONTEXT } from '@opentelemetry/api'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LoggerProviderOptions,
  type LogRecordProcessor,
} from '@opentelemetry/sdk-logs'
import type { DeliveryResult } from '../src/pipeline/delivery-queue.ts'
import { startReceiver } from './receiving.ts'
import { MESSAGE } from './records.ts'
import type { Call } from './turns.ts'

let emitted = 0
/** A processor of our own: the SDK's NoopLogRecordProcessor is never reached. */
const noopProcessor: LogRecordProcessor = {
  onEmit() {
    emitted++
  },
  forceFlush: async () => {},
  shutdown: async () => {},
}

export const BARE = 'bare emit'

export function sdk(options: LoggerProviderOptions = { processors: [noopProcessor] }): LoggerProvider {
  return new LoggerProvider(options)
}

/** That of the generation before: some peers know no other. */
export function olderSdk(): LoggerProvider {
  const older = createRequire(new URL('../test/fixtures/sdk2/package.json', import.meta.url))
  return new (older('@opentelemetry/sdk-logs').LoggerProvider)({ processors: [noopProcessor] })
}

/** The SDK's own way to a collector. Its queue holds a burst: what it drops would cost nothing. */
export async function batchSdk(): Promise<LoggerProvider> {
  const exporter = new OTLPLogExporter({ url: (await startReceiver()).endpoint })
  return sdk({ processors: [new BatchLogRecordProcessor({ exporter, maxQueueSize: 65_536 })] })
}

/** @throws Error where the call does not reach the no-op processor as often as it should: its cost would be that of nothing. */
export function emitting(times: number, call: Call['call']): Call {
  const before = emitted
  call()
  if (emitted - before !== times) throw new Error(`a call has emitted ${emitted - before} records, not ${times}`)
  return { call }
}

/** @throws Error where not everything was delivered: a record that is dropped costs less. */
export async function settled(flushed: Promise<DeliveryResult>): Promise<void> {
  const { dropped, undelivered } = await flushed
  if (dropped + undelivered > 0) throw new Error(`${dropped} records were dropped, ${undelivered} not delivered`)
}

/** What everything is measured in: the record, emitted with no bridge. */
export function bareEmit(attributes: object, provider: Pick<LoggerProvider, 'getLogger'> = sdk()): Call['call'] {
  const logger = provider.getLogger('bench')
  return () =>
    logger.emit({
      timestamp: [1_700_000_000, 0],
      severityNumber: 9,
      severityText: 'info',
      body: MESSAGE,
      attributes: { ...attributes },
      context: ROOT_CONTEXT,
    })
}
