// The ways in which an app logs through the bridge, each as the two loggers `a` and `b` where it can have two.

import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import { createPinoStream, createPinoTransport, type PinoTransportOptions } from 'otel-log-bridge/pino'
import { BufferedLogRecordProcessor } from 'otel-log-bridge/processor'
import { OpenTelemetryTransport } from 'otel-log-bridge/winston'
import { WorkerLoggerProvider } from 'otel-log-bridge/worker'
import pino from 'pino'
import winston from 'winston'

export const forms = ['transport', 'target', 'pino-worker', 'winston-worker', 'processor'] as const
export type Form = (typeof forms)[number]

/** Options that all forms have. */
export type ExportSettings = Pick<
  PinoTransportOptions,
  'maxQueueBytes' | 'maxExportBatchSize' | 'overflow' | 'timeoutMillis'
> & { readonly maxMainBytes?: number }

export interface Result {
  readonly delivered: number
  readonly dropped: number
  readonly undelivered: number
}

export interface OpenForm {
  readonly loggers: readonly { info(message: string): unknown }[]
  /** The target has no end on the main thread that could tell. */
  flush(): Promise<Result | undefined>
  close(): Promise<Result | undefined>
}

/** Longer than the default: these runs ask what arrives, not how soon. */
const DEADLINE_MS = 60_000

export function open(form: Form, endpoint: string, settings: ExportSettings): OpenForm {
  if (form === 'transport') return openTransport({ endpoint, ...settings })
  if (form === 'target') return openTarget({ endpoint, ...settings })
  if (form === 'processor') return openProcessor(endpoint, settings)
  const provider = new WorkerLoggerProvider({ endpoint, ...settings })
  const ends = { flush: () => provider.flush(DEADLINE_MS), close: () => provider.close(DEADLINE_MS) }
  if (form === 'pino-worker') {
    const stream = createPinoStream({ loggerProvider: provider })
    return { loggers: [pino({ name: 'a' }, stream), pino({ name: 'b' }, stream)], ...ends }
  }
  const ofName = (scopeName: string) =>
    winston.createLogger({ transports: [new OpenTelemetryTransport({ loggerProvider: provider, scopeName })] })
  const loggers = [ofName('a'), ofName('b')]
  return {
    loggers,
    // winston's own streams first: they hand a record over when they get to it.
    async flush() {
      return ends.flush()
    },
    async close() {
      await Promise.all(
        loggers.map((logger) => {
          const finished = new Promise((resolve) => logger.once('finish', resolve))
          logger.end()
          return finished
        }),
      )
      return ends.close()
    },
  }
}

function openTransport(options: PinoTransportOptions): OpenForm {
  const transport = createPinoTransport(options)
  return {
    loggers: [pino({ name: 'a' }, transport), pino({ name: 'b' }, transport)],
    flush: () => transport.flush(undefined, DEADLINE_MS),
    close: () => transport.close(DEADLINE_MS),
  }
}

function openTarget({ maxMainBytes: _ofTransport, ...options }: PinoTransportOptions): OpenForm {
  const logger = pino({ name: 'a', transport: { target: 'otel-log-bridge/pino', options } })
  const flush = () => new Promise<undefined>((resolve) => logger.flush(() => resolve(undefined)))
  return { loggers: [logger], flush, close: flush }
}

function openProcessor(
  endpoint: string,
  { maxMainBytes: _ofWorker, timeoutMillis, ...queue }: ExportSettings,
): OpenForm {
  const exporter = new OTLPLogExporter({ url: endpoint, ...(timeoutMillis !== undefined && { timeoutMillis }) })
  const processor = new BufferedLogRecordProcessor({ exporter: exporter as never, ...queue })
  const provider = new LoggerProvider({ processors: [processor as never] })
  const stream = createPinoStream({ loggerProvider: provider as never })
  return {
    loggers: [pino({ name: 'a' }, stream), pino({ name: 'b' }, stream)],
    flush: () => processor.flush(DEADLINE_MS),
    close: () => processor.close(DEADLINE_MS),
  }
}
