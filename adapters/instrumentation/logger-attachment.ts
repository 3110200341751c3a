// The loggers that one instrumentation has attached, and how it attaches one.

import { createRequire } from 'node:module'
import { RecordBridge } from '../../src/bridge.ts'
import type { BridgeOptions } from '../../src/bridge-options.ts'
import type * as WinstonAdapter from '../winston/index.ts'
import { type Attachment, type Handle, state } from './attachments.ts'
import { leadsToBridge } from './pino-logger.ts'
import { TeeStream } from './tee-stream.ts'

const OWNER = 'LogBridgeInstrumentation'

export class LoggerAttachment implements Attachment {
  readonly #options: BridgeOptions
  /** One for all pino loggers: their names tell them apart. */
  readonly #bridge: RecordBridge
  readonly #attached = new WeakList<Handle>()

  /** @throws TypeError for a wrong or unknown option. */
  constructor(options: BridgeOptions) {
    this.#options = options
    this.#bridge = new RecordBridge(OWNER, options)
  }

  pino(logger: object, stream: symbol): void {
    if (leadsToBridge((logger as Record<symbol, unknown>)[stream])) return
    const handle = state.tees.get(new TeeStream(logger, stream, this.#bridge, this.#options.severities))
    if (handle !== undefined) this.#attached.add(handle)
  }

  winston(logger: object): void {
    if (state.winston.has(logger)) return
    const { OpenTelemetryTransport } = loadWinstonAdapter()
    // winston decides which exceptions are logged: those that it logs at all are wanted here.
    const transport = new OpenTelemetryTransport({ ...this.#options, handleExceptions: true })
    const handle: Handle = {
      detach() {
        state.winston.delete(logger)
        transport.emit('unpipe', logger)
      },
    }
    state.winston.set(logger, handle)
    // It takes its records where the app writes them, so it is told of the logger and not piped to: winston's list of
    // transports, the levels that it finds there, `clear()` and the end of the logger are the app's own.
    transport.emit('pipe', logger)
    this.#attached.add(handle)
  }

  /** Takes everything off. */
  detach(): void {
    for (const attached of this.#attached.take()) attached.detach()
  }
}

/** Only where winston is: what a transport is made of takes its time to load. */
function loadWinstonAdapter(): typeof WinstonAdapter {
  return createRequire(import.meta.url)('otel-log-bridge/winston') as typeof WinstonAdapter
}

const FIRST_SWEEP = 64

/** Loggers come and go with requests, in some apps: what is collected leaves no more than a reference, for a while. */
class WeakList<T extends object> {
  #refs: WeakRef<T>[] = []
  #sweepAt = FIRST_SWEEP

  add(value: T): void {
    if (this.#refs.length >= this.#sweepAt) {
      this.#refs = this.#refs.filter((ref) => ref.deref() !== undefined)
      this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#refs.length)
    }
    this.#refs.push(new WeakRef(value))
  }

  /** Empties it. */
  take(): T[] {
    return this.#refs.splice(0).flatMap((ref) => ref.deref() ?? [])
  }
}
