// Where records are taken from a winston logger: at its `write`, inside the app's own call. Behind that stand streams,
// which buffer what a slow sibling does not take and deliver it later, in another context, or never.

import type { Writable } from 'node:stream'
import { type Context, context } from '@opentelemetry/api'

/** The parts of a winston logger that are used, some of them winston's own business. */
export interface WinstonLogger extends Writable {
  silent?: boolean
  level?: string
  levels: Readonly<Record<string, number>>
  format: WinstonFormat
  _transform(info: object, encoding: string, callback: () => void): void
  _writableState: { ending: boolean }
}

export interface WinstonFormat {
  transform(info: object, options?: unknown): unknown
  options?: unknown
}

/** A transport that takes its records here. */
export interface TapReceiver {
  receive(call: LogCall): void
}

/** Infos that were offered at `write` and reach the transport once more through the pipe. */
const offered = new WeakSet<object>()

export function wasOffered(info: object): boolean {
  return offered.has(info)
}

/** One call of `logger.write`. */
export class LogCall {
  readonly logger: WinstonLogger
  readonly info: object
  readonly context: Context
  #formatted = false
  #output: unknown
  #error: unknown

  constructor(logger: WinstonLogger, info: object, active: Context) {
    this.logger = logger
    this.info = info
    this.context = active
  }

  /** True once the logger's format has run. */
  get isFormatted(): boolean {
    return this.#formatted
  }

  /**
   * The info as the logger's format makes it, false where it filters it out. The format runs once, be it for winston
   * or, where the streams hold winston up, for the bridge.
   *
   * @throws what the format throws.
   */
  format(format: WinstonFormat = this.logger.format): unknown {
    if (!this.#formatted) {
      this.#formatted = true
      try {
        this.#output = format.transform(this.info, format.options)
        if (isInfo(this.#output)) offered.add(this.#output)
      } catch (error) {
        this.#error = error
      }
    }
    if (this.#error !== undefined) throw this.#error
    return this.#output
  }
}

const taps = new WeakMap<WinstonLogger, LoggerTap>()

/** Offers `receiver` every record that the app logs with the logger behind `source`, a logger or a child. */
export function tap(source: object, receiver: TapReceiver): void {
  const logger = loggerOf(source)
  if (logger === undefined) return
  let existing = taps.get(logger)
  if (existing === undefined) {
    existing = new LoggerTap(logger)
    taps.set(logger, existing)
  }
  existing.receivers.add(receiver)
}

/** Takes `receiver` off; with the last one the logger is as it was. */
export function untap(source: object, receiver: TapReceiver): void {
  const logger = loggerOf(source)
  const existing = logger === undefined ? undefined : taps.get(logger)
  if (logger === undefined || existing === undefined) return
  existing.receivers.delete(receiver)
  if (existing.receivers.size > 0) return
  taps.delete(logger)
  existing.remove()
}

class LoggerTap {
  readonly receivers = new Set<TapReceiver>()
  readonly #logger: WinstonLogger
  readonly #restoreWrite: () => void
  readonly #restoreTransform: () => void
  /** The call whose `write` is running. */
  #current: LogCall | undefined
  /** Calls that winston's streams still hold, in the order of their writes: an app may log one object twice. */
  readonly #held = new WeakMap<object, LogCall[]>()

  constructor(logger: WinstonLogger) {
    this.#logger = logger
    const { write, _transform: transform } = logger
    this.#restoreWrite = replace(logger, 'write', (...args: unknown[]) => this.#write(write, args))
    this.#restoreTransform = replace(logger, '_transform', (info: object, encoding: string, callback: () => void) =>
      this.#transform(transform, info, encoding, callback),
    )
  }

  remove(): void {
    this.#restoreWrite()
    this.#restoreTransform()
  }

  #write(write: WinstonLogger['write'], args: unknown[]): boolean {
    const logger = this.#logger
    const [info] = args
    if (!isInfo(info) || logger.silent === true || logger._writableState.ending)
      return Reflect.apply(write, logger, args)
    const call = new LogCall(logger, info, context.active())
    const outer = this.#current
    this.#current = call
    try {
      return Reflect.apply(write, logger, args)
    } finally {
      if (this.#current === call) this.#hold(call)
      this.#current = outer
      for (const receiver of this.receivers) receiver.receive(call)
    }
  }

  /** The stream has buffered the info: its turn comes later, if ever, and perhaps when this tap is gone. */
  #hold(call: LogCall): void {
    offered.add(call.info)
    const held = this.#held.get(call.info)
    if (held === undefined) this.#held.set(call.info, [call])
    else held.push(call)
  }

  /** Lets winston transform the info, with the call's result in place of its format's. */
  #transform(transform: WinstonLogger['_transform'], info: object, encoding: string, callback: () => void): void {
    const logger = this.#logger
    const call = this.#callOf(info)
    if (call === undefined) {
      transform.call(logger, info, encoding, callback)
      return
    }
    const { format } = logger
    const standIn: WinstonFormat = {
      transform: (other, options) => {
        if (other !== info) return format.transform(other, options)
        logger.format = format
        return call.format(format)
      },
      options: format.options,
    }
    logger.format = standIn
    try {
      transform.call(logger, info, encoding, callback)
    } finally {
      if (logger.format === standIn) logger.format = format
    }
  }

  #callOf(info: object): LogCall | undefined {
    if (this.#current?.info === info) {
      const call = this.#current
      this.#current = undefined
      return call
    }
    return this.#held.get(info)?.shift()
  }
}

/** Children share the streams of the logger that made them: the one that has them itself is meant. */
function loggerOf(source: object): WinstonLogger | undefined {
  for (let holder: object | null = source; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (Object.hasOwn(holder, '_readableState')) return 'levels' in holder ? (holder as WinstonLogger) : undefined
  }
  return undefined
}

/** @returns what undoes the replacement, unless somebody has replaced it in turn. */
function replace<T extends object, K extends keyof T>(target: T, key: K, replacement: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(target, key)
  Object.defineProperty(target, key, { value: replacement, configurable: true, writable: true, enumerable: false })
  return () => {
    if (target[key] !== replacement) return
    if (before === undefined) delete target[key]
    else Object.defineProperty(target, key, before)
  }
}

function isInfo(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
