// Where winston makes its loggers. Each is configured when it is made, and whenever the app says so: after that it is
// offered. What the app sees of it (its transports, its levels, its end) is as without us: nothing is added to it.

import { offerLogger, type Patching, state } from './attachments.ts'

/** A winston logger, as far as it is used here. */
export interface WinstonLogger {
  readonly transports: readonly unknown[]
}

type Method = (this: WinstonLogger, ...args: unknown[]) => unknown

/**
 * Has each logger of this copy of winston offered, its default one as well.
 *
 * @param Logger what winston's `lib/winston/logger.js` exports.
 */
export function patchWinston(Logger: unknown): Patching {
  const prototype: unknown = typeof Logger === 'function' ? Logger.prototype : undefined
  if (typeof prototype !== 'object' || prototype === null) return 'unknown'
  const methods = prototype as { configure?: Method; add?: Method }
  const { configure, add } = methods
  if (typeof configure !== 'function' || typeof add !== 'function') return 'unknown'
  if (state.patched.has(prototype)) return 'already'
  state.patched.add(prototype)
  methods.configure = function (this: WinstonLogger, ...args: unknown[]) {
    const result = Reflect.apply(configure, this, args)
    const logger = holderOfStream(this)
    if (logger !== undefined && !state.winston.has(logger) && !logger.transports.some(isOurs)) {
      offerLogger((attachment) => attachment.winston(logger))
    }
    return result
  }
  methods.add = function (this: WinstonLogger, ...args: unknown[]) {
    const result = Reflect.apply(add, this, args)
    const logger = holderOfStream(this)
    // The app attaches it itself, and may have told its transport more.
    if (logger !== undefined && isOurs(args[0])) state.winston.get(logger)?.detach()
    return result
  }
  return 'patched'
}

/** Children share the stream of the logger that made them. */
function holderOfStream(source: object): WinstonLogger | undefined {
  for (let holder: object | null = source; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (Object.hasOwn(holder, '_readableState')) return holder as WinstonLogger
  }
  return undefined
}

/** Whether `transport` is an OpenTelemetryTransport of any copy of the package, or of a class of the app's above it. */
function isOurs(transport: unknown): boolean {
  if (typeof transport !== 'object' || transport === null) return false
  for (let holder: object | null = transport; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (holder.constructor?.name === 'OpenTelemetryTransport') return true
  }
  return false
}
