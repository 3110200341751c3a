// The loggers that the contract is held to: real ones, each with a bridge and a second destination that shows what
// else was logged, and exporters whose behaviour a test chooses.

import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api'
import pino from 'pino'
import winston from 'winston'
import TransportStream from 'winston-transport'
import { createPinoStream } from '../../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { type BridgeOptions, type BridgeStats, createBridge, withLogsSuppressed } from '../../src/index.ts'
import type { LogRecordExporter, ReadableLogRecord } from './otel.ts'

/** A logger with a bridge, as an app holds it. */
export interface App {
  log(message: string, fields?: object): void
  /** The logger itself, for `diag.setLogger`. */
  readonly diagTarget: DiagLogger
  /** The messages that reached the logger's other destination. */
  readonly lines: string[]
  stats(): BridgeStats
  flush(): Promise<void>
  close(): Promise<void>
}

export interface AppOptions extends BridgeOptions {
  /** pino's child bindings, winston's defaultMeta. */
  readonly bindings?: object
}

export interface AppKind {
  readonly name: 'pino' | 'winston' | 'createBridge'
  start(options?: AppOptions): App
}

const pinoApp: AppKind = {
  name: 'pino',
  start({ bindings, ...options } = {}) {
    const lines: string[] = []
    const stream = createPinoStream(options)
    const other = { write: (line: string) => void lines.push(String((JSON.parse(line) as { msg?: unknown }).msg)) }
    const streams = [
      { level: 'trace', stream: other },
      { level: 'trace', stream },
    ] as const
    const root = pino({ level: 'trace' }, pino.multistream([...streams]))
    const logger = bindings === undefined ? root : root.child(bindings)
    return {
      log: (message, fields) => (fields === undefined ? logger.info(message) : logger.info(fields, message)),
      diagTarget: root as unknown as DiagLogger,
      lines,
      stats: () => stream.stats(),
      flush: () => new Promise((resolve) => stream.flush(() => resolve())),
      close: () => stream.close(),
    }
  },
}

class CollectingTransport extends TransportStream {
  readonly lines: string[] = []

  override log(info: { message: unknown }, next: () => void): void {
    this.lines.push(String(info.message))
    next()
  }
}

const winstonApp: AppKind = {
  name: 'winston',
  start({ bindings, ...options } = {}) {
    const other = new CollectingTransport()
    const transport = new OpenTelemetryTransport(options)
    let closed: Promise<void> | undefined
    const logger = winston.createLogger({ level: 'silly', defaultMeta: bindings, transports: [other, transport] })
    return {
      log: (message, fields) => (fields === undefined ? logger.info(message) : logger.info(message, fields)),
      diagTarget: logger as unknown as DiagLogger,
      lines: other.lines,
      stats: () => transport.stats(),
      flush: () => transport.flush(),
      close: () => {
        closed ??= new Promise((resolve) => {
          transport.once('close', resolve)
          logger.close()
          transport.destroy()
        })
        return closed
      },
    }
  },
}

const bridgeApp: AppKind = {
  name: 'createBridge',
  start({ bindings, ...options } = {}) {
    const lines: string[] = []
    const bridge = createBridge(options)
    const log = (body: string, fields?: object) => {
      lines.push(body)
      bridge.emit({ severityNumber: 9, body, attributes: { ...bindings, ...fields } })
    }
    const diagLog = (message: string) => log(message)
    return {
      log,
      diagTarget: { error: diagLog, warn: diagLog, info: diagLog, debug: diagLog, verbose: diagLog },
      lines,
      stats: () => bridge.stats(),
      flush: () => bridge.flush(),
      close: () => bridge.close(),
    }
  },
}

/** Every way into the bridge that shares the process with the app. */
export const appKinds: readonly AppKind[] = [pinoApp, winstonApp, bridgeApp]
/** Those that have a logger of their own in front. */
export const loggerKinds: readonly AppKind[] = [pinoApp, winstonApp]

/** Routes the SDK's diagnostics to the app's logger. @returns what takes them off again. */
export function routeDiag(app: App, logLevel: DiagLogLevel = DiagLogLevel.ALL): () => void {
  // The API announces itself to the new logger, here and now in the app's own context.
  withLogsSuppressed(() => diag.setLogger(app.diagTarget, { logLevel }))
  app.lines.length = 0
  return () => diag.disable()
}

type Done = Parameters<LogRecordExporter['export']>[1]
export type ExportBehaviour = (batch: readonly ReadableLogRecord[], done: Done) => void

/** Exports after which a loop is proven; the exporter then keeps still, so that the test can say so. */
const FUSE = 2000

/** Notes what it is given, then does what the test wants. */
export class TestExporter implements LogRecordExporter {
  readonly records: ReadableLogRecord[] = []
  started = 0
  finished = 0
  readonly #behaviour: ExportBehaviour

  constructor(behaviour: ExportBehaviour = succeed) {
    this.#behaviour = behaviour
  }

  get bodies(): unknown[] {
    return this.records.map(({ body }) => body)
  }

  export(batch: ReadableLogRecord[], done: Done): void {
    this.records.push(...batch)
    const behaviour = ++this.started > FUSE ? succeed : this.#behaviour
    const finish: Done = (result) => {
      done(result)
      this.finished++
    }
    try {
      behaviour(batch, finish)
    } catch (error) {
      this.finished++
      throw error
    }
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

export const succeed: ExportBehaviour = (_batch, done) => done({ code: 0 })

/** As an unreachable collector does it: later, with an error. */
export const fail: ExportBehaviour = (_batch, done) => {
  setImmediate(() => done({ code: 1, error: new Error('the collector is gone') }))
}

/** Polls until `condition` holds. @throws after 10 s. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never came: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Long enough for what an export of a few milliseconds would bring back. */
export async function settle(milliseconds = 20): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
}
