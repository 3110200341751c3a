// An app whose SDK reports its troubles (diag) to the app's own winston logger: an obvious thing to do, and a loop
// wherever the bridge has no guard. Run as a process of its own, since with such a bridge one log call never returns:
//
//   node feedback-app.ts <transport: contrib | ours> <trouble: date | outage>
//
// It prints a FeedbackReport as JSON. SDK of the generation before 3, the only one that the contrib transport speaks.

import { writeSync } from 'node:fs'
import { request } from 'node:http'
import { createRequire } from 'node:module'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { OpenTelemetryTransport } from 'otel-log-bridge/winston'
import winston from 'winston'
import { APP_RECORDS, type FeedbackReport, MAX_RECORDS, MAX_TIME_MS } from './feedback.ts'

const requireSdk2 = createRequire(new URL('../../test/fixtures/sdk2/package.json', import.meta.url))
const { diag, DiagLogLevel } = requireSdk2('@opentelemetry/api') as typeof import('@opentelemetry/api')
const { logs } = requireSdk2('@opentelemetry/api-logs') as typeof import('@opentelemetry/api-logs')
const { OpenTelemetryTransportV3 } = requireSdk2('@opentelemetry/winston-transport') as {
  OpenTelemetryTransportV3: new () => winston.transport
}
const { LoggerProvider, SimpleLogRecordProcessor } = requireSdk2(
  '@opentelemetry/sdk-logs',
) as typeof import('@opentelemetry/sdk-logs')
type LogRecordExporter = import('@opentelemetry/sdk-logs').LogRecordExporter

const [transport, trouble] = process.argv.slice(2)

/** How long before its end the app must be quiet, to be no loop. */
const LAST_LOOK_MS = 200

const started = performance.now()
let logged = 0
let returned = 0
let bridged = 0
let printed = 0

/** Counts what the bridge hands to the SDK, and ends the process at the cap: in a loop nothing else gets a turn. */
const counter = {
  onEmit() {
    bridged++
    if (bridged >= MAX_RECORDS || performance.now() - started > 2 * MAX_TIME_MS) report(true)
  },
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
}

const exporter: LogRecordExporter = {
  export(_records, done) {
    if (trouble === 'date') done({ code: 0 })
    else post('http://127.0.0.1:1/v1/logs', (error) => done({ code: 1, error }))
  },
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
}

logs.setGlobalLoggerProvider(
  new LoggerProvider({ processors: [counter, new SimpleLogRecordProcessor({ exporter })] }) as never,
)

const logger = winston.createLogger({
  ...(trouble === 'date' && { defaultMeta: { startedAt: new Date() } }),
  transports: [
    new winston.transports.Stream({ stream: countingStream() }),
    transport === 'contrib' ? new OpenTelemetryTransportV3() : new OpenTelemetryTransport(),
  ],
})

diag.setLogger(
  {
    error: (message) => logger.error(message),
    warn: (message) => logger.warn(message),
    info: (message) => logger.info(message),
    debug: (message) => logger.debug(message),
    verbose: (message) => logger.silly(message),
  },
  { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
)

for (let number = 1; number <= APP_RECORDS; number++) {
  logged++
  logger.info(`order ${number} received`)
  returned++
}
await sleep(MAX_TIME_MS - LAST_LOOK_MS)
const before = bridged
await sleep(LAST_LOOK_MS)
report(bridged > before)

function report(looping: boolean): never {
  const result: FeedbackReport = { logged, returned, bridged, printed, looping }
  writeSync(1, JSON.stringify(result))
  process.exit()
}

/** Nothing listens at the port: the collector is down. */
function post(url: string, done: (error: Error) => void): void {
  request(url, { method: 'POST' }).once('error', done).end()
}

/** Stands for the app's console or log file. */
function countingStream(): Writable {
  return new Writable({
    write(_line, _encoding, callback) {
      printed++
      callback()
    },
  })
}
