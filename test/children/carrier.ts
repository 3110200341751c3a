// A thread or process that is handed a carrier: by workerData, a message or a variable of the environment. It logs with a
// bridge of its own, under what the carrier says and outside of it, and tells what was bridged, and in which span.

import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { context, trace } from '@opentelemetry/api'
import { createBridge, type SuppressionCarrier, withSuppressionCarrier } from '../../src/index.ts'
import { InMemoryLogRecordExporter, LoggerProvider, simpleProcessor, useContextManager } from '../support/otel.ts'

async function takeCarrier(): Promise<SuppressionCarrier> {
  if (workerData?.carrier !== undefined) return workerData.carrier as SuppressionCarrier
  if (process.env.CARRIER !== undefined) return JSON.parse(process.env.CARRIER) as SuppressionCarrier
  const [message] = await (parentPort === null ? once(process, 'message') : once(parentPort, 'message'))
  return message as SuppressionCarrier
}

if (process.env.CONTEXT_MANAGER !== 'none') useContextManager()
const exporter = new InMemoryLogRecordExporter()
const bridge = createBridge({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(exporter)] }) })
const carrier = await takeCarrier()

const span = await withSuppressionCarrier(carrier, async () => {
  bridge.emit({ body: 'at once' })
  await new Promise((resolve) => setTimeout(resolve, 1))
  bridge.emit({ body: 'after an await' })
  const active = trace.getSpanContext(context.active())
  return active && { ...active, traceState: active.traceState?.serialize() }
})
bridge.emit({ body: 'outside' })

const records = exporter.getFinishedLogRecords().map(({ body, spanContext }) => ({ body, spanId: spanContext?.spanId }))
const report = { records, span }
if (parentPort !== null) parentPort.postMessage(report)
else if (process.send !== undefined) process.send(report)
else process.stdout.write(JSON.stringify(report))
