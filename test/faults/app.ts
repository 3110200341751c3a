// The app of a fault run: logs marked records in one form, then ends in the way that it is asked for.

import { writeSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type ExportSettings, type Form, open, type Result } from './forms.ts'

export type End =
  | 'close'
  | 'run out'
  | 'process.exit(0)'
  | 'uncaught exception'
  | 'unhandled rejection'
  | 'SIGTERM, handled'
  | 'SIGTERM, default'
  | 'SIGKILL'

export interface AppOrder {
  readonly form: Form
  readonly endpoint: string
  readonly settings: ExportSettings
  /** All at once, but for a turn of the event loop after each 1000 where it `yields`. */
  readonly burst?: number
  readonly yields?: boolean
  readonly perSecond?: number
  readonly seconds?: number
  readonly end: End
  /** Collects its garbage before it tells how large its heap is. */
  readonly weighs?: boolean
  /** Where nothing can be delivered, the app does not wait for its first record either. */
  readonly isCold?: boolean
}

/** What the app tells on its standard output, a line each. */
export type AppEvent =
  | { readonly event: 'begin'; readonly rss: number }
  | { readonly event: 'written'; readonly written: number }
  | { readonly event: 'flat'; readonly rss: number; readonly heap: number }
  | { readonly event: 'closed'; readonly result: Result | null; readonly peakRss: number }

setFlagsFromString('--expose-gc')
const order = JSON.parse(process.argv[2] as string) as AppOrder
const { loggers, flush, close } = open(order.form, order.endpoint, order.settings)
const gc = order.weighs === true ? (runInNewContext('gc') as () => void) : undefined
let written = 0

function log(): void {
  const logger = written % loggers.length
  const number = String(Math.floor(written / loggers.length)).padStart(7, '0')
  written++
  loggers[logger]?.info(`#${'ab'[logger]}${number}#`)
}

function tell(event: AppEvent): void {
  writeSync(1, `${JSON.stringify(event)}\n`)
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

if (order.isCold !== true) {
  // The thread is loaded and the connection made: what follows measures the bridge, not its start.
  for (const _ of loggers) log()
  await turn()
  await flush()
}
tell({ event: 'begin', rss: process.memoryUsage.rss() })
if (order.isCold !== true) await new Promise((resolve) => process.stdin.once('data', resolve))
process.stdin.destroy()

for (let i = 0; i < (order.burst ?? 0); i++) {
  log()
  if (order.yields === true && i % 1000 === 999) await turn()
}
if (order.perSecond !== undefined) await logSteadily(order.perSecond, order.seconds ?? 10)
if (order.form === 'winston-worker') await turn()
tell({ event: 'written', written })

switch (order.end) {
  case 'close': {
    const result = (await close()) ?? null
    tell({ event: 'closed', result, peakRss: process.resourceUsage().maxRSS * 1024 })
    break
  }
  case 'run out':
    break
  case 'process.exit(0)':
    process.exit(0)
    break
  case 'uncaught exception':
    throw new Error('the app is broken')
  case 'unhandled rejection':
    void Promise.reject(new Error('the app is broken'))
    break
  case 'SIGTERM, handled':
    process.once('SIGTERM', () => process.exit(42))
    process.kill(process.pid, 'SIGTERM')
    setInterval(() => {}, 1000)
    break
  case 'SIGTERM, default':
    process.kill(process.pid, 'SIGTERM')
    break
  case 'SIGKILL':
    process.kill(process.pid, 'SIGKILL')
}

function logSteadily(perSecond: number, seconds: number): Promise<void> {
  const beganAt = performance.now()
  const first = written
  let toldOf = 0
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const elapsed = (performance.now() - beganAt) / 1000
      const due = first + Math.floor(Math.min(elapsed, seconds) * perSecond)
      while (written < due) log()
      const second = Math.floor(elapsed)
      if (second > toldOf) {
        toldOf = second
        gc?.()
        const { rss, heapUsed, external } = process.memoryUsage()
        tell({ event: 'flat', rss, heap: heapUsed + external })
      }
      if (elapsed < seconds) return
      clearInterval(timer)
      resolve()
    }, 10)
  })
}
