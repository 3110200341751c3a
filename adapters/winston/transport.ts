// The winston transport. It is a stream among winston's streams, but takes its records ahead of them (see tap.ts); what
// comes down the pipe is bridged only where nobody offered it before.

import type { Readable } from 'node:stream'
import { type Context, context, ROOT_CONTEXT } from '@opentelemetry/api'
import TransportStream from 'winston-transport'
import { RecordBridge } from '../../src/bridge.ts'
import { type BridgeOptions, bridgeOptionChecks } from '../../src/bridge-options.ts'
import type { Callers } from '../../src/call-site.ts'
import { tellOfDuplicateRoute } from '../../src/duplicate-route.ts'
import {
  aBoolean,
  aCount,
  aFunction,
  aString,
  checkOptions,
  definedOnly,
  isObject,
  type OptionChecks,
} from '../../src/options.ts'
import type { ReadRecord } from '../../src/record.ts'
import type { BridgeStats } from '../../src/stats.ts'
import { dataProperty, levelOf, recordOfInfo, recordOfPlainInfo, severityNumberOf } from './info.ts'
import {
  isInfo,
  type Levels,
  type LogCall,
  loggerOf,
  type TapReceiver,
  tap,
  untap,
  type WinstonLogger,
  wasOffered,
} from './tap.ts'

/** The bridge's options and those of every winston transport. */
export interface OpenTelemetryTransportOptions extends BridgeOptions {
  /** Bridge no records below this level. Default: the logger's level. */
  readonly level?: string
  /** A format for this transport alone, behind the logger's. */
  readonly format?: TransportStream.TransportStreamOptions['format']
  /** Bridge nothing. Default false. */
  readonly silent?: boolean
  /** Have winston catch uncaught exceptions, and bridge them. Default false. */
  readonly handleExceptions?: boolean
  /** Have winston catch unhandled rejections; it hands them to every transport of the logger. Default false. */
  readonly handleRejections?: boolean
  /** Records that the stream buffers. Bridged records do not wait in it. Default 16. */
  readonly highWaterMark?: number
}

const optionChecks: OptionChecks<OpenTelemetryTransportOptions> = {
  ...bridgeOptionChecks,
  level: aString,
  format: (value) => (isObject(value) && aFunction(value.transform) === undefined ? undefined : 'a winston format'),
  silent: aBoolean,
  handleExceptions: aBoolean,
  handleRejections: aBoolean,
  highWaterMark: aCount,
}

/** What this is piped from: a logger, a child through which it was added, or any stream of infos. */
interface Source {
  readonly stream: Readable
  readonly logger: WinstonLogger | undefined
}

/**
 * Bridges the records of winston loggers: `logger.add(new OpenTelemetryTransport())`. One may serve several loggers.
 *
 * Adding it puts a `write` and a `_transform` of its own on the logger, which `remove`, `clear` and `close` take off.
 */
export class OpenTelemetryTransport extends TransportStream {
  readonly #bridge: RecordBridge
  readonly #severities: BridgeOptions['severities']
  readonly #receiver: TapReceiver
  #sources: readonly Source[] = []
  #hasSeenLogger = false

  /** @throws TypeError for a wrong or unknown option. */
  constructor(options?: OpenTelemetryTransportOptions) {
    const { level, format, silent, handleExceptions, handleRejections, highWaterMark, ...shared } = checkOptions(
      'OpenTelemetryTransport',
      options,
      optionChecks,
    )
    super(definedOnly({ level, format, silent, handleExceptions, handleRejections, highWaterMark }))
    this.#bridge = new RecordBridge('OpenTelemetryTransport', shared)
    this.#severities = shared.severities
    this.#receiver = {
      receive: (call, active) => this.#receive(call, active),
      transport: this,
      offered: new WeakSet(),
    }
    this.on('pipe', (stream: Readable) => this.#attach(stream))
    this.on('unpipe', (stream: Readable) => this.#detach(stream))
  }

  /** winston's contract for transports: also what its exception handlers call. */
  override log(info: object, next?: () => void): void {
    if (!this.silent && !wasOffered(info, this.#receiver)) {
      const call = { info, known: info, isFormatted: true, error: undefined, format: () => info }
      this.#read(call, this.#sources.at(-1)?.logger, context.active())
    }
    if (this.listenerCount('logged') > 0) setImmediate(() => this.emit('logged', info))
    next?.()
  }

  /** Emits what waits for a provider, if there is one, and flushes the provider. Never rejects. */
  flush(): Promise<void> {
    return this.#bridge.flush()
  }

  /** What became of the records of this transport. */
  stats(): BridgeStats {
    return this.#bridge.stats()
  }

  override _write(info: object, _encoding: string, callback: () => void): void {
    const isOffered = wasOffered(info, this.#receiver)
    if (isOffered && this.listenerCount('logged') === 0) {
      callback()
      return
    }
    const source = this.#sources.at(-1)
    if (!this.#accepts(info, info, source?.logger)) callback()
    else if (source === undefined || isOffered) this.log(info, callback)
    // The stream held it before this was added to it: where the app logged it, nobody knows any more.
    else context.with(ROOT_CONTEXT, () => this.log(info, callback))
  }

  override _writev(chunks: { chunk: object }[], callback: () => void): void {
    for (const { chunk } of chunks) this._write(chunk, '', nothing)
    callback()
  }

  override _final(callback: () => void): void {
    this.#unpipe()
    void this.#bridge.flush().then(() => process.nextTick(callback))
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#unpipe()
    void this.#bridge.close().then(() => process.nextTick(callback, error))
  }

  /** A record that came down a pipe from now on would be an error event on the logger. */
  #unpipe(): void {
    for (const { stream } of this.#sources) stream.unpipe(this)
  }

  #attach(stream: Readable): void {
    const logger = loggerOf(stream)
    this.#sources = [...this.#sources, { stream, logger }]
    if (logger !== undefined) tap(logger, this.#receiver)
  }

  #detach(stream: Readable): void {
    const logger = loggerOf(stream)
    // Added twice, removed once.
    if (logger?.transports.includes(this)) return
    if (logger !== undefined) untap(logger, this.#receiver)
    const isGone = (source: Source) => source.stream === stream || (logger !== undefined && source.logger === logger)
    const gone = this.#sources.filter(isGone)
    this.#sources = this.#sources.filter((source) => !isGone(source))
    // Added through a child and removed through its parent: the pipe listens to the child alone, and would stay.
    for (const source of gone) if (source.stream !== stream) this.emit('unpipe', source.stream, { hasUnpiped: false })
  }

  /** Takes a record from the place where the app logged it. */
  #receive(call: LogCall, active: Context): void {
    try {
      // Where winston is held up, the format has yet to run, and may change the level.
      const isWanted = call.isFormatted ? this.#accepts(call.known, call.info, call.logger) : !this.silent
      if (isWanted) this.#read(call, call.logger, active)
    } catch {
      // The stack is exhausted. winston may have enough left to go on.
    }
  }

  /** winston's own rule: the transport's level, else the logger's; exceptions go to who handles them, at any level. */
  #accepts(info: object, logged: object, logger: WinstonLogger | undefined): boolean {
    if (this.silent) return false
    if (dataProperty(info, 'exception') === true) return this.handleExceptions === true
    const threshold = this.level || logger?.level
    if (!threshold) return true
    const level = levelOf(info, logged)
    if (level === undefined) return false
    if (logger === undefined) return this.#severity(level) >= this.#severity(threshold)
    return (logger.levels[threshold] ?? Number.NaN) >= (logger.levels[level] ?? Number.NaN)
  }

  #severity(level: string | undefined, levels: Levels = {}): number {
    return severityNumberOf(level, levels, this.#severities)
  }

  #read(call: ReadableCall, logger: WinstonLogger | undefined, active: Context): void {
    if (logger !== undefined && !this.#hasSeenLogger) {
      this.#hasSeenLogger = true
      tellOfDuplicateRoute('@opentelemetry/instrumentation-winston', 'OpenTelemetryTransportV3', logger.transports)
    }
    const severityNumber = this.#severity(levelOf(call.known, call.info), logger?.levels)
    this.#bridge.read(severityNumber, undefined, active, this.#recordOf, call, logger)
  }

  /** @returns undefined where a format filters the record out. */
  readonly #recordOf = (call: ReadableCall, logger: WinstonLogger | undefined): ReadRecord | undefined => {
    const wasFormatted = call.isFormatted
    const formatted = call.format()
    if (!isInfo(formatted)) return undefined
    if (!wasFormatted && !this.#accepts(formatted, call.info, logger)) return undefined
    const { format } = this
    // The other transports get the same object.
    const info = format === undefined ? formatted : format.transform({ ...formatted } as never, format.options as never)
    if (!isInfo(info)) return undefined
    const { limits, enrichment } = this.#bridge
    // An error may be among the arguments, or in what a format has replaced.
    const isWhole = wasFormatted && info === call.info && call.error === undefined
    const plain = isWhole ? recordOfPlainInfo(info, limits) : undefined
    const record = plain ?? recordOfInfo(info, call.info, call.error, isWhole ? false : undefined)
    const called: ReadRecord = enrichment?.addsCode === true ? { ...record, callers: callersOf(call) } : record
    if (wasFormatted || called.isPlain === true) return called
    return { ...called, severityNumber: this.#severity(levelOf(formatted, call.info), logger?.levels) }
  }
}

type ReadableCall = Pick<LogCall, 'info' | 'known' | 'isFormatted' | 'error' | 'format'> & {
  /** The one that the app is calling; undefined for what came down a pipe. */
  readonly logger?: WinstonLogger
}

/** `logger.info()` calls `write` itself, or by way of `log()`, which the app may call too. */
function callersOf({ info, logger }: ReadableCall): Callers | undefined {
  if (logger === undefined) return undefined
  const methods = logger as unknown as Readonly<Record<string, unknown>>
  const level = levelOf(info)
  return [level === undefined ? undefined : methods[level], methods.log, methods.write]
}

function nothing(): void {}
