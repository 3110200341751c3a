// What contrib's bridges make of a record is what ours makes of it, but for the differences that docs/migration.md lists.

const assert = require('node:assert/strict')
const api = require('@opentelemetry/api')
const { PinoInstrumentation } = require('@opentelemetry/instrumentation-pino')

new PinoInstrumentation({ disableLogCorrelation: true }).enable()
const { setInternalLogSink } = require('otel-log-bridge')
const { createPinoStream } = require('otel-log-bridge/pino')
const { OpenTelemetryTransport } = require('otel-log-bridge/winston')
const { OpenTelemetryTransportV3 } = require('@opentelemetry/winston-transport')
const apiLogs = require('@opentelemetry/api-logs')
const pino = require('pino')
const winston = require('winston')

setInternalLogSink(() => {})

/** A LoggerProvider that keeps what is emitted, as far as the two are to agree. */
function keep() {
  const records = []
  const emit = ({ severityNumber, severityText, body, eventName, attributes }) => {
    const { name, pid, hostname, err, error, timestamp: _time, ...fields } = attributes
    const own = Object.entries(fields).filter(([key]) => !key.startsWith('exception.'))
    records.push({ severityNumber, severityText, body, eventName, attributes: Object.fromEntries(own) })
  }
  return { records, provider: { getLogger: () => ({ emit, enabled: () => true }) } }
}

const theirs = keep()
const ours = keep()
api.logs.setGlobalLoggerProvider(theirs.provider)
apiLogs.logs.setGlobalLoggerProvider(theirs.provider)
const { provider: loggerProvider } = ours

const fields = { orderId: 17, items: ['book', { title: 'pen' }], paid: true, note: null, ratio: 1.5 }
const customLevels = { low: 15, low2: 25, between: 35, odd: 45, high: 55, beyond: 65, far: 70, further: 1000 }

const pinoCases = [
  [{ level: 'trace' }, (logger) => Object.keys(logger.levels.values).map((level) => logger[level](fields, level))],
  [{ level: 'trace', customLevels }, (logger) => Object.keys(customLevels).map((level) => logger[level](level))],
  [{ name: 'shop' }, (logger) => logger.child({ request: 'a1' }).info(fields, 'order %s', 'placed')],
  [{ messageKey: 'message' }, (logger) => logger.info(fields, 'order placed')],
  [{ redact: ['orderId'] }, (logger) => logger.info(fields, 'order placed')],
  [{ timestamp: pino.stdTimeFunctions.isoTime }, (logger) => logger.info(fields, 'order placed')],
  [{ timestamp: pino.stdTimeFunctions.unixTime }, (logger) => logger.info(fields, 'order placed')],
  [{ timestamp: false }, (logger) => logger.info(fields, 'order placed')],
  [{}, (logger) => logger.info({ 'otel.event.name': 'order.placed', ...fields })],
  [{}, (logger) => logger.error(new TypeError('declined'))],
  [{}, (logger) => logger.info({ msg: { an: 'object' } })],
]
for (const [options, log] of pinoCases) log(pino(options, createPinoStream({ loggerProvider })))

const { npm } = winston.config
const { verbose, ...cli } = winston.config.cli.levels
const otel = { fatal: 0, error: 1, warn: 2, info: 3, debug: 4, trace: 5 }
for (const levels of [npm.levels, cli, otel]) {
  const transports = [new OpenTelemetryTransportV3(), new OpenTelemetryTransport({ loggerProvider })]
  const level = Object.keys(levels).at(-1)
  for (const format of [
    winston.format.json(),
    winston.format.combine(winston.format.splat(), winston.format.simple()),
  ]) {
    const logger = winston.createLogger({ levels, level, format, transports })
    for (const name of Object.keys(levels)) logger.log(name, `at ${name}`, { ...fields })
    logger.info('a number: %d', 5)
    logger.info({ message: 'an object', 'otel.event.name': 'order.placed', ...fields })
    logger.child({ request: 'a1' }).info('by a child')
    logger.info('failed', { error: new TypeError('declined') })
  }
}

assert.ok(ours.records.length > 60, String(ours.records.length))
for (const [number, record] of ours.records.entries()) assert.deepEqual(record, theirs.records[number])
assert.equal(ours.records.length, theirs.records.length)
