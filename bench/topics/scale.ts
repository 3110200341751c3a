// What a record costs where there are many: records, loggers, attributes, bytes. Flat, or in proportion.

import pino, { type Logger } from 'pino'
import { createPinoStream, createPinoTransport } from '../../dist/adapters/pino/index.js'
import { type Case, type Contender, type Point, type Quantity, type Topic, times } from '../case.ts'
import { BARE, bareEmit, emitting, sdk, settled } from '../providers.ts'
import { startReceiver } from '../receiving.ts'
import { fields4, MESSAGE } from '../records.ts'
import { type Call, cpuUsage, nanosSince, turnOf } from '../turns.ts'

const ALONE = 'pino alone'
const OURS = 'otel-log-bridge'
const TRANSPORT = 'otel-log-bridge, createPinoTransport'
const nowhere = { write() {} }

const nameOf = (line: string, at: number) => `${line}: ${at}`

interface Lines {
  readonly name: string
  readonly at: readonly number[]
  readonly lines: Readonly<Record<string, (at: number) => Contender>>
  readonly quantities?: readonly Quantity[]
}

/** A case in which each line's points are contenders; its figures say how the last of them stands to the first. */
function casePlotting({ name, at, lines, quantities = ['nanos'] }: Lines): Case & { points: Record<string, Point> } {
  const points = Object.entries(lines).flatMap(([line, contender]) =>
    at.map((at) => ({ name: nameOf(line, at), point: { line, at }, contender: contender(at) })),
  )
  const first = at[0] as number
  const last = at.at(-1) as number
  return {
    name,
    contenders: Object.fromEntries(points.map(({ name, contender }) => [name, contender])),
    points: Object.fromEntries(points.map(({ name, point }) => [name, point])),
    figures: Object.keys(lines).flatMap((line) =>
      quantities.map((quantity) => times(nameOf(line, last), quantity, nameOf(line, first))),
    ),
    quick: false,
  }
}

const called =
  (emits: number, makeCall: (at: number) => Call['call']) =>
  (at: number): Contender =>
  () =>
    turnOf(emitting(emits, makeCall(at)))

/** Few enough for the main thread's share of the buffer. */
const BURST = 16_384
const WARM_UP_BURSTS = 4

const manyRecords =
  (records: number): Contender =>
  async () => {
    const transport = createPinoTransport({ endpoint: (await startReceiver()).endpoint })
    const logger = pino({}, transport)
    const log = async (records: number) => {
      for (let i = 1; i <= records; i++) {
        logger.info(fields4, MESSAGE)
        if (i % BURST === 0) await settled(transport.flush())
      }
      await settled(transport.flush())
    }
    // What compiles its code is not what is asked.
    for (let i = 0; i < WARM_UP_BURSTS; i++) await log(BURST)
    return async () => {
      const main = cpuUsage()
      const whole = process.cpuUsage()
      await log(records)
      const { user, system } = process.cpuUsage(whole)
      return {
        nanos: nanosSince(main) / records,
        processNanos: ((user + system) * 1000) / records,
        peak: process.resourceUsage().maxRSS / 1024,
      }
    }
  }

/** Logs with each of them in turn. */
function inTurn(loggers: readonly Logger[]): Call['call'] {
  let next = 0
  return () => {
    loggers[next]?.info(fields4, MESSAGE)
    next = next + 1 === loggers.length ? 0 : next + 1
  }
}

const many = <T>(count: number, make: (number: number) => T) => Array.from({ length: count }, (_, i) => make(i))
const destination = () => createPinoStream({ loggerProvider: sdk() })
const fieldsOf = (count: number) => Object.fromEntries(many(count, (i) => [`field${i}`, i % 2 ? i : `value ${i}`]))

const logging = (destination: pino.DestinationStream, fields: object, message: string): Call['call'] => {
  const logger = pino({}, destination)
  return () => logger.info(fields, message)
}

export const scale: Topic = {
  title: 'Scale',
  about:
    'What a call costs, against how many records there are (with `createPinoTransport`, each 16 384 waited for), how many loggers log in turn, how many attributes a record has, and how long its message is. Both axes are logarithmic: a level line is flat, one that climbs a decade in a decade is linear.',
  cases: [
    {
      ...casePlotting({
        name: 'records',
        at: [1e4, 1e5, 1e6, 1e7],
        lines: { [TRANSPORT]: manyRecords },
        quantities: ['nanos', 'processNanos', 'peak'],
      }),
      isOneShot: true,
    },
    casePlotting({
      name: 'loggers',
      at: [1, 10, 100, 1000],
      lines: {
        'otel-log-bridge, loggers of one destination': called(1, (count) => {
          const stream = destination()
          return inTurn(many(count, (i) => pino({ name: `logger${i}` }, stream)))
        }),
        'otel-log-bridge, loggers and destinations': called(1, (count) =>
          inTurn(many(count, (i) => pino({ name: `logger${i}` }, destination()))),
        ),
        'otel-log-bridge, children': called(1, (count) => {
          const logger = pino({}, destination())
          return inTurn(many(count, (i) => logger.child({ requestId: i })))
        }),
      },
    }),
    casePlotting({
      name: 'attributes',
      at: [0, 1, 4, 16, 64],
      lines: {
        [BARE]: called(1, (count) => bareEmit(fieldsOf(count))),
        [ALONE]: called(0, (count) => logging(nowhere, fieldsOf(count), MESSAGE)),
        [OURS]: called(1, (count) => logging(destination(), fieldsOf(count), MESSAGE)),
      },
    }),
    casePlotting({
      name: 'bytes of a message',
      at: [100, 1000, 10_000, 100_000],
      lines: {
        [ALONE]: called(0, (length) => logging(nowhere, fields4, 'x'.repeat(length))),
        [OURS]: called(1, (length) => logging(destination(), fields4, 'x'.repeat(length))),
      },
    }),
  ],
  charts: ['nanos', 'peak'],
}
