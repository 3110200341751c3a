// The soak run: `node test/soak/run.ts [minutes]`. All forms at once log at a steady rate, each in an app of its own, while
// the receiver fails them in turn; nothing may be lost, and nothing may grow.

import { type Form, forms } from '../faults/forms.ts'
import { App, Receiver, type SoakedApp } from './processes.ts'
import type { Ledgers } from './receiver.ts'
import { SLOT_MS } from './schedule.ts'
import { judge } from './verdict.ts'

const DEFAULT_MINUTES = 10
/** Of each form: all of them together take a third of a core, so that the faults decide, and not the machine. */
const PER_SECOND = 500
/** Three for each of the thirds that are compared. */
const MIN_SLOTS = 9

const minutes = Number(process.argv[2] ?? DEFAULT_MINUTES)
const slots = Math.round((minutes * 60_000) / SLOT_MS)
if (!(slots >= MIN_SLOTS)) throw new RangeError(`minutes: at least ${(MIN_SLOTS * SLOT_MS) / 60_000}, not ${minutes}`)

const pathOf = (form: Form) => `/${form}/v1/logs`
const receiver = await Receiver.start()
const apps = forms.map(
  (form) => new App({ form, endpoint: receiver.endpointOf(pathOf(form)), perSecond: PER_SECOND, slots }),
)
let passed = 0
let failed = 0

function report(form: Form, soaked: SoakedApp, ledgers: Ledgers): void {
  const { figures, failures } = judge(form, slots, soaked, ledgers[pathOf(form)])
  if (failures.length === 0) passed++
  else failed++
  const verdict = failures.length === 0 ? 'passed' : `FAILED: ${failures.join(', ')}`
  process.stdout.write(`${form}: ${figures}: ${verdict}\n`)
  if (failures.length > 0) process.stderr.write(soaked.stderr.split('\n').slice(-20).join('\n'))
}

try {
  await Promise.all(apps.map(({ ready }) => ready))
  await receiver.begin()
  for (const app of apps) app.begin()
  const soaked = await Promise.all(apps.map(({ ended }) => ended))
  const ledgers = await receiver.end()
  forms.forEach((form, i) => {
    report(form, soaked[i] as SoakedApp, ledgers)
  })
} finally {
  for (const app of apps) app.stop()
  receiver.stop()
}

process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
