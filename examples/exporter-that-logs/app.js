// Logs one line and flushes ten times, as an app does at the end of each job. A flush is no log call: only that the
// exporter is a suppressedExporter tells that what it logs comes from exporting.

import { logs } from '@opentelemetry/api'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { suppressedExporter } from 'otel-log-bridge'
import { ArchiveExporter } from './archive-exporter.js'
import { logger } from './logger.js'

const JOBS = 10

const exporter = new ArchiveExporter()
const isGuarded = !process.argv.includes('--unguarded')
const loggerProvider = new LoggerProvider({
  processors: [new BatchLogRecordProcessor({ exporter: isGuarded ? suppressedExporter(exporter) : exporter })],
})
logs.setGlobalLoggerProvider(loggerProvider)

logger.info('the line of the app')
for (let job = 0; job < JOBS; job++) await loggerProvider.forceFlush()

const { archived } = exporter
console.log(`${archived.length} in the archive after ${JOBS} flushes, ${new Set(archived).size} of them different`)
