// A burst into the processor of the app's own SDK, then a signal that nobody handles.

import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import { BufferedLogRecordProcessor } from '../../src/processor.ts'

const processor = new BufferedLogRecordProcessor({ exporter: new OTLPLogExporter() })
const logger = new LoggerProvider({ processors: [processor] }).getLogger('app')
for (let i = 0; i < 5000; i++) logger.emit({ body: `record ${i}` })
process.kill(process.pid, 'SIGTERM')
