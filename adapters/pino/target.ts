// The worker's end: a stream of pino's lines, exported by a pipeline of this thread's own.

import { Writable } from 'node:stream'
import { parentPort, receiveMessageOnPort } from 'node:worker_threads'
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api'
import { type BridgeOptions, bridgeOptionChecks, RecordBridge } from '../../src/bridge.ts'
import { anything, aString, checkOptions, definedOnly, isObject } from '../../src/options.ts'
import { createOtlpLoggerProvider, type OwnedLoggerProvider } from '../../src/pipeline/otlp.ts'
import { suppressLogs } from '../../src/suppression.ts'
import { bridgeLine, DEFAULT_LAYOUT, type LineFields, type LineLayout } from './line.ts'
import { HELD_BACK_FIELD } from './mixin.ts'

/**
 * Options of `pino({ transport: { target: 'otel-log-bridge/pino', options } })`. They cross to a thread: no functions.
 * Where records go is set by OTel's environment variables (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`, …).
 */
export interface PinoTargetOptions extends Omit<BridgeOptions, 'loggerProvider'> {
  /** The logger's `messageKey`. Default: what pino says it is, else `msg`. */
  readonly messageKey?: string
  /** The logger's `errorKey`. Default: what pino says it is, else `err`. */
  readonly errorKey?: string
  /** The logger's `nestedKey`, which pino does not tell its transports. */
  readonly nestedKey?: string
}

/** What pino and thread-stream add to a target's options. */
interface OptionsOfPino {
  readonly pinoWillSendConfig?: unknown
  readonly levels?: unknown
  readonly dedupe?: unknown
  readonly $context?: unknown
}

const { loggerProvider: _inProcess, ...sharedChecks } = bridgeOptionChecks

/** Checks on the main thread too: an error in the worker would come late and kill it. */
export const pinoTargetOptionChecks = {
  ...sharedChecks,
  messageKey: aString,
  errorKey: aString,
  nestedKey: aString,
}

const optionsOfPinoChecks = { pinoWillSendConfig: anything, levels: anything, dedupe: anything, $context: anything }

/** The event that tells the main thread of {@link BridgeStats}. */
export const STATS_EVENT = 'otel-log-bridge:stats'
const STATS_INTERVAL_MS = 250

/**
 * pino's transport target. Not for calling: name it as `target`.
 *
 * @throws TypeError for a wrong or unknown option, Error for a missing SDK package.
 */
export default async function pinoTarget(options?: PinoTargetOptions & OptionsOfPino): Promise<Writable> {
  const { messageKey, errorKey, nestedKey, pinoWillSendConfig, levels, dedupe, $context, ...shared } = checkOptions<
    PinoTargetOptions & OptionsOfPino
  >('otel-log-bridge/pino', options, { ...pinoTargetOptionChecks, ...optionsOfPinoChecks })
  const provider = await createOtlpLoggerProvider()
  const bridge = new RecordBridge('otel-log-bridge/pino', { ...shared, loggerProvider: provider })
  const layout = definedOnly({ messageKey, errorKey, nestedKey, severities: shared.severities })
  return new TargetStream(bridge, provider, layout)
}

class TargetStream extends Writable {
  readonly #bridge: RecordBridge
  readonly #provider: OwnedLoggerProvider
  readonly #givenLayout: Partial<LineLayout>
  #layout: LineLayout
  #configured = false
  /** The start of a line whose end is still to come. */
  #rest = ''
  #reported = 0
  readonly #reporter: NodeJS.Timeout

  constructor(bridge: RecordBridge, provider: OwnedLoggerProvider, givenLayout: Partial<LineLayout>) {
    super({ decodeStrings: false })
    this.#bridge = bridge
    this.#provider = provider
    this.#givenLayout = givenLayout
    this.#layout = { ...DEFAULT_LAYOUT, ...givenLayout }
    this.#reporter = setInterval(() => this.#reportStats(), STATS_INTERVAL_MS).unref()
  }

  override _write(chunk: string | Buffer, _encoding: string, callback: () => void): void {
    if (!this.#configured) this.#takeConfig()
    const lines = (this.#rest + String(chunk)).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#bridgeLine(line)
    callback()
  }

  /** thread-stream calls this for `logger.flush(callback)`. */
  flush(callback: (error?: Error) => void): void {
    void this.#bridge.flush().then(() => {
      this.#reportStats()
      callback()
    })
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#bridgeLine(this.#rest)
    this.#rest = ''
    clearInterval(this.#reporter)
    this.#bridge
      .close()
      .then(() => this.#provider.shutdown())
      .then(() => this.#reportStats())
      .then(() => callback(), callback)
  }

  #bridgeLine(line: string): void {
    if (line !== '') bridgeLine(this.#bridge, line, this.#layout, contextOfFields)
  }

  /** pino posts its configuration before the first line, but on another way, which may be the slower one. */
  #takeConfig(): void {
    if (parentPort === null) return
    for (
      let received = receiveMessageOnPort(parentPort);
      received !== undefined;
      received = receiveMessageOnPort(parentPort)
    ) {
      if (isObject(received.message) && received.message.code === 'PINO_CONFIG')
        this.#configure(received.message.config)
      else parentPort.emit('message', received.message)
    }
  }

  #configure(config: unknown): void {
    this.#configured = true
    if (!isObject(config)) return
    const { levels, messageKey, errorKey } = config
    const labels = isObject(levels) && isObject(levels.labels) ? (levels.labels as Record<string, string>) : undefined
    this.#layout = {
      ...DEFAULT_LAYOUT,
      ...definedOnly({ labels, messageKey, errorKey }),
      ...this.#givenLayout,
    } as LineLayout
  }

  #reportStats(): void {
    const stats = this.#bridge.stats()
    if (stats.seen - stats.pending === this.#reported) return
    this.#reported = stats.seen - stats.pending
    parentPort?.postMessage({ code: 'EVENT', name: STATS_EVENT, args: [stats] })
  }
}

/** A record that the main thread marked keeps its fate. */
function contextOfFields(fields: LineFields): Context {
  return HELD_BACK_FIELD in fields ? suppressLogs(ROOT_CONTEXT) : ROOT_CONTEXT
}
