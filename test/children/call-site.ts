// Logs from all sorts of places with `code: true`, then prints as JSON what each record was given. The test looks for the
// places in this file, by the messages.

import pino from 'pino'
import winston from 'winston'
import TransportStream from 'winston-transport'
import { createPinoStream, otelMixin } from '../../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { createBridge, withLogsSuppressed } from '../../src/index.ts'

const records: Record<string, object> = {}
const loggerProvider = {
  getLogger: () => ({
    emit({ body, attributes }: { body?: unknown; attributes: object }) {
      records[String(body)] = attributes
    },
    enabled: ({ severityNumber }: { severityNumber?: number }) => severityNumber !== 5,
  }),
}
const options = { loggerProvider, code: true }

// Capturing is counted, and the app's own way with stack traces noted.
const { captureStackTrace } = Error
let captured = 0
Error.captureStackTrace = (...of) => {
  captured++
  captureStackTrace(...of)
}
let prepared = 0
const prepareStackTrace = (error: Error) => {
  prepared++
  return `prepared ${error.message}`
}
Error.prepareStackTrace = prepareStackTrace

const logger = pino({ name: 'shop', level: 'trace' }, createPinoStream(options))
logger.info('pino: code of the module')
class Orders {
  readonly #log = logger
  place() {
    this.#log.info({ a: 1 }, 'pino: a method')
  }
  static open() {
    logger.warn('pino: a static method')
  }
  async later() {
    await null
    logger.info('pino: behind an await')
  }
}
new Orders().place()
Orders.open()
await new Orders().later()
logger.child({ b: 1 }).error('pino: a child')
logger.fatal('pino: fatal')
const hooked = pino(
  {
    hooks: {
      logMethod(args, method) {
        method.apply(this, args)
      },
    },
  },
  createPinoStream(options),
)
hooked.info('pino: through a hook')
const kept = logger.info.bind(logger)
logger.level = 'debug'
kept('pino: by a method that the logger has replaced')
for (const _ of [1]) ['pino: by an array'].forEach(kept)
pino({}, pino.multistream([{ stream: createPinoStream(options) }])).info('pino: multistream')
const custom = pino({ customLevels: { audit: 35 } }, createPinoStream(options))
custom.audit('pino: a level of its own')
const order = {
  get nested() {
    logger.error('pino: a getter')
    return 1
  },
}
logger.info(order, 'pino: with a getter')
await new Promise<void>((resolve) =>
  setTimeout(function onTimer() {
    logger.info('pino: in a timer')
    resolve()
  }, 1),
)
const lines: string[] = []
const mixed = pino({ mixin: otelMixin({ code: true }) }, { write: (line: string) => void lines.push(line) })
function mixing() {
  mixed.info('pino: by the mixin')
}
mixing()
const { msg, ...ofMixin } = JSON.parse(lines[0] ?? '{}')
records[msg] = Object.fromEntries(Object.entries(ofMixin).filter(([key]) => key.startsWith('code.')))

const preparedByPino = prepared

const wlogger = winston.createLogger({ transports: [new OpenTelemetryTransport(options)] })
wlogger.info('winston: one argument')
wlogger.info('winston: two arguments', { a: 1 })
wlogger.log('info', 'winston: log')
wlogger.log({ level: 'info', message: 'winston: log of an object' })
wlogger.write({ level: 'info', message: 'winston: write' })
wlogger.child({ c: 1 }).warn('winston: a child')
const timer = wlogger.startTimer()
timer.done({ message: 'winston: a timer' })
class Stalled extends TransportStream {
  override log(): void {}
}
const stalled = winston.createLogger({
  transports: [new Stalled(), new OpenTelemetryTransport(options)],
})
for (let i = 0; i < 40; i++) stalled.info('winston: held up')
const other = new OpenTelemetryTransport(options)
other.log({ level: 'info', message: 'winston: nobody called a logger' })

const bridge = createBridge(options)
function emitting() {
  bridge.emit({ body: 'bridge: emit' })
}
emitting()

// No file, or none of the app's.
new Function('logger', "logger.info('eval: made of a text')")(logger)
const catching = winston.createLogger({
  exitOnError: false,
  transports: [new OpenTelemetryTransport({ ...options, handleExceptions: true })],
})
const thrown = new Promise((resolve) => process.once('uncaughtException', resolve))
setImmediate(() => {
  throw new Error('thrown')
})
await thrown
catching.close()

// What stays behind, or has the option off, costs nothing.
captured = 0
logger.debug('not wanted')
withLogsSuppressed(() => logger.info('suppressed'))
pino({}, createPinoStream({ ...options, exclude: ['*'] })).info('filtered')
pino({}, createPinoStream({ loggerProvider })).info('off')
createBridge({ loggerProvider }).emit({ body: 'off' })
const capturedInVain = captured

// The app's settings are as they were.
const settings: unknown[] = [preparedByPino, Error.prepareStackTrace === prepareStackTrace, Error.stackTraceLimit]
for (const limit of [0, 1, undefined]) {
  ;(Error as { stackTraceLimit: number | undefined }).stackTraceLimit = limit
  logger.info(`limit: ${limit}`)
  settings.push(Error.stackTraceLimit)
}
Object.freeze(Error)
logger.info('limit: frozen')

process.stdout.write(JSON.stringify({ records, capturedInVain, settings }))
