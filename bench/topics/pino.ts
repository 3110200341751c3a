// pino in process: what the bridge, and the instrumentation of OpenTelemetry's contrib, add to a log call.

import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import pino, { type Logger, type LoggerOptions } from 'pino'
import { createPinoStream } from '../../dist/adapters/pino/index.js'
import { adds, type Case, type Contender, type Target, type Topic, type Turn, times } from '../case.ts'
import { peers } from '../peers.ts'
import { BARE, bareEmit, emitting, sdk } from '../providers.ts'
import { bindings, fields4, fields12, MESSAGE } from '../records.ts'
import { turnOf } from '../turns.ts'

const ALONE = 'pino alone'
const OURS = 'otel-log-bridge'
const CONTRIB = 'instrumentation-pino (contrib)'

const nowhere = { write() {} }

const loggers: Record<string, (options: LoggerOptions) => Logger> = {
  [ALONE]: (options) => pino(options, nowhere),
  [OURS]: (options) => pino(options, createPinoStream({ loggerProvider: sdk() })),
  [CONTRIB](options) {
    const { PinoInstrumentation } = peers('@opentelemetry/instrumentation-pino')
    const api = peers('@opentelemetry/api') as { logs: { setGlobalLoggerProvider(provider: unknown): void } }
    api.logs.setGlobalLoggerProvider(sdk())
    const instrumentation = new PinoInstrumentation()
    instrumentation.enable()
    return (peers('pino') as typeof pino)(options, nowhere)
  },
}

interface PinoCase {
  readonly name: string
  readonly fields?: object
  readonly options?: LoggerOptions
  readonly derive?: (logger: Logger) => Logger
  /** Of the bare emit. Default: the fields. */
  readonly attributes?: object
  readonly within?: <T>(fn: () => T) => T
  readonly added?: Target
  /** The whole call, times contrib's. */
  readonly whole: Target
  readonly quick?: boolean
}

function pinoCase(one: PinoCase): Case {
  const { name, fields = fields4, options = {}, derive = (logger) => logger, attributes = fields, quick = true } = one
  const { within = (fn) => fn(), added, whole } = one
  const contender =
    (emits: number, makeCall: () => () => void): Contender =>
    () =>
      within(async (): Promise<Turn> => {
        const turn = await turnOf(emitting(emits, makeCall()))
        return () => within(turn)
      })
  const logging = (make: (options: LoggerOptions) => Logger) => () => {
    const logger = derive(make(options))
    return () => logger.info(fields, MESSAGE)
  }
  const unit = { alone: ALONE, unit: BARE }
  return {
    name,
    contenders: {
      [BARE]: contender(1, () => bareEmit(attributes)),
      ...Object.fromEntries(
        Object.entries(loggers).map(([name, make]) => [name, contender(name === ALONE ? 0 : 1, logging(make))]),
      ),
    },
    figures: [adds(OURS, unit, added), adds(CONTRIB, unit), times(OURS, 'nanos', CONTRIB, whole)],
    quick,
  }
}

function inSpan<T>(fn: () => T): T {
  if (!hasManager) hasManager = context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  return context.with(trace.setSpanContext(ROOT_CONTEXT, SPAN), fn)
}
let hasManager = false
const SPAN = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }

const object = { added: { atMost: 1.35 }, whole: { atMost: 0.6 } }
const line = { added: { atMost: 2.1 }, whole: { atMost: 0.78 } }

export const pinoTopic: Topic = {
  title: 'pino in process',
  about:
    'A log call of pino, by itself (the line goes nowhere), with `createPinoStream` and with `@opentelemetry/instrumentation-pino`, into SDK 3 with a no-op processor. A bare emit is `Logger.emit` of the same record into the same SDK. Redaction, `formatters.log` and `nestedKey` make the bridge read the line instead of the object; contrib always does.',
  cases: [
    pinoCase({ name: '4 fields', ...object }),
    pinoCase({ name: '12 fields', fields: fields12, ...object, quick: false }),
    pinoCase({
      name: 'child with bindings',
      derive: (logger) => logger.child(bindings),
      attributes: { ...bindings, ...fields4 },
      added: { atMost: 1.5 },
      whole: { atMost: 0.6 },
      quick: false,
    }),
    pinoCase({ name: 'line, redact', options: { redact: ['password'] }, ...line }),
    pinoCase({
      name: 'line, formatters.log',
      options: { formatters: { log: (fields) => fields } },
      ...line,
      quick: false,
    }),
    pinoCase({ name: 'line, nestedKey', options: { nestedKey: 'payload' }, ...line, quick: false }),
    pinoCase({ name: '4 fields in a span', within: inSpan, whole: { atMost: 0.5 } }),
  ],
  charts: ['nanos'],
  everyNode: true,
}
