// Logs through a thread that exports to standard output, and ends at once.

import { createBridge } from '../../src/index.ts'
import { WorkerLoggerProvider } from '../../src/worker.ts'

process.env.OTEL_LOGS_EXPORTER = 'console'
const bridge = createBridge({ loggerProvider: new WorkerLoggerProvider() })
for (let i = 0; i < 1000; i++) bridge.emit({ body: `record ${i}` })
process.exit(3)
