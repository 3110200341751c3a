// What an app loads at its start, loaded by the doctor in its place: what is registered and attached then shows.

import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { reasonOf } from '../../src/internal-logger.ts'
import { type Check, fail, LATE, ok, within } from './check.ts'

/** An SDK that detects resources over the network takes some seconds. */
const PRELOAD_MS = 8000

/** In the order in which Node loads them. */
export async function preloadChecks(requires: readonly string[], imports: readonly string[]): Promise<Check[]> {
  const require = createRequire(join(process.cwd(), 'doctor.js'))
  const checks: Check[] = []
  for (const name of requires) {
    // Where that throws it has to do so inside the promise.
    checks.push(await preloadCheck(`--require ${name}`, async () => require(name)))
  }
  for (const name of imports) checks.push(await preloadCheck(`--import ${name}`, () => import(urlOf(name, require))))
  return checks
}

async function preloadCheck(name: string, load: () => Promise<unknown>): Promise<Check> {
  try {
    const loaded = await within(PRELOAD_MS, load())
    if (loaded === LATE) {
      return fail(
        'preload',
        `${name} has not loaded within ${PRELOAD_MS} ms`,
        'look for an await in it that never ends',
      )
    }
    return ok('preload', `${name} is loaded`)
  } catch (error) {
    // Behind it stands who required it, the doctor among them.
    const [reason = ''] = reasonOf(error).split('\n')
    return fail('preload', `${name}: ${reason}`, fixFor(reason))
  }
}

/** As `node --import` resolves it: from the working directory. */
function urlOf(name: string, require: NodeJS.Require): string {
  if (/^(?:file|data|node):/.test(name)) return name
  if (/^\.{1,2}\//.test(name) || isAbsolute(name)) return pathToFileURL(resolve(name)).href
  try {
    return pathToFileURL(require.resolve(name)).href
  } catch {
    // A package that has no entry for require, or none at all: import says which.
    return name
  }
}

const MISSING = /Cannot find (?:package|module) '((?:@[^/']+\/)?[^./'][^/']*)/

function fixFor(reason: string): string {
  const missing = MISSING.exec(reason)?.[1]
  return missing === undefined
    ? 'your app fails at its start in the same way: correct it there'
    : `npm install ${missing}`
}
