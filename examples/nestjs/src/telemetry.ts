// Tracing, started before anything else is loaded: a span for each request, which continues the caller's trace.

import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { NodeSDK } from '@opentelemetry/sdk-node'

export const sdk = new NodeSDK({
  serviceName: 'shop',
  instrumentations: [new HttpInstrumentation()],
  // Log records go out by a thread of the bridge's own, not through the SDK.
  logRecordProcessors: [],
})
sdk.start()
