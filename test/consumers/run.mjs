// Apps that build and run the packed tarball with the tools that people use: `npm run test:consumers`, with words to run
// only the checks whose name has them all. Each folder here is one app, installed afresh; its npm scripts are the checks.

import { execFile } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startReceiver } from './receiver.mjs'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const work = mkdtempSync(join(tmpdir(), 'otel-log-bridge-consumers-'))
// For the check that runs as another user.
chmodSync(work, 0o755)
/** What most of them build or run. */
const APP = join(import.meta.dirname, 'app.js')
const words = process.argv.slice(2)
const QUIET = ['--no-audit', '--no-fund', '--no-save', '--loglevel=error']
const DEADLINE_MS = 180_000
let passed = 0
let failed = 0

async function check(name, fn) {
  try {
    await fn()
    passed++
    console.log(`passed  ${name}`)
  } catch (error) {
    failed++
    console.log(`FAILED  ${name}\n${error.stdout ?? ''}${error.stderr ?? error.stack}`)
  }
}

try {
  const packArgs = ['pack', '--json', '--ignore-scripts', '--pack-destination', work]
  const [{ filename }] = JSON.parse((await run('npm', packArgs, { cwd: root })).stdout)
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  for (const { name: consumer } of folders) {
    const source = join(import.meta.dirname, consumer)
    const { scripts, expects, needRoot = [] } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
    const chosen = Object.keys(scripts).filter((script) =>
      words.every((word) => `${consumer}: ${script}`.includes(word)),
    )
    if (chosen.length === 0) continue
    const folder = join(work, consumer)
    cpSync(source, folder, { recursive: true })
    cpSync(APP, join(folder, 'app.js'))
    await check(`${consumer}: npm install`, () =>
      run('npm', ['install', ...QUIET, join(work, filename)], { cwd: folder, timeout: DEADLINE_MS }),
    )
    for (const script of chosen) {
      if (needRoot.includes(script) && process.getuid?.() !== 0) {
        console.log(`skipped ${consumer}: ${script}: only root can make it so`)
        continue
      }
      await check(`${consumer}: ${script}`, async () => {
        const receiver = await startReceiver()
        try {
          const env = { ...process.env, ...receiver.env, OTEL_SERVICE_NAME: consumer }
          await run('npm', ['run', '--silent', script], { cwd: folder, env, timeout: DEADLINE_MS })
          const arrived = receiver.bodies().sort()
          const expected = [...(expects[script] ?? expects.default)].sort()
          if (String(arrived) !== String(expected)) throw new Error(`expected ${expected}, arrived ${arrived}`)
        } finally {
          receiver.close()
        }
      })
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
