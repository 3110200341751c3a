// An app that logs numbered records in one form, configured by the environment alone; then it flushes, tells and ends.

import { writeSync } from 'node:fs'
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import { createPinoStream, createPinoTransport, otelMixin } from 'otel-log-bridge/pino'
import { BufferedLogRecordProcessor } from 'otel-log-bridge/processor'
import { OpenTelemetryTransport } from 'otel-log-bridge/winston'
import { WorkerLoggerProvider } from 'otel-log-bridge/worker'
import pino from 'pino'
import winston from 'winston'
import { type Logged, loggedAs } from './records.ts'

export const FORMS = ['transport', 'target', 'pino-worker', 'winston-worker', 'pino-sdk', 'winston-sdk'] as const
export type Form = (typeof FORMS)[number]

export interface AppOrder {
  readonly form: Form
  readonly records: number
  /** Default: all at once, but for a turn of the event loop after each 1000. */
  readonly perSecond?: number
}

export interface Outcome {
  readonly delivered: number
  readonly dropped: number
  readonly undelivered: number
}

/** Longer than the default: what arrives is asked, not how soon. */
const DEADLINE_MS = 120_000
export const NAME = 'shop'

type Log = (logged: Logged) => void
interface Opened {
  readonly log: Log
  /** The plain target has no end on the main thread that could tell. */
  close(): Promise<Outcome | undefined>
}

function throughPino(options: pino.LoggerOptions, destination?: pino.DestinationStream): Log {
  const settings = { name: NAME, level: 'debug', ...options }
  const logger = destination === undefined ? pino(settings) : pino(settings, destination)
  return ({ level, fields, message }) => logger[level](fields, message)
}

function throughWinston(
  loggerProvider: WorkerLoggerProvider | LoggerProvider,
): Opened['log'] & { end(): Promise<void> } {
  const transports = [new OpenTelemetryTransport({ loggerProvider: loggerProvider as never, scopeName: NAME })]
  const logger = winston.createLogger({ level: 'debug', transports })
  const log: Log = ({ level, fields, message }) => void logger.log(level, message, fields)
  return Object.assign(log, {
    end() {
      const finished = new Promise<void>((resolve) => logger.once('finish', () => resolve()))
      logger.end()
      return finished
    },
  })
}

const forms: Record<Form, () => Opened> = {
  transport() {
    const transport = createPinoTransport()
    return { log: throughPino({}, transport), close: () => transport.close(DEADLINE_MS) }
  },
  target() {
    const transport = pino.transport({ target: 'otel-log-bridge/pino' })
    return {
      log: throughPino({ mixin: otelMixin() }, transport),
      close: () =>
        new Promise((resolve) => {
          // pino's thread keeps no process alive.
          const alive = setInterval(() => {}, 1000)
          transport.once('close', () => {
            clearInterval(alive)
            resolve(undefined)
          })
          transport.end()
        }),
    }
  },
  'pino-worker'() {
    const loggerProvider = new WorkerLoggerProvider()
    return {
      log: throughPino({}, createPinoStream({ loggerProvider })),
      close: () => loggerProvider.close(DEADLINE_MS),
    }
  },
  'winston-worker'() {
    const loggerProvider = new WorkerLoggerProvider()
    const log = throughWinston(loggerProvider)
    return { log, close: () => log.end().then(() => loggerProvider.close(DEADLINE_MS)) }
  },
  'pino-sdk'() {
    const { processor, loggerProvider } = ownSdk()
    const destination = createPinoStream({ loggerProvider: loggerProvider as never })
    return { log: throughPino({}, destination), close: () => processor.close(DEADLINE_MS) }
  },
  'winston-sdk'() {
    const { processor, loggerProvider } = ownSdk()
    const log = throughWinston(loggerProvider)
    return { log, close: () => log.end().then(() => processor.close(DEADLINE_MS)) }
  },
}

function ownSdk() {
  const processor = new BufferedLogRecordProcessor({ exporter: new OTLPLogExporter() as never })
  return { processor, loggerProvider: new LoggerProvider({ processors: [processor as never] }) }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

async function run({ form, records, perSecond }: AppOrder): Promise<void> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const { log, close } = forms[form]()
  const beganAt = performance.now()
  for (let number = 0; number < records; number++) {
    const logged = loggedAs(number)
    const { traceId, spanId } = logged
    if (traceId === undefined || spanId === undefined) log(logged)
    else context.with(trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1 }), () => log(logged))
    if (number % 1000 === 999) await turn()
    while (perSecond !== undefined && (number * 1000) / perSecond > performance.now() - beganAt) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const outcome = await close()
  writeSync(1, `${JSON.stringify(outcome ?? null)}\n`)
}

if (process.argv[2] !== undefined && import.meta.main) await run(JSON.parse(process.argv[2]) as AppOrder)
