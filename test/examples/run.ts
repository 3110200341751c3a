// Every example, as its reader would run it: `npm run test:examples`, with names to run only those.

import { readdirSync } from 'node:fs'
import { checks } from './checks.ts'
import { EXAMPLES, Example, pack, removeExamples } from './example.ts'

/** The demo is `npm start`, and has tests of its own. */
const DEMO = 'demo'

const wanted = process.argv.slice(2)
const names = readdirSync(EXAMPLES).filter((name) => name !== DEMO)
let passed = 0
let failed = 0
try {
  const tarball = await pack()
  for (const name of wanted.length > 0 ? wanted : names) {
    try {
      const check = checks[name]
      if (check === undefined) throw new Error('there is no check of it in test/examples/checks.ts')
      const example = await Example.install(name, tarball)
      console.log(`passed  ${name}: ${await check(example)}`)
      passed++
    } catch (error) {
      console.log(`FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}`)
      failed++
    }
  }
} finally {
  removeExamples()
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
