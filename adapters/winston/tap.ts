// Where records are taken from a winston logger: at its `write`, inside the app's own call. Behind that stand streams,
// which buffer what a slow sibling does not take and deliver it later, in another context, or never.

import type { Writable } from 'node:stream'
import { type Context, context } from '@opentelemetry/api'
import { processState } from '../../src/process-state.ts'
import { nesting } from '../../src/scope.ts'
import { errorArgumentOf, LEVEL } from './info.ts'

/** The parts of a winston logger that are used, some of them its own business or that of its stream. */
export interface WinstonLogger extends Writable {
  readonly silent?: boolean
  readonly level?: string
  readonly levels: Levels
  readonly transports: readonly unknown[]
  readonly readableLength: number
  format: WinstonFormat
  _transform(info: object, encoding: string, callback: () => void): void
  readonly _writableState: { ending: boolean; lastBufferedRequest?: { chunk: unknown } | null }
  readonly _transformState: { writechunk: unknown }
}

/** winston's ranks by level name: the lower, the graver. */
export type Levels = Readonly<Record<string, number>>

export interface WinstonFormat {
  transform(info: object, options?: unknown): unknown
  options?: unknown
}

/** A transport that takes its records here. */
export interface TapReceiver {
  /** Called inside the app's call, once the logger's format has run or where winston is held up. Never throws. */
  receive(call: LogCall, active: Context): void
  readonly transport: Writable
  /** Infos that it has received and that come down the pipe later. */
  readonly offered: WeakSet<object>
}

interface TapState {
  readonly taps: WeakMap<WinstonLogger, LoggerTap>
  /** The call whose info winston is handing to the transports at this moment. */
  delivering: LogCall | undefined
}

/** Shared by all copies of the package: a logger has one tap, or its format would run once for each. */
const state = processState('winston', (): TapState => ({ taps: new WeakMap(), delivering: undefined }))

/** Whether `info`, which came down the pipe, is one that `receiver` has received. */
export function wasOffered(info: object, receiver: TapReceiver): boolean {
  return state.delivering?.sends(info, receiver) === true || receiver.offered.has(info)
}

/** One call of `logger.write`; the logger's format while winston transforms its info. */
export class LogCall implements WinstonFormat {
  readonly logger: WinstonLogger
  /** What winston's stream holds for the call: what the app wrote, or what another patch of `write` made of it. */
  info: object
  /** An Error among the app's arguments; formats take it apart. */
  error: Error | undefined
  readonly #receivers: readonly TapReceiver[]
  /** Kept until the call is offered, and no longer: winston may hold the record for ever. */
  #context: Context | undefined
  #state: 'written' | 'formatted' | 'failed' = 'written'
  #result: unknown
  /** The logger's own format, in whose place this stands. */
  replaced: WinstonFormat | undefined

  constructor(logger: WinstonLogger, info: object, receivers: readonly TapReceiver[], active: Context) {
    this.logger = logger
    this.info = info
    this.#receivers = receivers
    this.#context = active
  }

  get isFormatted(): boolean {
    return this.#state === 'formatted'
  }

  /** The info as far as it is known without running the format. */
  get known(): object {
    return this.#state === 'formatted' && isInfo(this.#result) ? this.#result : this.info
  }

  /**
   * The info as the logger's format makes it, false where it filters it out. The format runs once, be it for winston
   * or, where the streams hold winston up, for the bridge.
   *
   * @throws what the format throws.
   */
  format(format: WinstonFormat = this.logger.format, options: unknown = format.options): unknown {
    if (this.#state === 'written') this.#run(format, options)
    if (this.#state === 'failed') throw this.#result
    return this.#result
  }

  get options(): unknown {
    return this.replaced?.options
  }

  /** winston's turn to format. */
  transform(_info: object, options: unknown): unknown {
    const { logger, replaced } = this
    if (logger.format === this && replaced !== undefined) logger.format = replaced
    // The format is code of the app, run for a record that is being read.
    const depth = nesting
    depth.reading++
    try {
      return this.format(replaced, options)
    } finally {
      depth.reading--
      this.offer()
    }
  }

  sends(info: object, receiver: TapReceiver): boolean {
    return this.known === info && this.#receivers.includes(receiver)
  }

  /** Notes what has yet to arrive. A WeakSet for every record would cost as much as a tenth of its way. */
  noteUndelivered(): void {
    const { logger } = this
    for (const { transport, offered } of this.#receivers) {
      if (logger.readableLength > 0 || transport.writableLength > 0) offered.add(this.known)
    }
  }

  /** Hands the call to the transports, the first time. */
  offer(): void {
    const active = this.#context
    if (active === undefined) return
    this.#context = undefined
    for (const receiver of this.#receivers) receiver.receive(this, active)
  }

  #run(format: WinstonFormat, options: unknown): void {
    const info = this.info as Record<symbol | string, unknown>
    try {
      this.error = errorArgumentOf(info)
      // As winston does before it formats: colorize fails without it.
      if (!info[LEVEL]) info[LEVEL] = info.level
      this.#result = format.transform(info, options)
      this.#state = 'formatted'
    } catch (error) {
      this.#result = error
      this.#state = 'failed'
    }
  }
}

/** Offers `receiver` every record that the app logs with `logger`. */
export function tap(logger: WinstonLogger, receiver: TapReceiver): void {
  let existing = state.taps.get(logger)
  if (existing === undefined) {
    existing = new LoggerTap(logger)
    state.taps.set(logger, existing)
  }
  existing.add(receiver)
}

/** Takes `receiver` off; with the last one the logger is as it was. */
export function untap(logger: WinstonLogger, receiver: TapReceiver): void {
  state.taps.get(logger)?.remove(receiver)
}

class LoggerTap {
  readonly #logger: WinstonLogger
  readonly #patches: Patch[] = []
  /** Never changed, only replaced: a call keeps those of its moment. */
  #receivers: readonly TapReceiver[] = []
  /** The call whose `write` is running and whose info has not come out of the stream yet. */
  #current: LogCall | undefined
  /** Calls that the stream has buffered, by info and in the order of their writes: an app may log one object twice. */
  readonly #held = new WeakMap<object, LogCall[]>()

  constructor(logger: WinstonLogger) {
    this.#logger = logger
  }

  add(receiver: TapReceiver): void {
    if (this.#receivers.includes(receiver)) return
    this.#receivers = [...this.#receivers, receiver]
    if (this.#patches.length > 0) return
    this.#patches.push(
      patch(this.#logger, 'write', (next, args) => this.#write(next, args)),
      patch(this.#logger, '_transform', (next, args) => this.#transform(next, args)),
    )
  }

  remove(receiver: TapReceiver): void {
    this.#receivers = this.#receivers.filter((other) => other !== receiver)
    if (this.#receivers.length > 0) return
    for (const patch of this.#patches.splice(0)) patch.remove()
  }

  #write(next: Method, args: unknown[]): unknown {
    const logger = this.#logger
    const [info] = args
    // winston logs nothing in these states.
    if (!isInfo(info) || logger.silent || logger.destroyed || logger._writableState.ending)
      return Reflect.apply(next, logger, args)
    const call = new LogCall(logger, info, this.#receivers, context.active())
    const outer = this.#current
    this.#current = call
    try {
      return Reflect.apply(next, logger, args)
    } finally {
      const isHeld = this.#current === call
      this.#current = outer
      if (isHeld) this.#hold(call)
      call.offer()
      if (isHeld) call.noteUndelivered()
    }
  }

  /** The stream has buffered the info: its turn comes later, if ever, and perhaps when nobody listens any more. */
  #hold(call: LogCall): void {
    const { _writableState: writable, _transformState: transform } = this.#logger
    const chunk = writable.lastBufferedRequest?.chunk ?? transform.writechunk
    if (isInfo(chunk) && !this.#held.has(chunk)) call.info = chunk
    const held = this.#held.get(call.info)
    if (held === undefined) this.#held.set(call.info, [call])
    else held.push(call)
  }

  #transform(next: Method, args: unknown[]): unknown {
    const logger = this.#logger
    const [info] = args as [object]
    const call = this.#take(info)
    if (call === undefined || !isInfo(logger.format)) return Reflect.apply(next, logger, args)
    const { format } = logger
    const outer = state.delivering
    call.replaced = format
    logger.format = call
    state.delivering = call
    try {
      return Reflect.apply(next, logger, args)
    } finally {
      state.delivering = outer
      // In place: where the stack is exhausted a call would fail.
      if (logger.format === call) logger.format = format
      call.noteUndelivered()
    }
  }

  #take(info: object): LogCall | undefined {
    const current = this.#current
    if (current !== undefined) {
      // Written now and not buffered: whatever comes out of the stream is this call's, be it wrapped on its way.
      this.#current = undefined
      current.info = info
      return current
    }
    return this.#held.get(info)?.shift()
  }
}

/** Children share the stream of the logger that made them: the one that has it itself is meant. */
export function loggerOf(source: object): WinstonLogger | undefined {
  for (let holder: object | null = source; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (Object.hasOwn(holder, '_readableState')) return 'levels' in holder ? (holder as WinstonLogger) : undefined
  }
  return undefined
}

export function isInfo(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

type Method = (...args: never[]) => unknown

interface Patch {
  remove(): void
}

/** Puts `around` on the logger itself, in front of the method that it has, or has by then, without it. */
function patch(
  logger: WinstonLogger,
  key: 'write' | '_transform',
  around: (next: Method, args: unknown[]) => unknown,
): Patch {
  const own = Object.getOwnPropertyDescriptor(logger, key)
  let isOn = true
  function patched(...args: unknown[]): unknown {
    const next: Method = own?.value ?? Object.getPrototypeOf(logger)[key]
    return isOn ? around(next, args) : Reflect.apply(next, logger, args)
  }
  Object.defineProperty(logger, key, { value: patched, configurable: true, writable: true, enumerable: false })
  return {
    remove() {
      isOn = false
      // Somebody has patched on top and may go on calling this one: it stays, and passes on.
      if (logger[key] !== patched) return
      if (own === undefined) delete (logger as Partial<Record<typeof key, unknown>>)[key]
      else Object.defineProperty(logger, key, own)
    },
  }
}
