// The OTel SDK of the generation that the suite runs with: the packages' names are mapped in vitest.config.ts.

import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordExporter,
  type LogRecordProcessor,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs'
import { TracerProvider } from '@opentelemetry/sdk-trace'

export type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
export { InMemoryLogRecordExporter } from '@opentelemetry/sdk-logs'
export { AsyncLocalStorageContextManager, LoggerProvider, type LogRecordExporter, TracerProvider }

/** 3: logs of `@opentelemetry/api` 1.10. 2: logs of `@opentelemetry/api-logs`. */
export const generation = 'logs' in api ? 3 : 2

const { logs } = generation === 3 ? api : await import('@opentelemetry/api-logs')

export { logs }

export const simpleProcessor = (exporter: LogRecordExporter): LogRecordProcessor =>
  new SimpleLogRecordProcessor({ exporter })

export const batchProcessor = (exporter: LogRecordExporter, scheduledDelayMillis: number): LogRecordProcessor =>
  new BatchLogRecordProcessor({ exporter, scheduledDelayMillis })

/** Registers a context manager for one test. @returns what takes it off again. */
export function useContextManager(): () => void {
  const manager = new AsyncLocalStorageContextManager().enable()
  api.context.setGlobalContextManager(manager)
  return () => {
    api.context.disable()
    manager.disable()
  }
}
