// A worker thread with a bridge of its own: logs under the suppression that it was handed, then posts what was bridged.

import { parentPort, workerData } from 'node:worker_threads'
import { createBridge, type SuppressionCarrier, withSuppressionCarrier } from '../../src/index.ts'
import { InMemoryLogRecordExporter, LoggerProvider, simpleProcessor } from '../support/otel.ts'

const exporter = new InMemoryLogRecordExporter()
const bridge = createBridge({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(exporter)] }) })
const { carrier } = workerData as { carrier: SuppressionCarrier }

await withSuppressionCarrier(carrier, async () => {
  bridge.emit({ body: 'at once' })
  await new Promise((resolve) => setTimeout(resolve, 1))
  bridge.emit({ body: 'after an await' })
})
bridge.emit({ body: 'outside' })

parentPort?.postMessage(exporter.getFinishedLogRecords().map(({ body }) => body))
