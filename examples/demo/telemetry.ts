// The OpenTelemetry SDK of the app, as any app sets it up: spans, and log records exported over OTLP/HTTP.

import { context, logs, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { TracerProvider } from '@opentelemetry/sdk-trace'

export interface Telemetry {
  /** Sends what is left, and stops. */
  shutdown(): Promise<void>
}

export function startTelemetry(endpoint: string): Telemetry {
  // The exporter below reads these, and so does the worker thread that pino's records are exported from.
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = endpoint
  process.env.OTEL_EXPORTER_OTLP_PROTOCOL = 'http/json'
  process.env.OTEL_SERVICE_NAME = 'shop'

  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(new TracerProvider())
  const loggerProvider = new LoggerProvider({
    processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
  })
  logs.setGlobalLoggerProvider(loggerProvider)

  return { shutdown: () => loggerProvider.shutdown() }
}
