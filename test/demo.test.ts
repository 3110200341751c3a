// The demo as a user runs it: `npm start` installs and builds only where it must, and the demo's own verdict holds.

import { execFile } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PINNED_NODE = join(ROOT, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')

interface Outcome {
  readonly code: number | string | null
  readonly stdout: string
  readonly stderr: string
}

/** What it has written by then is told even where it has to be stopped. */
const STOP_AFTER_MS = 100_000

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { cwd: ROOT, env, shell: command === 'npm' && process.platform === 'win32', timeout: STOP_AFTER_MS },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : (error.code ?? error.signal ?? null), stdout, stderr }),
    )
  })
}

test('every record arrives with its own trace, and only the unguarded bridge loops', { timeout: 120_000 }, async () => {
  if (!existsSync(join(ROOT, 'dist', 'src', 'index.js'))) {
    expect(await run('npm', ['run', 'build', '--silent'])).toMatchObject({ code: 0 })
  }
  const { code, stdout, stderr } = await run(PINNED_NODE, [join(ROOT, 'examples', 'demo', 'demo.ts')], {
    PATH: process.env.PATH,
  })

  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
  // logged, arrived, trace right, wrong, missing
  expect(stdout).toMatch(/^ *orders .*\) +1,000 +1,000 +1,000 +0 +0$/m)
  expect(stdout).toMatch(/^ *access .*\} +500 +500 +500 +0 +0$/m)
  expect(stdout).toMatch(/^ *payments .*Transport +1,000 +1,000 +1,000 +0 +0$/m)
  expect(stdout).toMatch(/seen 2,000 = emitted 2,000 \+ pending 0 \+ dropped 0$/m)
  expect(stdout).toMatch(/error "card declined" from payments\n +trace [0-9a-f]{32} {2}span [0-9a-f]{16}$/m)
  // app logged, unguarded, ours
  expect(stdout).toMatch(/startedAt: new Date\(\) \} +3 +[\d,]+, the call never returned +3$/m)
  expect(stdout).toMatch(/collector is down +3 +[\d,]{2,}, and no end +3$/m)
  expect(stdout).toMatch(/^ *not swallowed +[1-9]\d* complaints/m)
  expect(stdout).toMatch(/^All right: 2,500 of 2,500 records/m)
  expect(stdout).not.toContain('Wrong:')
  expect(stdout, 'colours in a pipe').not.toContain('\u001b')
})

describe.skipIf(process.platform === 'win32')('start.mjs on a bare clone', () => {
  let clone: string

  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'otel-log-bridge-'))
    put('package-lock.json', '{}')
    put('tsdown.config.ts', '')
    put('src/index.ts', '')
    put('adapters/pino/index.ts', '')
    put('examples/demo/demo.ts', "console.log('the demo')\nprocess.exitCode = 3\n")
    copyFileSync(join(ROOT, 'examples', 'demo', 'start.mjs'), join(clone, 'examples', 'demo', 'start.mjs'))
    put(
      'bin/npm',
      `#!/bin/sh
echo "$*" >> calls
if [ "$1" = ci ] && [ -e offline ]; then echo "registry out of reach" >&2; exit 1; fi
if [ "$1" = ci ]; then
  mkdir -p node_modules/node/bin
  ln -sf '${PINNED_NODE}' node_modules/node/bin/node
  touch node_modules/.package-lock.json
else
  mkdir -p dist/src
  touch dist/src/index.js
fi
`,
      0o755,
    )
  })
  afterEach(() => rmSync(clone, { recursive: true }))

  function put(file: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(clone, file)), { recursive: true })
    writeFileSync(join(clone, file), text, { mode })
  }

  function touchLater(file: string): void {
    const later = Date.now() / 1000 + 10
    utimesSync(join(clone, file), later, later)
  }

  /** @returns what became of the start, and how npm was called for it. */
  async function start(): Promise<Outcome & { calls: string[] }> {
    rmSync(join(clone, 'calls'), { force: true })
    const path = `${join(clone, 'bin')}${delimiter}${process.env.PATH}`
    const outcome = await run(PINNED_NODE, [join(clone, 'examples', 'demo', 'start.mjs')], {
      ...process.env,
      PATH: path,
    })
    const calls = existsSync(join(clone, 'calls')) ? readFileSync(join(clone, 'calls'), 'utf8').trim().split('\n') : []
    return { ...outcome, calls }
  }

  const CI = 'ci --no-audit --no-fund --loglevel=error'
  const BUILD = 'run build --silent'

  test('installs, builds, runs the demo and passes its exit code on', async () => {
    const { calls, stdout, code } = await start()
    expect(calls).toEqual([CI, BUILD])
    expect(stdout).toMatch(/^Installing.*\nBuilding.*\nthe demo\n$/)
    expect(code).toBe(3)
  })

  test('does nothing twice', async () => {
    await start()
    expect(await start()).toMatchObject({ calls: [], stdout: 'the demo\n' })
  })

  test('installs again when package-lock.json has changed', async () => {
    await start()
    touchLater('package-lock.json')
    expect((await start()).calls).toEqual([CI])
  })

  test.each(['src/index.ts', 'adapters/pino/index.ts', 'tsdown.config.ts'])(
    'builds again when %s has changed',
    async (file) => {
      await start()
      touchLater(file)
      expect((await start()).calls).toEqual([BUILD])
    },
  )

  test("shows npm's own words where it fails, and stops", async () => {
    put('offline', '')
    const { calls, stdout, stderr, code } = await start()
    expect(calls).toEqual([CI])
    expect(stdout).toMatch(/^Installing.*failed\n$/)
    expect(stderr).toContain('registry out of reach')
    expect(code).toBe(1)
  })
})
