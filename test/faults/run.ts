// The long fault runs: `npm run test:faults`, with words to run only the cases whose line has them all.

import { cases, type FaultCase } from './cases.ts'

/** At once, of those that do not mind: they wait more than they work. */
const ABREAST = 4

const words = process.argv.slice(2)
const chosen = cases.filter(({ form, name }) => words.every((word) => `${form}: ${name}`.includes(word)))
let passed = 0
let failed = 0

async function run(one: FaultCase): Promise<void> {
  const { figures, failures } = await one
    .run()
    .catch((error: unknown) => ({ figures: String(error), failures: ['the case runs'] }))
  if (failures.length === 0) passed++
  else failed++
  const verdict = failures.length === 0 ? 'passed' : `FAILED: ${failures.join(', ')}`
  process.stdout.write(`${one.form}: ${one.name}: ${figures}: ${verdict}\n`)
}

for (const one of chosen.filter(({ isAlone }) => isAlone)) await run(one)
const queue = chosen.filter(({ isAlone }) => !isAlone)
await Promise.all(
  Array.from({ length: ABREAST }, async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) await run(one)
  }),
)

process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
