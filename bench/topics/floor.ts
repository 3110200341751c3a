// What a bridge in process needs at least: from a destination that spreads what was logged and emits it, step by step to
// the whole.

import { context, type Logger, type LogRecord } from '@opentelemetry/api'
import pino from 'pino'
import winston from 'winston'
import TransportStream from 'winston-transport'
import { createPinoStream } from '../../dist/adapters/pino/index.js'
import { OpenTelemetryTransport } from '../../dist/adapters/winston/index.js'
import type { AnyValueMap } from '../../src/attributes.ts'
import { DEFAULT_LIMITS } from '../../src/limits.ts'
import { copyPlain } from '../../src/plain.ts'
import { currentScope, runEmit } from '../../src/scope.ts'
import { adds, type Case, type Contender, type Topic } from '../case.ts'
import { BARE, bareEmit, emitting, sdk } from '../providers.ts'
import { fields4, MESSAGE } from '../records.ts'
import { type Call, turnOf } from '../turns.ts'

const ALONE = 'alone'
const SPREADS = 'spreads the fields and emits'
const FRAMED = 'the same, in the guard’s frame'
const COPIES = 'the same, and runs no accessor: each field is asked for its descriptor'
const OURS = 'otel-log-bridge'

type Emit = (logger: Logger, record: LogRecord) => void
type Copy = (fields: object) => AnyValueMap

const emitPlainly: Emit = (logger, record) => logger.emit(record)
const emitInFrame: Emit = (logger, record) => runEmit(currentScope(), emit, logger, record)
function emit(this: Logger, record: LogRecord): void {
  this.emit(record)
}

const spread: Copy = (fields) => ({ ...fields })
const ROOM = 100
const copyEach: Copy = (fields) => {
  const copy: AnyValueMap = {}
  copyPlain(copy, fields, DEFAULT_LIMITS, ROOM)
  return copy
}

const steps: Readonly<Record<string, readonly [Emit, Copy]>> = {
  [SPREADS]: [emitPlainly, spread],
  [FRAMED]: [emitInFrame, spread],
  [COPIES]: [emitInFrame, copyEach],
}

const METADATA: unique symbol = Symbol.for('pino.metadata')

/** What pino tells a destination that asks for it. */
class PinoStep {
  readonly [METADATA] = true
  lastLevel = 0
  lastTime = ''
  lastObj: object = {}
  lastMsg = ''
  readonly #logger = sdk().getLogger('bench')
  readonly #emit: Emit
  readonly #copy: Copy

  constructor(emit: Emit, copy: Copy) {
    this.#emit = emit
    this.#copy = copy
  }

  write(): void {
    const millis = Number(this.lastTime)
    this.#emit(this.#logger, {
      timestamp: [Math.trunc(millis / 1000), (millis % 1000) * 1e6],
      severityNumber: (this.lastLevel / 10) * 4 - 3,
      severityText: 'info',
      body: this.lastMsg,
      attributes: this.#copy(this.lastObj),
      context: context.active(),
    })
  }
}

class WinstonStep extends TransportStream {
  readonly #logger = sdk().getLogger('bench')
  readonly #emit: Emit
  readonly #copy: Copy

  constructor(emit: Emit, copy: Copy) {
    super()
    this.#emit = emit
    this.#copy = copy
  }

  override log(info: { level: string; message: string }, next: () => void): void {
    const { level, message, ...fields } = info
    this.#emit(this.#logger, {
      timestamp: Date.now(),
      severityNumber: 9,
      severityText: level,
      body: message,
      attributes: this.#copy(fields),
      context: context.active(),
    })
    next()
  }
}

class NoopTransport extends TransportStream {
  override log(_info: unknown, next: () => void): void {
    next()
  }
}

function pinoCall(destination: pino.DestinationStream): Call['call'] {
  const logger = pino({}, destination)
  return () => logger.info(fields4, MESSAGE)
}

function winstonCall(transport: winston.transport): Call['call'] {
  const logger = winston.createLogger({ transports: [transport] })
  return () => logger.info(MESSAGE, fields4)
}

function floorCase(
  name: string,
  alone: () => Call['call'],
  step: (emit: Emit, copy: Copy) => Call['call'],
  ours: () => Call['call'],
): Case {
  const contender =
    (emits: number, makeCall: () => Call['call']): Contender =>
    () =>
      turnOf(emitting(emits, makeCall()))
  const unit = { alone: ALONE, unit: BARE }
  return {
    name,
    contenders: {
      [BARE]: contender(1, () => bareEmit(fields4)),
      [ALONE]: contender(0, alone),
      ...Object.fromEntries(
        Object.entries(steps).map(([name, [emit, copy]]) => [name, contender(1, () => step(emit, copy))]),
      ),
      [OURS]: contender(1, ours),
    },
    figures: [...Object.keys(steps), OURS].map((name) => adds(name, unit)),
    quick: false,
  }
}

export const floor: Topic = {
  title: 'What a bridge needs at least',
  about:
    'The least that a destination in process can do, and what each further step adds: the fields are copied, since the app may change them; the emit stands in a frame, so that nothing it causes comes back; no accessor of the app’s runs twice. The rest is what the bridge does besides: level, name and time of the logger, limits, counting, suppression and filters.',
  cases: [
    floorCase(
      'pino, 4 fields',
      () => pinoCall({ write() {} }),
      (emit, copy) => pinoCall(new PinoStep(emit, copy)),
      () => pinoCall(createPinoStream({ loggerProvider: sdk() })),
    ),
    floorCase(
      'winston, 4 fields',
      () => winstonCall(new NoopTransport()),
      (emit, copy) => winstonCall(new WinstonStep(emit, copy)),
      () => winstonCall(new OpenTelemetryTransport({ loggerProvider: sdk() })),
    ),
  ],
  charts: ['nanos'],
}
