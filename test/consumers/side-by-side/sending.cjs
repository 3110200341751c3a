const assert = require('node:assert/strict')
const { instrument } = require('./contrib.cjs')

const records = instrument({})
const { setInternalLogSink } = require('otel-log-bridge')
const { createPinoStream, createPinoTransport, otelMixin } = require('otel-log-bridge/pino')
const { OpenTelemetryTransport } = require('otel-log-bridge/winston')
const pino = require('pino')
const winston = require('winston')

const [library, form] = process.argv.slice(2)
const said = []
setInternalLogSink(({ kind, message }) => said.push(`${kind}: ${message}`))

const forms = {
  createPinoStream: () => pino({}, createPinoStream()),
  createPinoTransport: () => pino({}, createPinoTransport()),
  target: () => pino({ mixin: otelMixin(), transport: { target: 'otel-log-bridge/pino' } }),
}
const create = {
  pino: () => forms[form](),
  winston: () => winston.createLogger({ transports: [new OpenTelemetryTransport()] }),
}[library]
for (let i = 0; i < 2; i++) create().info('logged')

// What contrib's transport for winston sends goes to the API of the generation before.
assert.equal(records().length, form === 'createPinoStream' ? 4 : 2)
assert.equal(said.length, 1)
assert.match(said[0], new RegExp(`^duplicate-route: @opentelemetry/instrumentation-${library} sends`))
