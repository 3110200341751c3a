// The winston transport. It is a stream among winston's streams, but takes its records ahead of them (see tap.ts); what
// comes down the pipe is bridged only where nobody offered it before.

import { type Context, context } from '@opentelemetry/api'
import TransportStream from 'winston-transport'
import { type BridgeOptions, bridgeOptionChecks, RecordBridge, type SourceRecord } from '../../src/bridge.ts'
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
import type { BridgeStats } from '../../src/stats.ts'
import { levelOf, recordOfInfo, severityNumberOf } from './info.ts'
import { type LogCall, type TapReceiver, tap, untap, type WinstonFormat, wasOffered } from './tap.ts'

/** The bridge's options and those of every winston transport. */
export interface OpenTelemetryTransportOptions extends BridgeOptions {
  /** Bridge no records below this level. Default: the logger's level. */
  readonly level?: string
  /** A format for this transport alone, behind the logger's. */
  readonly format?: TransportStream.TransportStreamOptions['format']
  /** Bridge nothing. Default false. */
  readonly silent?: boolean
  /** Bridge the uncaught exceptions that winston reports. Default false. */
  readonly handleExceptions?: boolean
  /** Bridge the unhandled rejections that winston reports. Default false. */
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

type Levels = Readonly<Record<string, number>>

/**
 * Bridges the records of winston loggers: `logger.add(new OpenTelemetryTransport())`. One may serve several loggers.
 *
 * Adding it puts a `write` and a `_transform` of its own on the logger, which `remove`, `clear` and `close` take off.
 */
export class OpenTelemetryTransport extends TransportStream {
  readonly #bridge: RecordBridge
  readonly #severities: BridgeOptions['severities']

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
    const receiver: TapReceiver = { receive: (call) => this.#receive(call) }
    this.on('pipe', (logger: object) => tap(logger, receiver))
    this.on('unpipe', (logger: object) => untap(logger, receiver))
  }

  /** winston's contract for transports: also what its exception handlers call. */
  override log(info: object, next?: () => void): void {
    if (!wasOffered(info)) this.#read({ info, format: () => info }, this.#piped().levels, context.active())
    if (this.listenerCount('logged') > 0) this.emit('logged', info)
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

  override _write(info: ExceptionInfo, _encoding: string, callback: () => void): void {
    const { parent, levels } = this.#piped()
    if (this.#accepts(info, parent?.level, levels)) this.log(info, callback)
    else callback()
  }

  override _writev(chunks: { chunk: ExceptionInfo }[], callback: () => void): void {
    for (const { chunk } of chunks) this._write(chunk, '', nothing)
    callback()
  }

  override _final(callback: () => void): void {
    void this.#bridge.flush().then(callback)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    void this.#bridge.close().then(() => callback(error))
  }

  /** Takes a record from the place where the app logged it. */
  #receive(call: LogCall): void {
    const { logger } = call
    const info = call.info as ExceptionInfo
    if (this.#accepts(info, logger.level, logger.levels)) this.#read(call, logger.levels, call.context)
  }

  /** winston's own rule: the transport's level, else the logger's; exceptions only for who handles them. */
  #accepts(info: ExceptionInfo, loggerLevel: string | undefined, levels: Levels): boolean {
    if (this.silent === true || (info.exception === true && this.handleExceptions !== true)) return false
    const threshold = this.level ?? loggerLevel
    const level = levelOf(info)
    if (threshold === undefined || level === undefined) return true
    return (levels[threshold] ?? Number.NaN) >= (levels[level] ?? Number.NaN)
  }

  #read(call: FormattedCall, levels: Levels, active: Context): void {
    const severityNumber = severityNumberOf(levelOf(call.info), levels, this.#severities)
    this.#bridge.read(severityNumber, undefined, active, recordOfCall, call, this.format)
  }

  /** What winston-transport notes of the first logger that this is piped from. */
  #piped(): { levels: Levels; parent: { level?: string } | null } {
    const { levels = {}, parent = null } = this as { levels?: Levels; parent?: { level?: string } | null }
    return { levels, parent }
  }
}

type FormattedCall = Pick<LogCall, 'info' | 'format'>
type ExceptionInfo = object & { exception?: unknown }

/** @returns undefined where a format filters the record out. */
function recordOfCall(call: FormattedCall, format: WinstonFormat | undefined): SourceRecord | undefined {
  const formatted = call.format()
  if (!isInfo(formatted)) return undefined
  if (format === undefined) return recordOfInfo(formatted, call.info)
  // The other transports get the same object.
  const own = format.transform(Object.assign({}, formatted), format.options)
  return isInfo(own) ? recordOfInfo(own, call.info) : undefined
}

function isInfo(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function nothing(): void {}
