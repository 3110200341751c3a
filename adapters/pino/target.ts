// The worker's end: a stream of pino's lines, exported by a pipeline of this thread's own.

import { Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { parentPort, receiveMessageOnPort } from 'node:worker_threads'
import { type BridgeOptions, bridgeOptionChecks, RecordBridge } from '../../src/bridge.ts'
import { internalLog, reasonOf } from '../../src/internal-logger.ts'
import { aString, checkOptions, definedOnly, isObject } from '../../src/options.ts'
import { createOtlpLoggerProvider, type OwnedLoggerProvider, refusingLoggerProvider } from '../../src/pipeline/otlp.ts'
import { suppressLogs } from '../../src/suppression.ts'
import { unpackLine } from './call.ts'
import { bridgeLine, DEFAULT_LAYOUT, type LineLayout } from './line.ts'
import { isMarkedHeldBack } from './mixin.ts'

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
const targetChecks = { ...sharedChecks, messageKey: aString, errorKey: aString, nestedKey: aString }

/**
 * Checks the options given to `owner`, on the main thread too: an error in the worker would come late and kill it.
 *
 * @throws TypeError for a wrong or unknown option.
 */
export function checkTargetOptions(owner: string, options: PinoTargetOptions | undefined): PinoTargetOptions {
  const checked = checkOptions(owner, options, targetChecks)
  // The bridge checks what is inside its options.
  new RecordBridge(owner, bridgeOptionsOf(checked))
  return checked
}

function bridgeOptionsOf({ messageKey, errorKey, nestedKey, ...shared }: PinoTargetOptions): BridgeOptions {
  return shared
}

/** The event that tells the main thread of {@link BridgeStats}. */
export const STATS_EVENT = 'otel-log-bridge:stats'
const STATS_INTERVAL_MS = 250

/**
 * pino's transport target. Not for calling: name it as `target`. Where an SDK package is missing, or a variable of the
 * environment wrong, it says so once and takes records without exporting them: the app goes on.
 *
 * @throws TypeError for a wrong or unknown option.
 */
export default async function pinoTarget(options?: PinoTargetOptions & OptionsOfPino): Promise<Writable> {
  const given = checkTargetOptions('otel-log-bridge/pino', withoutOptionsOfPino(options))
  const provider = await createOtlpLoggerProvider().catch((error: unknown) => {
    internalLog('error', 'not-exporting', `no record will be exported: ${reasonOf(error)}`)
    return refusingLoggerProvider
  })
  const bridge = new RecordBridge('otel-log-bridge/pino', { ...bridgeOptionsOf(given), loggerProvider: provider })
  const { messageKey, errorKey, nestedKey, severities } = given
  return new TargetStream(bridge, provider, definedOnly({ messageKey, errorKey, nestedKey, severities }))
}

function withoutOptionsOfPino(options: (PinoTargetOptions & OptionsOfPino) | undefined): PinoTargetOptions | undefined {
  if (!isObject(options)) return options
  const { pinoWillSendConfig, levels, dedupe, $context, ...given } = options
  return given
}

class TargetStream extends Writable {
  readonly #bridge: RecordBridge
  readonly #provider: OwnedLoggerProvider
  readonly #givenLayout: Partial<LineLayout>
  #layout: LineLayout
  #configured = false
  readonly #decoder = new StringDecoder('utf8')
  /** The start of a line whose end is still to come. */
  #rest = ''
  #reported = 0
  readonly #reporter: NodeJS.Timeout
  #closed: Promise<void> | undefined

  constructor(bridge: RecordBridge, provider: OwnedLoggerProvider, givenLayout: Partial<LineLayout>) {
    super({ decodeStrings: false })
    this.#bridge = bridge
    this.#provider = provider
    this.#givenLayout = givenLayout
    this.#layout = { ...DEFAULT_LAYOUT, ...givenLayout }
    this.#reporter = setInterval(() => this.#reportStats(), STATS_INTERVAL_MS).unref()
    parentPort?.on('message', this.#onMessage)
  }

  override _write(chunk: string | Buffer, _encoding: string, callback: () => void): void {
    if (!this.#configured) this.#takeMessages()
    this.#rest += typeof chunk === 'string' ? chunk : this.#decoder.write(chunk)
    // A line longer than a chunk is joined once, at its end.
    if (chunk.includes('\n')) {
      const lines = this.#rest.split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) this.#bridgeLine(line)
    }
    callback()
  }

  /** thread-stream calls this for `logger.flush(callback)`. */
  flush(callback: (error?: Error) => void): void {
    void this.#bridge.flush().then(() => {
      this.#reportStats()
      callback()
    })
  }

  override _final(callback: () => void): void {
    this.#rest += this.#decoder.end()
    this.#bridgeLine(this.#rest)
    this.#rest = ''
    void this.#close().then(callback)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearInterval(this.#reporter)
    parentPort?.off('message', this.#onMessage)
    void this.#close().then(() => callback(error))
  }

  /** Never rejects: an error of this stream would end the app, which has no listener for it. */
  #close(): Promise<void> {
    this.#closed ??= this.#bridge
      .close()
      .then(() => this.#provider.shutdown())
      .catch((error: unknown) => {
        internalLog('warn', 'shutdown-failed', `the LoggerProvider could not be shut down: ${reasonOf(error)}`)
      })
      .then(() => this.#reportStats())
    return this.#closed
  }

  #bridgeLine(packed: string): void {
    if (packed === '') return
    const { line, context } = unpackLine(packed)
    // A record that the main thread marked keeps its fate.
    bridgeLine(this.#bridge, line, this.#layout, isMarkedHeldBack(line) ? suppressLogs(context) : context)
  }

  /** pino posts its configuration before the first line, but on another way, which may be the slower one. */
  #takeMessages(): void {
    if (parentPort === null) return
    let received = receiveMessageOnPort(parentPort)
    while (received !== undefined) {
      parentPort.emit('message', received.message)
      received = receiveMessageOnPort(parentPort)
    }
  }

  readonly #onMessage = (message: unknown): void => {
    if (!isObject(message) || message.code !== 'PINO_CONFIG' || !isObject(message.config)) return
    this.#configured = true
    const { levels, messageKey, errorKey } = message.config
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
