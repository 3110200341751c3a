// One contender of one case, in a process of its own: `node bench/in-process.ts <case> <contender>` prints nanoseconds of
// CPU time and bytes of a call as JSON. Where code is compiled for several contenders at once none of them runs as it does alone.

import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { logs as olderLogs } from '@opentelemetry/api-logs'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { LoggerProvider, type LogRecordProcessor } from '@opentelemetry/sdk-logs'
import { OpenTelemetryTransportV3 } from '@opentelemetry/winston-transport'
import pino, { type Logger } from 'pino'
import winston from 'winston'
import TransportStream from 'winston-transport'
import { createPinoStream } from '../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../adapters/winston/index.ts'
import { createBridge } from '../src/index.ts'
import { bindings, fields4, fields12, MESSAGE } from './records.ts'

export interface Measured {
  readonly nanos: number
  readonly bytes: number
}

type Call = () => void

/** A processor of our own: the SDK's NoopLogRecordProcessor is never reached. */
let emitted = 0
const processor: LogRecordProcessor = {
  onEmit() {
    emitted++
  },
  forceFlush: async () => {},
  shutdown: async () => {},
}
const sdk = () => new LoggerProvider({ processors: [processor] })
const SPAN = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }

function bare(attributes: object): Call {
  const logger = sdk().getLogger('bench')
  return () =>
    logger.emit({
      timestamp: [1_700_000_000, 0],
      severityNumber: 9,
      severityText: 'info',
      body: MESSAGE,
      attributes: { ...attributes },
      context: ROOT_CONTEXT,
    })
}

interface PinoCase {
  readonly fields: object
  readonly options?: pino.LoggerOptions
  readonly derive?: (logger: Logger) => Logger
  /** Of the bare emit. */
  readonly attributes?: object
  readonly inSpan?: boolean
}

const pinoCases: Record<string, PinoCase> = {
  'pino, 4 fields': { fields: fields4 },
  'pino, 12 fields': { fields: fields12 },
  'pino, child with bindings': {
    fields: fields4,
    derive: (logger) => logger.child(bindings),
    attributes: { ...bindings, ...fields4 },
  },
  'pino, redact': { fields: fields4, options: { redact: ['password'] } },
  'pino, 4 fields in a span': { fields: fields4, inSpan: true },
}

const nowhere = { write() {} }
const peers = createRequire(new URL('./package.json', import.meta.url))
const olderSdk = createRequire(new URL('../test/fixtures/sdk2/package.json', import.meta.url))

const pinoContenders: Record<string, (options: pino.LoggerOptions) => Logger> = {
  'pino alone': (options) => pino(options, nowhere as never),
  'otel-log-bridge': (options) => pino(options, createPinoStream({ loggerProvider: sdk() as never })),
  'instrumentation-pino'(options) {
    const { PinoInstrumentation } = peers('@opentelemetry/instrumentation-pino')
    const instrumentation = new PinoInstrumentation()
    const api = peers('@opentelemetry/api') as { logs: { setGlobalLoggerProvider(provider: unknown): void } }
    api.logs.setGlobalLoggerProvider(sdk())
    instrumentation.setLoggerProvider?.(sdk())
    instrumentation.enable()
    return (peers('pino') as typeof pino)(options, nowhere as never)
  },
}

function pinoCall({ fields, options = {}, derive = (logger) => logger, inSpan }: PinoCase, contender: string): Call {
  if (inSpan) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const logger = derive((pinoContenders[contender] as (typeof pinoContenders)[string])(options))
  return () => logger.info(fields, MESSAGE)
}

class NoopTransport extends TransportStream {
  override log(_info: unknown, next: () => void): void {
    next()
  }
}

const winstonContenders: Record<string, () => winston.transport> = {
  'winston alone': () => new NoopTransport(),
  'otel-log-bridge': () => new OpenTelemetryTransport({ loggerProvider: sdk() as never }),
  'winston-transport (contrib)'() {
    // It knows the global of the older API alone, and so needs the older SDK.
    const { LoggerProvider: OlderProvider } = olderSdk('@opentelemetry/sdk-logs')
    olderLogs.setGlobalLoggerProvider(new OlderProvider({ processors: [processor] }))
    return new OpenTelemetryTransportV3() as never
  },
}

function winstonCall(fields: object, contender: string): Call {
  const make = winstonContenders[contender] as () => winston.transport
  const logger = winston.createLogger({ transports: [make()] })
  return () => void logger.info(MESSAGE, fields)
}

/** By case and contender. */
export const cases: Record<string, Record<string, () => Call>> = {
  ...Object.fromEntries(
    Object.entries(pinoCases).map(([name, one]) => [
      name,
      {
        'bare emit': () => bare(one.attributes ?? one.fields),
        ...Object.fromEntries(
          Object.keys(pinoContenders).map((contender) => [contender, () => pinoCall(one, contender)]),
        ),
      },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries({ 'winston, 4 fields': fields4, 'winston, 12 fields': fields12 }).map(([name, fields]) => [
      name,
      {
        'bare emit': () => bare(fields),
        ...Object.fromEntries(
          Object.keys(winstonContenders).map((contender) => [contender, () => winstonCall(fields, contender)]),
        ),
      },
    ]),
  ),
  'createBridge, 4 fields': {
    'bare emit': () => bare(fields4),
    'otel-log-bridge'() {
      const bridge = createBridge({ loggerProvider: sdk() as never })
      return () => bridge.emit({ severityNumber: 9, severityText: 'info', body: MESSAGE, attributes: fields4 })
    },
  },
}

/** CPU time, so that what else runs on the machine counts less; of the whole process before Node 23.9. */
const cpuUsage = (process.threadCpuUsage ?? process.cpuUsage).bind(process)
const WARM_UP = 50_000
const BATCHES = 20
const CALLS = 20_000

function measure(call: Call): Measured {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  for (let i = 0; i < WARM_UP; i++) call()
  const times: number[] = []
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = cpuUsage()
    for (let i = 0; i < CALLS; i++) call()
    const { user, system } = cpuUsage(start)
    times.push(((user + system) * 1000) / CALLS)
  }
  gc()
  const before = process.memoryUsage().heapUsed
  // Few enough for no collection to come between.
  for (let i = 0; i < 100; i++) call()
  const bytes = (process.memoryUsage().heapUsed - before) / 100
  return { nanos: times.sort((a, b) => a - b)[BATCHES >> 1] as number, bytes }
}

if (process.argv[1] === import.meta.filename) {
  const [, , name = '', contender = ''] = process.argv
  const inSpan = pinoCases[name]?.inSpan === true
  const call = cases[name]?.[contender]?.() as Call
  const run = () => {
    const measured = measure(call)
    if (emitted > 0 === contender.endsWith('alone')) throw new Error(`${contender} has emitted ${emitted} records`)
    process.stdout.write(JSON.stringify(measured))
  }
  if (inSpan) context.with(trace.setSpanContext(ROOT_CONTEXT, SPAN), run)
  else run()
}
