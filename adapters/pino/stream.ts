// pino in process. The destination is a plain object: behind a Node Writable a re-entrant line would be buffered and
// written outside the scope in which it was logged, where nothing can tell what caused it.

import { type Context, context } from '@opentelemetry/api'
import { RecordBridge } from '../../src/bridge.ts'
import type { BridgeOptions } from '../../src/bridge-options.ts'
import { internalLog, reasonOf } from '../../src/internal-logger.ts'
import {
  bridgeLine,
  DEFAULT_LAYOUT,
  type Level,
  type LineLayout,
  type LineOrigin,
  recordOfLine,
} from '../../src/json-line.ts'
import type { RecordLimits } from '../../src/limits.ts'
import type { PackedReading } from '../../src/pipeline/packed-line.ts'
import type { Logger } from '../../src/provider.ts'
import type { ReadRecord } from '../../src/record.ts'
import type { BridgeStats } from '../../src/stats.ts'
import { callersOf } from './call.ts'
import { LoggerReader, METADATA, type PinoLogger } from './logger.ts'
import { type LoggedObject, type PlainLogger, recordOfObject } from './object.ts'

/** A pino destination, for `pino(options, stream)` and `pino.multistream()`. */
export interface PinoStream {
  /** pino calls this with each line. */
  write(line: string): void
  /** `logger.flush(callback)`: emits what waits for a provider and flushes the provider. */
  flush(callback?: (error?: Error) => void): void
  /** Flushes, then lets go of everything; the LoggerProvider is the app's and stays open. */
  end(): void
  /** The same, to be awaited. */
  close(): Promise<void>
  /** What became of the records of this stream. */
  stats(): BridgeStats
}

/**
 * Makes a pino destination that bridges each record inside the log call, through the app's own LoggerProvider.
 *
 * @throws TypeError for a wrong or unknown option.
 */
export function createPinoStream(options?: BridgeOptions): PinoStream {
  return new BridgeStream(new RecordBridge('createPinoStream', options), options?.severities)
}

const NO_LEVEL: Level = { severityNumber: 0, text: undefined }

/** What pino's metadata tells of a line. One is used again and again: a record that is not wanted allocates nothing. */
class LoggerCall implements LineOrigin, LoggedObject {
  isTaken = false
  line = ''
  logger: PinoLogger | undefined
  layout = DEFAULT_LAYOUT
  level: number | undefined
  severity: Level = NO_LEVEL
  loggerName: string | undefined
  timeText: string | undefined
  time: string | number | null = null
  plain: PlainLogger | undefined
  reading: PackedReading | undefined
  object: unknown
  message: unknown

  /** Lets go of the app's. */
  release(): void {
    this.isTaken = false
    this.line = ''
    this.logger = undefined
    this.plain = undefined
    this.reading = undefined
    this.object = undefined
    this.message = undefined
  }
}

export class BridgeStream implements PinoStream {
  /** By this `pino(stream)` knows a destination from options. */
  readonly writable = true
  /** Asks pino for the `last…` properties below. */
  readonly [METADATA] = true
  lastLevel: number | undefined
  lastTime: string | undefined
  lastObj: unknown
  lastMsg: unknown
  lastLogger: PinoLogger | undefined

  readonly #bridge: RecordBridge
  readonly #loggers: LoggerReader
  /** For lines without metadata: that of the last one with. */
  #layout: LineLayout
  readonly #call = new LoggerCall()
  readonly #recordOf: (call: LoggerCall, limits: RecordLimits) => ReadRecord

  /** @param destination of the loggers, where this is not it: whose every line comes here, with its metadata. */
  constructor(bridge: RecordBridge, severities: BridgeOptions['severities'], destination?: object) {
    this.#bridge = bridge
    const { scopeName, scopeVersion, schemaUrl, limits } = bridge
    this.#loggers = new LoggerReader(destination ?? this, { severities, scopeName, scopeVersion, schemaUrl, limits })
    this.#recordOf = bridge.enrichment?.addsCode === true ? (...of) => this.#recordWithCallers(...of) : recordOfCall
    this.#layout = { ...DEFAULT_LAYOUT, severities }
  }

  write(line: string): void {
    let call: LoggerCall | undefined
    try {
      const active = context.active()
      call = this.#takeCall(line)
      if (call === undefined) {
        // A stream between pino and this one hands no metadata on: the line alone has to tell.
        bridgeLine(this.#bridge, line, this.#layout, active)
      } else {
        const { limits } = this.#bridge
        const { severityNumber } = call.severity
        this.#bridge.read(severityNumber, call.loggerName, active, this.#recordOf, call, limits, emitLine)
      }
    } catch (error) {
      internalLog('error', 'record-failed', `a record could not be bridged: ${reasonOf(error)}`)
    } finally {
      call?.release()
    }
  }

  flush(callback?: (error?: Error) => void): void {
    void this.#bridge.flush().then(() => callback?.())
  }

  end(): void {
    void this.close()
  }

  close(): Promise<void> {
    return this.#bridge.close()
  }

  stats(): BridgeStats {
    return this.#bridge.stats()
  }

  #recordWithCallers(call: LoggerCall, limits: RecordLimits): ReadRecord {
    return { ...recordOfCall(call, limits), callers: callersOf(call.logger, call.level, this.write) }
  }

  /** The metadata belongs to this call: what is logged while the record is read brings its own. */
  #takeCall(line: string): LoggerCall | undefined {
    const { lastLevel, lastLogger, lastTime, lastObj, lastMsg } = this
    // The app's objects are not held.
    this.lastLogger = undefined
    this.lastObj = undefined
    this.lastMsg = undefined
    if (lastLogger === undefined) return undefined
    try {
      const { layout, levels, name, plain, reading } = this.#loggers.factsOf(lastLogger)
      this.#layout = layout
      const call = this.#call.isTaken ? new LoggerCall() : this.#call
      call.isTaken = true
      call.line = line
      call.logger = lastLogger
      call.layout = layout
      call.level = lastLevel
      call.severity = levels.of(lastLevel)
      call.loggerName = name
      call.timeText = lastTime
      call.plain = plain
      call.reading = reading
      call.object = lastObj
      call.message = lastMsg
      return call
    } catch {
      return undefined
    }
  }
}

/** To a Logger that reads the line itself, in a thread of its own; nothing here looks into the line. */
function emitLine(logger: Logger, { line, reading }: LoggerCall, active: Context): boolean {
  return reading !== undefined && logger.emitLine?.(line, reading, active) === true
}

function recordOfCall(call: LoggerCall, limits: RecordLimits): ReadRecord {
  const millis = epochOf(call.timeText)
  // As nearly every logger has it.
  call.time = millis > 0 ? millis : timeOf(call.timeText)
  const record = call.plain === undefined || millis === 0 ? undefined : recordOfObject(call, call.plain, limits)
  return record ?? recordOfLine(call.line, call)
}

const DIGITS_OF_MILLIS = 13

/** By hand: `Number` takes as long as the rest of a short record does. @returns 0 where it is not as pino writes it. */
function epochOf(text: string | undefined): number {
  if (text?.length !== DIGITS_OF_MILLIS) return 0
  let millis = 0
  for (let i = 0; i < DIGITS_OF_MILLIS; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (!(digit >= 0 && digit <= 9)) return 0
    millis = millis * 10 + digit
  }
  return millis
}

const TIME = /^\s*("[^"]*"|[^",}\s]+)/

/** A custom function may have written anything, and more behind it: what is handed over begins with JSON of the time. */
function timeOf(text = ''): string | number | null {
  const value = TIME.exec(text)?.[1]
  if (value === undefined) return null
  return value.startsWith('"') ? value.slice(1, -1) : Number(value)
}
