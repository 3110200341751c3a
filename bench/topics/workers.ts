// pino with a thread that exports: what arrives at a collector, how fast, and what it costs the app.

import { once } from 'node:events'
import { devNull } from 'node:os'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pino from 'pino'
import { createPinoTransport } from '../../dist/adapters/pino/index.js'
import { type Case, type Contender, itself, type Topic, times } from '../case.ts'
import { peers } from '../peers.ts'
import { startReceiver } from '../receiving.ts'
import { fields4, markOf } from '../records.ts'
import { cpuUsage, nanosSince } from '../turns.ts'

const TARGET = 'otel-log-bridge, plain target'
const TRANSPORT = 'otel-log-bridge, createPinoTransport'
const PEER = 'pino-opentelemetry-transport'
const PEER_ENLARGED = 'pino-opentelemetry-transport, queue of 4 M'
const FILE = 'pino/file to /dev/null'

interface Destination {
  readonly stream: pino.DestinationStream
  end(): Promise<unknown>
}

function transport(target: string, options: object): Destination {
  const stream = pino.transport({ target, options })
  return {
    stream,
    end() {
      const closed = once(stream, 'close')
      stream.end()
      return closed
    },
  }
}

const peer = (url: string, processorConfig = {}) =>
  transport(peers.resolve('pino-opentelemetry-transport'), {
    loggerName: 'bench',
    serviceVersion: '1.0.0',
    logRecordProcessorOptions: {
      recordProcessorType: 'batch',
      exporterOptions: { protocol: 'http/protobuf', protobufExporterOptions: { url } },
      processorConfig,
    },
  })

const destinations: Record<string, (endpoint: string) => Destination> = {
  [FILE]: () => transport('pino/file', { destination: devNull }),
  [TARGET]: (endpoint) =>
    transport(fileURLToPath(new URL('../../dist/adapters/pino/target.js', import.meta.url)), { endpoint }),
  [TRANSPORT](endpoint) {
    const stream = createPinoTransport({ endpoint })
    // The other threads have all the time that they want, too.
    return { stream, end: () => stream.close(DEADLINE_MS) }
  },
  [PEER]: (endpoint) => peer(endpoint),
  [PEER_ENLARGED]: (endpoint) => peer(endpoint, { maxQueueSize: 4_000_000 }),
}

/** For a thread to be loaded and its connection to be made. */
const WARM_UP_MS = 1500

const DEADLINE_MS = 60_000

interface Workload {
  readonly records: number
  readonly run: (log: (number: number) => void) => void | Promise<void>
  /** Whether lines are made before, so that all the main thread does is write them. */
  readonly readyMade?: boolean
  /** Whether the rate is the pipeline's, not the workload's. */
  readonly isFlatOut: boolean
}

function linesOf(records: number): string[] {
  const lines: string[] = []
  const logger = pino({}, { write: (line: string) => void lines.push(line) })
  for (let i = 0; i < records; i++) logger.info(fields4, markOf(i))
  return lines
}

const contender =
  (name: string, { records, run, readyMade = false, isFlatOut }: Workload): Contender =>
  async () => {
    const receiver = await startReceiver()
    const { stream, end } = (destinations[name] as (endpoint: string) => Destination)(receiver.endpoint)
    // A logger tells the thread of its configuration, even where it logs nothing.
    const logger = pino({}, stream)
    const lines = readyMade ? linesOf(records) : []
    const log = readyMade
      ? (number: number) => stream.write(lines[number] as string)
      : (number: number) => logger.info(fields4, markOf(number))
    log(0)
    await after(WARM_UP_MS)
    return async () => {
      const beganAt = Date.now()
      const main = cpuUsage()
      const whole = process.cpuUsage()
      await run(log)
      await end()
      const nanos = nanosSince(main) / records
      const { user, system } = process.cpuUsage(whole)
      const { received, lastAt } = name === FILE ? { received: records, lastAt: Date.now() } : await receiver.arrived()
      return {
        ...(isFlatOut && { perSecond: (received / (lastAt - beganAt)) * 1000 }),
        lost: records - received,
        nanos,
        processNanos: ((user + system) * 1000) / records,
        peak: process.resourceUsage().maxRSS / 1024,
      }
    }
  }

function workersCase(name: string, workload: Workload, atLeast?: number, quick = true): Case {
  const ours = [TARGET, TRANSPORT]
  return {
    name,
    contenders: Object.fromEntries(Object.keys(destinations).map((name) => [name, contender(name, workload)])),
    figures: ours.flatMap((of) => [
      itself(of, 'lost', { atMost: 0 }),
      ...(atLeast === undefined ? [] : [times(of, 'perSecond', PEER_ENLARGED, { atLeast })]),
      times(of, 'nanos', FILE, { atMost: 1.05 }),
      times(of, 'peak', FILE, { atMost: 1.3 }),
    ]),
    isOneShot: true,
    quick,
  }
}

const RECORDS = 200_000
const BURST = 16_384
const BURSTS = 12
const BETWEEN_BURSTS_MS = 500

function flatOut(log: (number: number) => void): void {
  for (let i = 1; i < RECORDS; i++) log(i)
}

async function inBursts(log: (number: number) => void): Promise<void> {
  for (let i = 1; i < BURSTS * BURST; i++) {
    log(i)
    if (i % BURST === 0) await after(BETWEEN_BURSTS_MS)
  }
}

export const workers: Topic = {
  title: 'pino with a thread',
  about: `App, thread and collector share the machine; the collector is a process of its own that counts records. Flat out: ${RECORDS} records with 4 fields, in one go. Bursts: ${BURSTS} of ${BURST}, one each ${BETWEEN_BURSTS_MS} ms. Ready-made lines: the main thread does nothing but write lines that were made before. Main-thread CPU is taken until everything is delivered. \`pino/file\` exports nothing: it is what a thread costs by itself.`,
  cases: [
    workersCase('flat out', { records: RECORDS, run: flatOut, isFlatOut: true }, 3),
    workersCase('bursts', { records: BURSTS * BURST, run: inBursts, isFlatOut: false }, undefined, false),
    workersCase('ready-made lines', { records: RECORDS, run: flatOut, readyMade: true, isFlatOut: true }, 5, false),
  ],
  charts: ['perSecond', 'nanos', 'peak'],
}
