// The app of a soak run: logs marked records at a steady rate in one form, tells in each slot what it holds, and at the end
// closes nothing: its logger must not keep it alive.

import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import { type BridgeStats, bridgeStats } from 'otel-log-bridge'
import { type Form, open, type Result } from '../faults/forms.ts'
import { SAMPLE_AT_MS, SLOT_MS } from './schedule.ts'

export interface SoakOrder {
  readonly form: Form
  readonly endpoint: string
  readonly perSecond: number
  readonly slots: number
}

/** Taken after a flush and a collection of garbage. Bytes of the process, and of the main thread's heap. */
export interface Sample {
  readonly heap: number
  readonly external: number
  readonly arrayBuffers: number
  readonly rss: number
  readonly resources: readonly string[]
  /** On `process`. */
  readonly listeners: number
  readonly written: number
  readonly stats: BridgeStats
}

/** What the app tells on its standard output, a line each. */
export type SoakEvent =
  | { readonly event: 'begin' }
  | { readonly event: 'sample'; readonly sample: Sample }
  | { readonly event: 'end'; readonly written: number; readonly result: Result | null }

const TICK_MS = 10
const gc = globalThis.gc as () => void
const order = JSON.parse(process.argv[2] as string) as SoakOrder
const { loggers, flush } = open(order.form, order.endpoint, {})
let written = 0

function log(): void {
  const logger = written % loggers.length
  const number = String(Math.floor(written / loggers.length)).padStart(7, '0')
  written++
  loggers[logger]?.info(`#${'ab'[logger]}${number}# of a steady rate`)
}

function tell(event: SoakEvent): void {
  writeSync(1, `${JSON.stringify(event)}\n`)
}

async function takeSample(): Promise<Sample> {
  await flush()
  for (let i = 0; i < 3; i++) {
    gc()
    await after(20)
  }
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage()
  return {
    heap: heapUsed,
    external,
    arrayBuffers,
    rss,
    resources: process.getActiveResourcesInfo().sort(),
    listeners: process.eventNames().reduce((total, name) => total + process.listenerCount(name), 0),
    written,
    stats: bridgeStats(),
  }
}

for (const _ of loggers) log()
await flush()
tell({ event: 'begin' })
await once(process.stdin, 'data')
process.stdin.destroy()

const beganAt = performance.now()
let first = written
let steadyFrom = beganAt
const logDue = () => {
  const due = first + Math.floor(((performance.now() - steadyFrom) / 1000) * order.perSecond)
  while (written < due) log()
}

for (let slot = 0; slot < order.slots; slot++) {
  // A sample is a pause: it is not made up for in a burst.
  first = written
  steadyFrom = performance.now()
  const timer = setInterval(logDue, TICK_MS)
  await after(Math.max(0, beganAt + slot * SLOT_MS + SAMPLE_AT_MS - performance.now()))
  clearInterval(timer)
  tell({ event: 'sample', sample: await takeSample() })
}
tell({ event: 'end', written, result: (await flush()) ?? null })
