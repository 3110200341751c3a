// Stands in a pino logger for the destination that the app gave it, writes each line to both, and is that destination in
// every other way: for whoever reads, calls or listens to it.

import type { RecordBridge } from '../../src/bridge.ts'
import type { BridgeOptions } from '../../src/bridge-options.ts'
import { METADATA, type PinoLogger } from '../pino/logger.ts'
import { BridgeStream } from '../pino/stream.ts'
import { state } from './attachments.ts'
import { leadsToBridge } from './pino-logger.ts'

/** What pino tells of a call to a destination with {@link METADATA}. */
interface Metadata {
  lastLevel: number | undefined
  lastTime: string | undefined
  lastObj: unknown
  lastMsg: unknown
  lastLogger: PinoLogger | undefined
}

/** A destination of the app's. */
interface Destination extends Partial<Metadata> {
  write(line: string): unknown
  flush?(callback: (error?: Error) => void): unknown
  readonly [METADATA]?: boolean
  /** Of `pino.multistream()`. */
  readonly streams?: readonly unknown[]
}

export class TeeStream implements Metadata {
  readonly [METADATA] = true
  lastLevel: number | undefined = undefined
  lastTime: string | undefined = undefined
  lastObj: unknown = undefined
  lastMsg: unknown = undefined
  lastLogger: PinoLogger | undefined = undefined

  readonly #logger: Record<symbol, unknown>
  readonly #symbol: symbol
  readonly #original: Destination
  readonly #bridge: BridgeStream
  #isAttached = true
  /** How many streams of a multistream are known to be none of ours. */
  #streams: number | undefined

  /** @param symbol by which `logger` keeps its destination. */
  constructor(logger: object, symbol: symbol, bridge: RecordBridge, severities: BridgeOptions['severities']) {
    this.#logger = logger as Record<symbol, unknown>
    this.#symbol = symbol
    this.#original = this.#logger[symbol] as Destination
    this.#bridge = new BridgeStream(bridge, severities, this)
    this.#streams = this.#original.streams?.length
    state.tees.set(this, { detach: () => this.#detach() })
    this.#logger[symbol] = this
    Object.setPrototypeOf(this, standInFor(this.#original))
  }

  // Fields, and what is private: the class's own prototype is given up for one that stands for the destination.
  readonly write = (line: string): void => {
    const { lastLevel, lastTime, lastObj, lastMsg, lastLogger } = this
    // The app's objects are not held.
    this.lastLogger = undefined
    this.lastObj = undefined
    this.lastMsg = undefined
    const original = this.#original
    if (this.#streams !== undefined && original.streams?.length !== this.#streams) this.#lookAgain()
    if (this.#isAttached) {
      const bridge = this.#bridge
      bridge.lastLevel = lastLevel
      bridge.lastTime = lastTime
      bridge.lastObj = lastObj
      bridge.lastMsg = lastMsg
      bridge.lastLogger = lastLogger
      try {
        // Before the app's: what that runs may change the object that was logged.
        bridge.write(line)
      } catch {
        // The stack is exhausted. The app's destination may have enough left.
      }
    }
    if (lastLogger !== undefined && original[METADATA] === true) {
      original.lastLevel = lastLevel
      original.lastTime = lastTime
      original.lastObj = lastObj
      original.lastMsg = lastMsg
      original.lastLogger = lastLogger
    }
    original.write(line)
  }

  /** Tells of both: of the app's destination what it says, once the LoggerProvider is flushed, too, or 8 s are over. */
  readonly flush = (callback?: (error?: Error) => void): void => {
    const tell = (error?: Error) => void flushed.then(() => process.nextTick(callback ?? nothing, error))
    const flushed = new Promise<void>((resolve) => {
      if (this.#isAttached) this.#bridge.flush(() => resolve())
      else resolve()
    })
    if (typeof this.#original.flush === 'function') this.#original.flush(tell)
    else tell()
  }

  /** Leaves the logger with its own destination, or, where somebody has wrapped this, passes everything on to it. */
  #detach(): void {
    this.#isAttached = false
    if (this.#logger[this.#symbol] === this) this.#logger[this.#symbol] = this.#original
  }

  /** A multistream got another stream: ours, perhaps. */
  #lookAgain(): void {
    this.#streams = this.#original.streams?.length
    if (leadsToBridge(this.#original)) this.#detach()
  }
}

/** A prototype that answers as `destination` would, and has its methods run on itself. */
function standInFor(destination: object): object {
  const bound = new Map<unknown, unknown>()
  // On an heir of it: a frozen destination would forbid other methods than its own.
  return new Proxy(Object.create(destination) as object, {
    get(_heir, key) {
      const value: unknown = Reflect.get(destination, key)
      if (typeof value !== 'function' || key === 'constructor') return value
      let method = bound.get(value)
      if (method === undefined) {
        method = value.bind(destination)
        bound.set(value, method)
      }
      return method
    },
    set: (_heir, key, value) => Reflect.set(destination, key, value),
  })
}

function nothing(): void {}
