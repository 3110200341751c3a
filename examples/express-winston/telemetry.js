// The OpenTelemetry SDK of the app, for spans and logs, started before anything else is loaded.

import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { BufferedLogRecordProcessor } from 'otel-log-bridge/processor'

export const sdk = new NodeSDK({
  serviceName: 'shop',
  instrumentations: [new HttpInstrumentation()],
  // In the place of BatchLogRecordProcessor: bounded in bytes, not by 2048 records, and it retries.
  logRecordProcessors: [new BufferedLogRecordProcessor({ exporter: new OTLPLogExporter() })],
})
sdk.start()
