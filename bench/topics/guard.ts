// What the guard adds to a bare Logger.emit: a frame made once and entered again (what the bridge does) against
// AsyncLocalStorage.run.

import { AsyncLocalStorage } from 'node:async_hooks'
import { type Logger, type LogRecord, ROOT_CONTEXT } from '@opentelemetry/api'
import { currentScope, runEmit } from '../../src/scope.ts'
import { type Case, type Contender, type Topic, type Turn, times } from '../case.ts'
import { BARE, emitting, sdk } from '../providers.ts'
import { fields4, MESSAGE } from '../records.ts'
import { turnOf } from '../turns.ts'

const GUARD = 'otel-log-bridge, guard'
const RUN = 'AsyncLocalStorage.run'

const logger: Logger = sdk().getLogger('bench')
const record: LogRecord = {
  timestamp: [1_700_000_000, 0],
  severityNumber: 9,
  severityText: 'info',
  body: MESSAGE,
  attributes: fields4,
  context: ROOT_CONTEXT,
}

function emit(this: Logger, argument: LogRecord): void {
  this.emit(argument)
}

const storage = new AsyncLocalStorage<object>()
const scope = {}
const calls = {
  [BARE]: () => logger.emit(record),
  [GUARD]: () => runEmit(currentScope(), emit, logger, record),
  [RUN]: () => storage.run(scope, () => logger.emit(record)),
}

type Within = <T>(fn: () => T) => T

function guardCase(name: string, within: Within): Case {
  const contender =
    (call: () => void): Contender =>
    () =>
      within(async (): Promise<Turn> => {
        const turn = await turnOf(emitting(1, call))
        return () => within(turn)
      })
  return {
    name,
    contenders: Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, contender(call)])),
    figures: [times(GUARD, 'nanos', BARE, { atMost: 1.06 }), times(RUN, 'nanos', BARE)],
  }
}

const other = new AsyncLocalStorage<object>()

export const guard: Topic = {
  title: 'The guard',
  about:
    'The frame that keeps a log from being bridged where emitting a log has caused it, around `Logger.emit` of SDK 3 with a no-op processor. Inside another async store it is entered from a request’s context.',
  cases: [
    guardCase('outside other stores', (fn) => fn()),
    guardCase('inside another store', (fn) => other.run({}, fn)),
  ],
  charts: ['nanos'],
  everyNode: true,
}
