// The ways to put the bridge behind pino with a thread in between.

import { devNull } from 'node:os'
import { fileURLToPath } from 'node:url'
import pino, { type Logger, type LoggerOptions } from 'pino'
import {
  createPinoTransport,
  type OtelMixinOptions,
  otelMixin,
  type PinoStream,
  type PinoTargetOptions,
} from '../../adapters/pino/index.ts'

export const FORMS = ['createPinoTransport', 'target', 'targets', 'pipeline'] as const
export type Form = (typeof FORMS)[number]

/** What is built, as in an app; and see test/support/thread-file.ts. */
export const TARGET = fileURLToPath(new URL('../../dist/adapters/pino/target.js', import.meta.url))
const RECHUNK = fileURLToPath(new URL('./pino-rechunk.mjs', import.meta.url))

export interface FormOptions<L extends string = never> {
  readonly logger?: LoggerOptions<L>
  readonly target?: PinoTargetOptions
  readonly mixin?: OtelMixinOptions
  /** Where the other one of the `targets` writes. */
  readonly file?: string
}

/** `createPinoTransport` needs no mixin; the others have `otelMixin`. */
export function createLogger<L extends string = never>(form: Form, options: FormOptions<L> = {}): Logger<L> {
  const { logger, target = {}, mixin, file = devNull } = options
  if (form === 'createPinoTransport') return pino<L>({ ...logger } as LoggerOptions<L>, createPinoTransport(target))
  const ours = { target: TARGET, options: target }
  const transport = {
    target: ours,
    targets: { targets: [ours, { target: 'pino/file', options: { destination: file } }] },
    pipeline: { pipeline: [{ target: RECHUNK }, ours] },
  }[form]
  return pino<L>({ ...logger, mixin: otelMixin(mixin), transport } as LoggerOptions<L>)
}

/** What pino writes to. */
export function destinationOf(logger: object): PinoStream & NodeJS.EventEmitter {
  return (logger as Record<symbol, PinoStream & NodeJS.EventEmitter>)[pino.symbols.streamSym] as PinoStream &
    NodeJS.EventEmitter
}
