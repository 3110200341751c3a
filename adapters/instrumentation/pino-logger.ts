// Where pino makes its loggers, and where those write to. Nothing of this is pino's API: what is not as it is known is left
// as it is, and told by who notices that records of a logger pass us by (unattached.ts).

import { METADATA } from '../pino/logger.ts'
import { offerLogger, type Patching, state } from './attachments.ts'

type SetLevel = (this: object, level: unknown) => unknown

/**
 * Has each new logger of this copy of pino offered. A logger is given its first level when it is done, by a method of the
 * prototype that all have: pino's functions stay what they are, whichever way they were imported.
 *
 * @param makePrototype what pino's `lib/proto.js` exports.
 */
export function patchPino(makePrototype: unknown): Patching {
  if (typeof makePrototype !== 'function') return 'unknown'
  const prototype: unknown = Object.getPrototypeOf(makePrototype())
  if (typeof prototype !== 'object' || prototype === null) return 'unknown'
  const symbol = symbolOf(prototype, 'setLevel')
  if (symbol === undefined) return 'unknown'
  if (state.patched.has(prototype)) return 'already'
  state.patched.add(prototype)
  const methods = prototype as Record<symbol, SetLevel>
  const setLevel = methods[symbol] as SetLevel
  methods[symbol] = function (this: object, level: unknown) {
    const result = setLevel.call(this, level)
    // A child has none of its own.
    const stream = symbolOf(this, 'stream')
    if (stream !== undefined) offerLogger((attachment) => attachment.pino(this, stream))
    return result
  }
  return 'patched'
}

/** Whether loggers with this logger's prototype are offered when they are made. */
export function isPatchedPino(logger: object): boolean {
  for (let holder: object | null = logger; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (state.patched.has(holder)) return true
  }
  return false
}

/** pino's private symbols are found by their descriptions: each copy has its own. */
export function symbolOf(holder: object, name: 'setLevel' | 'stream'): symbol | undefined {
  return Object.getOwnPropertySymbols(holder).find(({ description }) => description === `pino.${name}`)
}

/** Whether what is written to `stream` is bridged, by us or by a destination that the app has made of this package. */
export function leadsToBridge(stream: unknown): boolean {
  if (typeof stream !== 'object' || stream === null) return false
  if (state.tees.has(stream) || state.threads.get(stream) === true || isOfPackage(stream)) return true
  const { streams } = stream as { streams?: unknown }
  return Array.isArray(streams) && streams.some((entry: { stream?: unknown } | null) => leadsToBridge(entry?.stream))
}

/** By what only `PinoStream` has: it may come from another copy. */
function isOfPackage(stream: object): boolean {
  const { stats, close } = stream as { stats?: unknown; close?: unknown }
  return METADATA in stream && typeof stats === 'function' && typeof close === 'function'
}

type Constructor = new (...args: unknown[]) => object

/**
 * Has it noted which streams lead to the bridge's own target, in a thread of pino's. Its options are all that tells.
 *
 * @param ThreadStream what `thread-stream` exports. @returns what stands for it.
 */
export function noteTargets(ThreadStream: unknown): unknown {
  if (typeof ThreadStream !== 'function' || state.patched.has(ThreadStream)) return ThreadStream
  const noting = new Proxy(ThreadStream as Constructor, {
    construct(target, args, newTarget) {
      const stream: object = Reflect.construct(target, args, newTarget)
      state.threads.set(stream, isOurTarget(args[0]))
      return stream
    },
  })
  state.patched.add(noting)
  return noting
}

const OUR_TARGET = /[\\/]dist[\\/]adapters[\\/]pino[\\/](?:index|target)\.c?js$/

interface ThreadOptions {
  readonly filename?: unknown
  readonly workerData?: {
    readonly targets?: readonly { readonly target?: unknown }[]
    readonly pipelines?: readonly (readonly { readonly target?: unknown }[])[]
  }
}

function isOurTarget(options: unknown): boolean {
  try {
    const { filename, workerData } = options as ThreadOptions
    const { targets = [], pipelines = [] } = workerData ?? {}
    return [filename, ...[...targets, ...pipelines.flat()].map(({ target }) => target)].some((path) =>
      OUR_TARGET.test(String(path)),
    )
  } catch {
    return false
  }
}
