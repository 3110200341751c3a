// OpenTelemetry's own instrumentations of pino and winston, on before these are loaded, and an SDK that keeps records.

const { logs } = require('@opentelemetry/api')
const { PinoInstrumentation } = require('@opentelemetry/instrumentation-pino')
const { WinstonInstrumentation } = require('@opentelemetry/instrumentation-winston')
const { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs')

/** @returns the records that were emitted so far, by either of them. */
exports.instrument = (config) => {
  for (const Instrumentation of [PinoInstrumentation, WinstonInstrumentation]) new Instrumentation(config).enable()
  const exporter = new InMemoryLogRecordExporter()
  logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }))
  return () => exporter.getFinishedLogRecords()
}
