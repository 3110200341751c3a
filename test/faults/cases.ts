// The fault cases: what goes wrong, in which forms, and what must hold all the same.

import type { AppOrder, End } from './app.ts'
import type { ExportSettings, Form, Result } from './forms.ts'
import { type AppRun, Receiver, runApp, runScript } from './processes.ts'
import type { Script, Summary } from './receiver.ts'
import type { SameThread } from './same-thread.ts'

/** Figures for the report line; `failures` is empty where the case has passed. */
export interface Outcome {
  readonly figures: string
  readonly failures: readonly string[]
}

export interface FaultCase {
  readonly form: Form
  readonly name: string
  /** Measures memory or time, or needs both cores: nothing else runs meanwhile. */
  readonly isAlone: boolean
  run(): Promise<Outcome>
}

const MEBIBYTE = 1024 * 1024
const DEFAULT_QUEUE = 64 * MEBIBYTE
const ALLOWANCE = 100 * MEBIBYTE
const ON_THREAD: readonly Form[] = ['transport', 'target', 'pino-worker', 'winston-worker']
const ALL: readonly Form[] = [...ON_THREAD, 'processor']
const PER_SECOND = 10_000
/** OTEL_BLRP_SCHEDULE_DELAY's default. */
const FLUSH_INTERVAL_S = 1

interface Seen {
  readonly app: AppRun
  readonly summary: Summary
  readonly written: number
  readonly result: Result | undefined
  readonly rssBefore: number
  readonly peakRss: number | undefined
}

async function observe(order: Omit<AppOrder, 'endpoint'>, script: Script = { kind: 'none' }): Promise<Seen> {
  const receiver = await Receiver.start(script)
  try {
    const app = await runApp({ ...order, endpoint: receiver.endpoint }, () => receiver.begin())
    const summary = await receiver.summary()
    const eventOf = <E extends string>(name: E) => app.events.find(({ event }) => event === name)
    const begin = eventOf('begin')
    const written = eventOf('written')
    const closed = eventOf('closed')
    return {
      app,
      summary,
      written: written?.event === 'written' ? written.written : 0,
      result: closed?.event === 'closed' && closed.result !== null ? closed.result : undefined,
      rssBefore: begin?.event === 'begin' ? begin.rss : 0,
      peakRss: closed?.event === 'closed' ? closed.peakRss : undefined,
    }
  } finally {
    receiver.stop()
  }
}

function failuresOf(checks: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(checks).flatMap(([what, holds]) => (holds ? [] : [what]))
}

const mib = (bytes: number) => `${Math.round(bytes / MEBIBYTE)} MiB`

function allArrived({ summary, written }: Seen): Readonly<Record<string, boolean>> {
  return {
    'all arrive': written > 0 && summary.received === written,
    'in order': summary.disordered === 0,
    'no duplicate of an answered record': summary.wrongDuplicates === 0,
  }
}

function arrivals({ summary, written }: Seen): string {
  const twice = summary.duplicates === 0 ? '' : `, ${summary.duplicates} twice`
  return `${summary.received} of ${written} arrived${twice}`
}

/** With the default bounds: a burst that they do not hold fails here. */
function burst(form: Form, records: number): FaultCase {
  return {
    form,
    name: `burst of ${records}, clean end`,
    isAlone: true,
    async run() {
      const beganAt = Date.now()
      const seen = await observe({
        form,
        settings: {},
        burst: records,
        yields: records > 100_000,
        end: 'close',
      })
      const { app, rssBefore, peakRss = Number.POSITIVE_INFINITY, result, summary, written } = seen
      // Two queues: one on each thread.
      const bound = DEFAULT_QUEUE + (form === 'processor' ? 0 : DEFAULT_QUEUE) + ALLOWANCE
      return {
        figures: `${arrivals(seen)} in ${Date.now() - beganAt} ms; RSS ${mib(rssBefore)}, peak +${mib(peakRss - rssBefore)} (bound +${mib(bound)})`,
        failures: failuresOf({
          ...allArrived(seen),
          'once each': summary.duplicates === 0,
          'result says so': form === 'target' || result?.delivered === written,
          'memory bounded': peakRss - rssBefore <= bound,
          'exit code 0': app.code === 0,
        }),
      }
    },
  }
}

function outage(form: Form, name: string, script: Script, settings: ExportSettings = {}): FaultCase {
  return {
    form,
    name: `${PER_SECOND}/s for 10 s, ${name}`,
    isAlone: false,
    async run() {
      const seen = await observe({ form, settings, perSecond: PER_SECOND, seconds: 10, end: 'close' }, script)
      const { result, summary, written, app } = seen
      return {
        figures: `${arrivals(seen)}, ${summary.requests} requests, ${summary.refused} of them refused, closed after ${app.endMs} ms`,
        failures: failuresOf({
          ...allArrived(seen),
          'duplicates only where an answer was lost': script.kind === 'resets' || summary.duplicates === 0,
          'result says so': form === 'target' || result?.delivered === written,
          'exit code 0': app.code === 0,
        }),
      }
    },
  }
}

const EXIT_CODES = {
  'process.exit(0)': 0,
  'uncaught exception': 1,
  'unhandled rejection': 1,
  'SIGTERM, handled': 42,
  'SIGTERM, default': 'SIGTERM',
} as const

function exit(form: Form, end: keyof typeof EXIT_CODES): FaultCase {
  const isOnThread = form !== 'processor'
  return {
    form,
    name: `burst, then ${end}`,
    isAlone: false,
    async run() {
      const seen = await observe({ form, settings: {}, burst: 100_000, end })
      const { app, summary, written } = seen
      const figures = `${arrivals(seen)}, exit code ${app.code ?? app.signal}, ended in ${app.endMs} ms`
      const code = { [`exit code ${EXIT_CODES[end]}`]: (app.code ?? app.signal) === EXIT_CODES[end] }
      if (isOnThread || end === 'SIGTERM, default')
        return { figures, failures: failuresOf({ ...allArrived(seen), ...code }) }
      // In the app's own thread nothing can be sent once the event loop has stopped: there it is the telling that counts.
      const told = undeliveredOf(app.stderr)
      return {
        figures: `${figures}, ${told} told undelivered`,
        failures: failuresOf({ ...code, 'what is lost is told': told > 0 && summary.received + told >= written }),
      }
    },
  }
}

/** Of the lines on fd 2: `12 records undelivered at the end`, `12 records were not delivered …`. */
function undeliveredOf(stderr: string): number {
  const lines = [...stderr.matchAll(/(\d+) records? (?:undelivered|were not delivered|was not delivered)/g)]
  return lines.reduce((most, [, count]) => Math.max(most, Number(count)), 0)
}

function killed(form: Form, end: 'SIGKILL' | 'SIGTERM, default'): FaultCase {
  return {
    form,
    name: `${PER_SECOND}/s for 3 s, then ${end}`,
    isAlone: false,
    async run() {
      const seen = await observe({ form, settings: {}, perSecond: PER_SECOND, seconds: 3, end })
      const { app, summary, written } = seen
      const lost = written - summary.received
      const held = PER_SECOND * FLUSH_INTERVAL_S
      return {
        figures: `${arrivals(seen)}, ${lost} lost (a flush interval holds ${held}), ${app.signal}`,
        failures: failuresOf({
          'at most a flush interval lost': written > 0 && lost <= held,
          'in order': summary.disordered === 0,
          'once each': summary.duplicates === 0,
          'ended by the signal': app.signal === end.slice(0, 7).replace(',', ''),
        }),
      }
    },
  }
}

/** Over thread-stream's own 10 s, for the start of the process and the end of the thread. */
const EXIT_DEADLINE_MS = 13_000
/** The app's own exporter holds the process for the export under way and for the last one, 10 s each. */
const EXPORTER_EXIT_DEADLINE_MS = 22_000
/** A flush, an exit and the burst itself, each within its deadline, on a busy machine. */
const DEADLOCK_MS = 40_000

function unanswered(form: Form, name: string, script: Script, end: End): FaultCase {
  return {
    form,
    name: `${name}, 1000 records, ${end}`,
    isAlone: false,
    async run() {
      const order = { form, settings: {}, burst: 1000, end, isCold: true }
      const { app, written } = script.kind === 'closed' ? await withoutReceiver(order) : await observe(order, script)
      const told = undeliveredOf(app.stderr)
      return {
        figures: `ended in ${app.endMs} ms, exit code ${app.code}, ${told} of ${written} told undelivered on fd 2`,
        failures: failuresOf({
          'the count is on fd 2': told === written && written > 0,
          'within the deadline': app.endMs < (form === 'processor' ? EXPORTER_EXIT_DEADLINE_MS : EXIT_DEADLINE_MS),
          'exit code 0': app.code === 0,
        }),
      }
    },
  }
}

async function withoutReceiver(order: Omit<AppOrder, 'endpoint'>): Promise<{ app: AppRun; written: number }> {
  // The discard port: nothing listens there, and no process is given it by chance.
  const app = await runApp({ ...order, endpoint: 'http://127.0.0.1:9/v1/logs' }, async () => {})
  const event = app.events.find((one) => one.event === 'written')
  return { app, written: event?.event === 'written' ? event.written : 0 }
}

function sameThread(form: Form, end: 'close' | 'process.exit(0)'): FaultCase {
  const records = 100_000
  return {
    form,
    name: `the collector is in the app's own thread, burst of ${records}, ${end}`,
    isAlone: false,
    async run() {
      const beganAt = Date.now()
      const script = await runScript<SameThread>('./same-thread.ts', [form, String(records), end])
      const { received, flushed, closed } = script.told
      const ms = Date.now() - beganAt
      const told = undeliveredOf(script.stderr)
      const figures = `${received} of ${records} arrived, ${told} told undelivered, ended in ${ms} ms`
      if (end === 'close') {
        const saysSo = (result: Result | null) => form === 'target' || result?.delivered === records
        const checks = { 'all arrive': received === records, 'results say so': saysSo(flushed) && saysSo(closed) }
        return { figures, failures: failuresOf({ ...checks, 'within the deadline': ms < DEADLOCK_MS }) }
      }
      // While the exit waits this collector cannot answer: what it has not got by then has to be told.
      return {
        figures,
        failures: failuresOf({
          'what is lost is told': received + told >= records,
          'within the deadline': ms < DEADLOCK_MS,
        }),
      }
    },
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function queueFull(form: Form, overflow: 'drop-newest' | 'drop-oldest'): FaultCase {
  const settings = { maxQueueBytes: 4 * MEBIBYTE, maxMainBytes: 4 * MEBIBYTE, overflow }
  /**
   * RSS takes steps of its own: V8 enlarges the space of what is new when it sees fit, and collects late what has become
   * old before it was dropped. Were the records kept, such a third would be 70 MiB more; of less, the soak tells.
   */
  const isMemoryFlat = (heap: number, rss: number) => heap < 2 * MEBIBYTE && rss < 64 * MEBIBYTE
  const seconds = 60
  return {
    form,
    name: `queue full for ${seconds} s, ${overflow}`,
    isAlone: false,
    async run() {
      const script: Script = { kind: 'status', status: 503, forMs: seconds * 1000 + 500 }
      const seen = await observe({ form, settings, perSecond: PER_SECOND, seconds, end: 'close', weighs: true }, script)
      const {
        app,
        result = { delivered: 0, dropped: 0, undelivered: 0 },
        summary,
        written,
        rssBefore,
        peakRss = 0,
      } = seen
      // The first third fills the queue and compiles the code.
      const growth = (measure: 'rss' | 'heap') => {
        const values = app.events.flatMap((event) => (event.event === 'flat' ? [event[measure]] : []))
        const third = Math.floor(values.length / 3)
        return median(values.slice(-third)) - median(values.slice(-2 * third, -third))
      }
      const { delivered, dropped, undelivered } = result
      return {
        figures: `${written} = ${delivered} delivered + ${dropped} dropped + ${undelivered} undelivered (told in ${summary.lossRecords} records); heap grew ${mib(growth('heap'))} and RSS ${mib(growth('rss'))} from the second third to the last, peak +${mib(peakRss - rssBefore)}`,
        failures: failuresOf({
          'counts exact': written > 0 && delivered + dropped + undelivered === written,
          'delivered is what arrived': delivered === summary.received,
          'something was dropped': dropped > 0,
          'a record tells of it': summary.lossRecords > 0,
          'once each': summary.duplicates === 0,
          'in order': summary.disordered === 0,
          'memory flat': isMemoryFlat(growth('heap'), growth('rss')),
          'exit code 0': app.code === 0,
        }),
      }
    },
  }
}

interface Cycles {
  readonly delivered: number
  readonly before: Census
  readonly after: Census
}
interface Census {
  readonly handles: readonly string[]
  readonly listeners: number
  readonly heap: number
  readonly shared: number
  readonly rss: number
}

function cycles(form: Form, how: 'delivered' | 'undelivered'): FaultCase {
  const count = how === 'delivered' ? 1000 : 200
  return {
    form,
    name: `${count} times opened and closed, ${how}`,
    isAlone: true,
    async run() {
      const { told } = await runScript<Cycles>('./cycles.ts', [form, String(count), how])
      const { delivered, before, after } = told
      const heap = after.heap - before.heap
      const shared = after.shared - before.shared
      return {
        figures: `${delivered} delivered; heap +${Math.round(heap / 1024)} KiB, buffers +${mib(shared)}, RSS +${mib(after.rss - before.rss)}, listeners ${before.listeners} → ${after.listeners}, handles ${before.handles.length} → ${after.handles.length}`,
        failures: failuresOf({
          [`all ${how}`]: delivered === (how === 'delivered' ? count : 0),
          'no listener left': after.listeners <= before.listeners,
          'no handle, thread or timer left': after.handles.length <= before.handles.length,
          // A kept thread would be half a MiB of shared memory alone.
          // Node takes the memory of small buffers in pieces of that size, whenever the last one is full.
          'no memory left':
            heap < count * 1024 + Buffer.poolSize && shared < 4 * MEBIBYTE && after.rss - before.rss < 64 * MEBIBYTE,
        }),
      }
    },
  }
}

const forAll = (forms: readonly Form[], make: (form: Form) => FaultCase) => forms.map(make)

export const cases: readonly FaultCase[] = [
  ...forAll(ALL, (form) => burst(form, 100_000)),
  ...forAll(['transport', 'pino-worker', 'winston-worker'], (form) => burst(form, 1_000_000)),
  ...forAll(ALL, (form) => outage(form, '503 for 3 s', { kind: 'status', status: 503, forMs: 3000 })),
  ...forAll(ALL, (form) => outage(form, 'port closed for 5 s', { kind: 'closed', forMs: 5000 })),
  ...forAll(ALL, (form) =>
    outage(form, '429 + Retry-After for 3 s', { kind: 'status', status: 429, retryAfter: 1, forMs: 3000 }),
  ),
  ...forAll(ALL, (form) => outage(form, 'resets at random', { kind: 'resets', seed: 42, forMs: 10_000 })),
  // At 2 s an answer the default of 2048 records a batch is 1024 records/s for each logger: the batch has to be larger.
  ...forAll(ALL, (form) =>
    outage(form, 'answers after 2 s', { kind: 'delay', delayMs: 2000 }, { maxExportBatchSize: 16_384 }),
  ),
  ...forAll(ALL, (form) => exit(form, 'process.exit(0)')),
  ...forAll(ALL, (form) => exit(form, 'uncaught exception')),
  ...forAll(ALL, (form) => exit(form, 'unhandled rejection')),
  ...forAll(ALL, (form) => exit(form, 'SIGTERM, handled')),
  ...forAll(ALL, (form) => killed(form, 'SIGKILL')),
  ...forAll(['transport', 'pino-worker', 'winston-worker', 'processor'], (form) => exit(form, 'SIGTERM, default')),
  // None of our code runs on the main thread, and Node ends on the spot: the same bound as for SIGKILL.
  ...forAll(['target'], (form) => killed(form, 'SIGTERM, default')),
  ...forAll(ALL, (form) => unanswered(form, 'no collector', { kind: 'closed', forMs: 0 }, 'run out')),
  ...forAll(ON_THREAD, (form) => unanswered(form, 'no collector', { kind: 'closed', forMs: 0 }, 'process.exit(0)')),
  ...forAll(ALL, (form) => unanswered(form, 'collector never answers', { kind: 'silence' }, 'run out')),
  ...forAll(ON_THREAD, (form) => unanswered(form, 'collector never answers', { kind: 'silence' }, 'process.exit(0)')),
  ...forAll(ALL, (form) => sameThread(form, 'close')),
  ...forAll(ON_THREAD, (form) => sameThread(form, 'process.exit(0)')),
  ...forAll(['transport', 'pino-worker', 'processor'], (form) => queueFull(form, 'drop-newest')),
  ...forAll(['transport'], (form) => queueFull(form, 'drop-oldest')),
  ...forAll(['transport', 'pino-worker'], (form) => cycles(form, 'delivered')),
  ...forAll(['transport', 'pino-worker'], (form) => cycles(form, 'undelivered')),
]
