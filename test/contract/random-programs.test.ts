// Contract rules 1 to 3 at once: random programs that log, emit, await, suppress, lift and throw, inside one another
// and on all ways into the bridge, against a model of a few lines.

import { context } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import fc from 'fast-check'
import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import winston from 'winston'
import { createPinoStream } from '../../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import {
  bridgeStats,
  createBridge,
  setInternalLogSink,
  suppressLogs,
  unsuppressLogs,
  withLogsSuppressed,
  withLogsUnsuppressed,
} from '../../src/index.ts'
import { LoggerProvider, useContextManager } from '../support/otel.ts'

const PROGRAMS = 10_000
const PROGRAMS_AT_ONCE = 100

type Pause = 'microtask' | 'tick' | 'immediate' | 'timer'
type ScopeKind = 'suppressed' | 'unsuppressed' | 'suppressLogs' | 'unsuppressLogs' | 'suppressTracing'
type Via = 'createBridge' | 'pino' | 'winston'

/** `reading` runs in a getter of the record, `emitting` in the processor that gets it. */
interface Log {
  readonly op: 'log'
  readonly via: Via
  readonly reading: readonly Op[]
  readonly emitting: readonly Op[]
}
/** Awaits do nothing in code that runs in one go. */
type Op =
  | Log
  | { readonly op: 'scope'; readonly kind: ScopeKind; readonly body: readonly Op[] }
  | { readonly op: 'try'; readonly body: readonly Op[] }
  | { readonly op: 'spawn'; readonly when: 'now' | Pause; readonly body: readonly Op[] }
  | { readonly op: 'await'; readonly pause: Pause }
  | { readonly op: 'throw' }

const via = fc.constantFrom<Via>('createBridge', 'pino', 'winston')
const pause = fc.constantFrom<Pause>('microtask', 'tick', 'immediate', 'timer')
const { program: bush } = fc.letrec<{ program: Op[]; op: Op }>((tie) => ({
  program: fc.array(tie('op'), { maxLength: 3, size: 'max', depthIdentifier: 'program' }),
  op: fc.oneof(
    { maxDepth: 14, depthIdentifier: 'program', depthSize: 'max', withCrossShrink: true },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('await' as const), pause }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('throw' as const) }) },
    {
      weight: 8,
      arbitrary: fc.record({
        op: fc.constant('log' as const),
        via,
        reading: tie('program'),
        emitting: tie('program'),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        op: fc.constant('scope' as const),
        kind: fc.constantFrom<ScopeKind>(
          'suppressed',
          'unsuppressed',
          'unsuppressed',
          'suppressLogs',
          'unsuppressLogs',
          'suppressTracing',
        ),
        body: tie('program'),
      }),
    },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('try' as const), body: tie('program') }) },
    {
      weight: 3,
      arbitrary: fc.record({
        op: fc.constant('spawn' as const),
        when: fc.oneof(fc.constant('now' as const), pause),
        body: tie('program'),
      }),
    },
  ),
}))

/** Records inside records inside exports: a bush seldom grows as deep as nesting is allowed. */
const tower = fc
  .array(
    fc.record({
      layer: fc.oneof(
        { weight: 3, arbitrary: fc.constant('reading' as const) },
        { weight: 3, arbitrary: fc.constant('emitting' as const) },
        { weight: 1, arbitrary: fc.constantFrom<ScopeKind | 'spawn'>('unsuppressed', 'spawn') },
      ),
      via,
      beside: fc.oneof({ weight: 2, arbitrary: fc.constant<Op[]>([]) }, { weight: 1, arbitrary: bush }),
    }),
    { minLength: 4, maxLength: 9, size: 'max' },
  )
  .map((layers) =>
    layers.reduceRight<Op[]>((inside, { layer, via, beside }) => {
      if (layer === 'reading') return [{ op: 'log', via: 'createBridge', reading: inside, emitting: beside }]
      if (layer === 'spawn') return [{ op: 'spawn', when: 'now', body: inside }, ...beside]
      if (layer !== 'emitting') return [{ op: 'scope', kind: layer, body: inside }, ...beside]
      const emitting: Op[] = [{ op: 'scope', kind: 'unsuppressed', body: inside }]
      return [{ op: 'log', via, reading: beside, emitting }]
    }, []),
  )
const program = fc.oneof({ weight: 5, arbitrary: bush }, { weight: 1, arbitrary: tower })

type Fate = 'emitted' | 'failed' | 'caused by an emit' | 'too deep' | 'suppressed'
type Fates = Map<Log, Fate>

// The model.

interface Place {
  readonly emitting: boolean
  readonly suppressed: boolean
  readonly generation: number
  /** The OTel Context's keys: logs suppressed or not, tracing suppressed. */
  readonly logs: boolean | undefined
  readonly tracing: boolean
  /** Records being read further up the stack. */
  readonly reading: number
}

const OUTSIDE: Place = {
  emitting: false,
  suppressed: false,
  generation: 0,
  logs: undefined,
  tracing: false,
  reading: 0,
}

function enter(kind: ScopeKind, place: Place): Place {
  const lifted = place.tracing ? false : undefined
  switch (kind) {
    case 'suppressed':
      return { ...place, suppressed: true }
    case 'unsuppressed':
      return { ...place, emitting: false, suppressed: false, logs: lifted }
    case 'suppressLogs':
      return { ...place, logs: true }
    case 'unsuppressLogs':
      return { ...place, logs: lifted }
    case 'suppressTracing':
      return { ...place, tracing: true }
  }
}

class Thrown extends Error {}

/** @returns true if the program ended with a throw. */
function predict(ops: readonly Op[], start: Place, isAsync: boolean, fates: Fates): boolean {
  let place = start
  // After an await nothing is being read any more.
  const resume = () => {
    if (isAsync) place = { ...place, reading: 0 }
  }
  for (const op of ops) {
    if (op.op === 'throw') return true
    if (op.op === 'log') predictLog(op, place, fates)
    else if (op.op === 'await') resume()
    else if (op.op === 'spawn') {
      predict(op.body, op.when === 'now' ? place : { ...place, reading: 0 }, true, fates)
    } else {
      const inside = op.op === 'scope' ? enter(op.kind, place) : place
      const thrown = predict(op.body, inside, isAsync, fates)
      resume()
      if (thrown && op.op === 'scope') return true
    }
  }
  return false
}

function predictLog(log: Log, place: Place, fates: Fates): void {
  // Loggers read a getter before they write; the bridge reads none of a record that it refuses.
  if (log.via !== 'createBridge') predict(log.reading, place, false, fates)
  if (place.emitting) fates.set(log, 'caused by an emit')
  else if (place.reading + place.generation > 4) fates.set(log, 'too deep')
  else if (place.suppressed || (place.logs ?? place.tracing)) fates.set(log, 'suppressed')
  else {
    if (log.via === 'createBridge') predict(log.reading, { ...place, reading: place.reading + 1 }, false, fates)
    const inside = { ...OUTSIDE, emitting: true, generation: place.generation + 1, reading: place.reading }
    fates.set(log, predict(log.emitting, inside, false, fates) ? 'failed' : 'emitted')
  }
}

// The real thing.

/** Runs programs; what reaches the provider is noted. */
class Runner {
  readonly arrived = new Set<Log>()
  readonly #logs = new Map<string, Log>()
  readonly #loggers: Record<Via, (message: string, fields: object) => void>
  #running = 0
  #whenIdle: (() => void) | undefined

  constructor() {
    const loggerProvider = new LoggerProvider({
      processors: [
        {
          onEmit: ({ body }) => this.#onEmit(String(body)),
          forceFlush: async () => {},
          shutdown: async () => {},
        },
      ],
    })
    const bridge = createBridge({ loggerProvider })
    const pinoLogger = pino({}, createPinoStream({ loggerProvider }))
    const winstonLogger = winston.createLogger({ transports: [new OpenTelemetryTransport({ loggerProvider })] })
    this.#loggers = {
      createBridge: (body, attributes) => bridge.emit({ body, attributes }),
      pino: (message, fields) => pinoLogger.info(fields, message),
      winston: (message, fields) => winstonLogger.info(message, fields),
    }
  }

  async run(programs: readonly (readonly Op[])[]): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.#whenIdle = resolve
    })
    this.#running++
    for (const ops of programs) this.#spawn('now', ops)
    this.#ended()
    await idle
  }

  #onEmit(id: string): void {
    const log = this.#logs.get(id)
    if (log === undefined) throw new Error(`no program logged ${id}`)
    this.arrived.add(log)
    this.#runSync(log.emitting)
  }

  #log(log: Log): void {
    const id = `record ${this.#logs.size}`
    this.#logs.set(id, log)
    const read = () => this.#runSync(log.reading)
    this.#loggers[log.via](id, {
      get value() {
        if (log.via === 'createBridge') read()
        else {
          // Both loggers let a getter's throw through to the app.
          try {
            read()
          } catch (error) {
            if (!(error instanceof Thrown)) throw error
          }
        }
        return 'read'
      },
    })
  }

  #runSync(ops: readonly Op[]): void {
    for (const op of ops) {
      if (op.op === 'throw') throw new Thrown()
      if (op.op === 'log') this.#log(op)
      else if (op.op === 'spawn') this.#spawn(op.when, op.body)
      else if (op.op === 'scope') inScope(op.kind, () => this.#runSync(op.body))
      else if (op.op === 'try') {
        try {
          this.#runSync(op.body)
        } catch (error) {
          if (!(error instanceof Thrown)) throw error
        }
      }
    }
  }

  async #runAsync(ops: readonly Op[]): Promise<void> {
    for (const op of ops) {
      if (op.op === 'throw') throw new Thrown()
      if (op.op === 'log') this.#log(op)
      else if (op.op === 'spawn') this.#spawn(op.when, op.body)
      else if (op.op === 'await') await new Promise<void>((resolve) => soon(op.pause, resolve))
      else if (op.op === 'scope') await inScope(op.kind, () => this.#runAsync(op.body))
      else await this.#runAsync(op.body).catch(onlyThrown)
    }
  }

  #spawn(when: 'now' | Pause, ops: readonly Op[]): void {
    this.#running++
    const start = () => {
      void this.#runAsync(ops)
        .catch(onlyThrown)
        .finally(() => this.#ended())
    }
    if (when === 'now') start()
    else soon(when, start)
  }

  #ended(): void {
    if (--this.#running === 0) this.#whenIdle?.()
  }
}

function onlyThrown(error: unknown): void {
  if (!(error instanceof Thrown)) throw error
}

function soon(when: Pause, fn: () => void): void {
  if (when === 'microtask') queueMicrotask(fn)
  else if (when === 'tick') process.nextTick(fn)
  else if (when === 'immediate') setImmediate(fn)
  else setTimeout(fn, 1)
}

function inScope<T>(kind: ScopeKind, fn: () => T): T {
  if (kind === 'suppressed') return withLogsSuppressed(fn)
  if (kind === 'unsuppressed') return withLogsUnsuppressed(fn)
  const change = { suppressLogs, unsuppressLogs, suppressTracing }[kind]
  return context.with(change(context.active()), fn)
}

const NONE: Readonly<Record<Fate, number>> = {
  emitted: 0,
  failed: 0,
  'caused by an emit': 0,
  'too deep': 0,
  suppressed: 0,
}

function countsOf(fates: Fates): Record<Fate, number> {
  const counts = { ...NONE }
  for (const fate of fates.values()) counts[fate]++
  return counts
}

test(`${PROGRAMS} random programs end as the model says`, async () => {
  onTestFinished(useContextManager())
  // Programs throw in the processor; that each is reported is another test's matter.
  setInternalLogSink(() => {})
  onTestFinished(() => setInternalLogSink(undefined))
  const total = { ...NONE }

  await fc.assert(
    fc.asyncProperty(
      fc.array(program, { minLength: PROGRAMS_AT_ONCE, maxLength: PROGRAMS_AT_ONCE }),
      async (programs) => {
        const expected: Fates = new Map()
        for (const ops of programs) predict(ops, OUTSIDE, true, expected)
        const counts = countsOf(expected)

        const before = bridgeStats()
        const runner = new Runner()
        await runner.run(programs)
        const after = bridgeStats()

        for (const [log, fate] of expected) {
          const arrives = fate === 'emitted' || fate === 'failed'
          expect(runner.arrived.has(log), `a record by ${log.via} is ${fate}`).toBe(arrives)
        }
        expect(after.emitted - before.emitted).toBe(counts.emitted)
        for (const reason of ['failed', 'suppressed'] as const) {
          expect(after.dropped[reason] - before.dropped[reason], reason).toBe(counts[reason])
        }
        const reentrant = counts['caused by an emit'] + counts['too deep']
        expect(after.dropped.reentrant - before.dropped.reentrant, 'reentrant').toBe(reentrant)
        for (const fate of Object.keys(counts) as Fate[]) total[fate] += counts[fate]
      },
    ),
    { numRuns: PROGRAMS / PROGRAMS_AT_ONCE },
  )
  // The programs meet every case often enough to mean something.
  for (const [fate, count] of Object.entries(total)) expect(count, `records ${fate}`).toBeGreaterThan(100)
}, 120_000)
