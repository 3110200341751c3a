// The fields that contrib injects say what the record's own trace context says: they are not its attributes, too.

const assert = require('node:assert/strict')
const { context, ROOT_CONTEXT, trace } = require('@opentelemetry/api')
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks')
const { instrument } = require('./contrib.cjs')

const records = instrument({ disableLogSending: true })
const { setInternalLogSink } = require('otel-log-bridge')
const { createPinoStream } = require('otel-log-bridge/pino')
const { OpenTelemetryTransport } = require('otel-log-bridge/winston')
const pino = require('pino')
const winston = require('winston')

const said = []
setInternalLogSink(({ message }) => said.push(message))
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }
const lines = []
const stdout = { write: (line) => lines.push(JSON.parse(line)) }
context.with(trace.setSpanContext(ROOT_CONTEXT, span), () => {
  pino({}, pino.multistream([{ stream: createPinoStream() }, { stream: stdout }])).info({ a: 1 }, 'logged')
  winston.createLogger({ transports: [new OpenTelemetryTransport()] }).info('logged', { a: 1 })
})

assert.equal(lines[0].trace_id, span.traceId)
assert.deepEqual(
  records().map(({ body, attributes, spanContext }) => [body, attributes, spanContext.traceId]),
  [
    ['logged', { a: 1 }, span.traceId],
    ['logged', { a: 1 }, span.traceId],
  ],
)
assert.deepEqual(said, [])
