// pino in process. The destination is a plain object: behind a Node Writable a re-entrant line would be buffered and
// written outside the scope in which it was logged, where nothing can tell what caused it.

import { context } from '@opentelemetry/api'
import { RecordBridge } from '../../src/bridge.ts'
import type { BridgeOptions } from '../../src/bridge-options.ts'
import { internalLog, reasonOf } from '../../src/internal-logger.ts'
import {
  bridgeLine,
  DEFAULT_LAYOUT,
  type LineLayout,
  type LineOrigin,
  recordOfLine,
  severityNumberOf,
} from '../../src/json-line.ts'
import type { BridgeStats } from '../../src/stats.ts'
import { LoggerReader, type PinoLogger } from './logger.ts'

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

const METADATA: unique symbol = Symbol.for('pino.metadata')

class BridgeStream implements PinoStream {
  /** By this `pino(stream)` knows a destination from options. */
  readonly writable = true
  /** Asks pino for the `last…` properties below. */
  readonly [METADATA] = true
  lastLevel: number | undefined
  lastTime: string | undefined
  lastLogger: PinoLogger | undefined

  readonly #bridge: RecordBridge
  readonly #loggers: LoggerReader
  /** For lines without metadata: that of the last one with. */
  #layout: LineLayout

  constructor(bridge: RecordBridge, severities: BridgeOptions['severities']) {
    this.#bridge = bridge
    this.#loggers = new LoggerReader(severities)
    this.#layout = { ...DEFAULT_LAYOUT, severities }
  }

  /** pino hands these over too; the line says all of it, so the app's objects are not held. */
  set lastObj(_value: unknown) {}
  set lastMsg(_value: unknown) {}

  write(line: string): void {
    try {
      const active = context.active()
      const origin = this.#takeMetadata()
      if (origin === undefined) {
        // A stream between pino and this one hands no metadata on: the line alone has to tell.
        bridgeLine(this.#bridge, line, this.#layout, active)
        return
      }
      const severityNumber = severityNumberOf(origin.level, origin.layout)
      this.#bridge.read(severityNumber, origin.loggerName, active, recordOfLine, line, origin)
    } catch (error) {
      internalLog('error', 'record-failed', `a record could not be bridged: ${reasonOf(error)}`)
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

  /** The metadata belongs to this call: what is logged while the record is read brings its own. */
  #takeMetadata(): LineOrigin | undefined {
    const { lastLevel, lastLogger, lastTime } = this
    this.lastLogger = undefined
    if (lastLogger === undefined) return undefined
    try {
      const { layout, name } = this.#loggers.factsOf(lastLogger)
      this.#layout = layout
      return { layout, level: lastLevel, loggerName: name, time: timeOf(lastTime) }
    } catch {
      return undefined
    }
  }
}

const TIME = /^\s*("[^"]*"|[^",}\s]+)/

/** pino hands over the JSON text of the time, and of whatever a custom function wrote behind it. */
function timeOf(text = ''): string | number | null {
  // As nearly every logger has it.
  const millis = Number(text)
  if (millis > 0) return millis
  const value = TIME.exec(text)?.[1]
  if (value === undefined) return null
  return value.startsWith('"') ? value.slice(1, -1) : Number(value)
}
