// What the guard adds to a bare Logger.emit: a frame made once and entered again (what the bridge does) against
// AsyncLocalStorage.run, outside and inside another async store. node bench/guard.ts

import { AsyncLocalStorage } from 'node:async_hooks'
import { cpus } from 'node:os'
import { type LogRecord, ROOT_CONTEXT } from '@opentelemetry/api'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import { currentScope, runEmit } from '../src/scope.ts'

const ROUNDS = 15
const EMITS = 200_000

const noop = { onEmit() {}, forceFlush: async () => {}, shutdown: async () => {} }
const logger = new LoggerProvider({ processors: [noop] }).getLogger('bench')
type Logger = typeof logger

const record: LogRecord = {
  timestamp: [1_700_000_000, 0],
  severityNumber: 9,
  severityText: 'info',
  body: 'a message of ordinary length',
  attributes: { method: 'GET', path: '/orders/17', status: 200, durationMs: 12.5 },
  context: ROOT_CONTEXT,
}

function emit(this: Logger, argument: LogRecord): void {
  this.emit(argument)
}

const storage = new AsyncLocalStorage<object>()
const emitting = {}
const contenders = {
  bare: () => logger.emit(record),
  guard: () => runEmit(currentScope(), emit, logger, record),
  'AsyncLocalStorage.run': () => storage.run(emitting, () => logger.emit(record)),
}
type Contender = keyof typeof contenders
const names = Object.keys(contenders) as Contender[]

/** Nanoseconds per call, medians of interleaved rounds. */
function measure(): Record<Contender, number> {
  const times: Record<Contender, number[]> = { bare: [], guard: [], 'AsyncLocalStorage.run': [] }
  for (let round = -2; round < ROUNDS; round++) {
    for (const name of names) {
      const call = contenders[name]
      const start = process.hrtime.bigint()
      for (let i = 0; i < EMITS; i++) call()
      if (round >= 0) times[name].push(Number(process.hrtime.bigint() - start) / EMITS)
    }
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<Contender, number>
}

function print(where: string, medians: Record<Contender, number>): void {
  for (const name of names) {
    const ratio = (medians[name] / medians.bare).toFixed(2)
    console.log(`${where.padEnd(24)} ${name.padEnd(24)} ${medians[name].toFixed(0).padStart(6)} ns  ${ratio}×`)
  }
}

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, medians of ${ROUNDS} rounds`)
print('outside other stores', measure())
new AsyncLocalStorage<object>().run({}, () => print('inside another store', measure()))
