// The rules of the layout (who may import whom) are the linter's. Each must refuse what it is there to refuse.

import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-log-bridge-rules-'))
  await cp(join(root, 'biome.json'), join(folder, 'biome.json'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function lint(files: Record<string, string>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const args = ['lint', '--vcs-enabled=false', ...Object.keys(files)]
  const { stdout, stderr } = await run(join(root, 'node_modules/.bin/biome'), args, { cwd: folder }).catch((e) => e)
  return stdout + stderr
}

test.each([
  ['src importing an adapter', 'src/a.ts', "import '../adapters/pino/index.ts'"],
  ['the pipeline importing an adapter', 'src/pipeline/a.ts', "import '../../adapters/pino/index.ts'"],
  ['one adapter importing another', 'adapters/winston/a.ts', "import '../pino/index.ts'"],
  ['an adapter importing what attaches it', 'adapters/pino/a.ts', "import '../instrumentation/index.ts'"],
  ['the SDK in the core', 'src/a.ts', "import '@opentelemetry/sdk-logs'"],
  ['the SDK in the pipeline', 'src/pipeline/a.ts', "import '@opentelemetry/sdk-logs'"],
  ['the older logs API in the core', 'src/a.ts', "import '@opentelemetry/api-logs'"],
  ['the SDK in an adapter', 'adapters/pino/a.ts', "import '@opentelemetry/core'"],
  ['the SDK where loggers are attached', 'adapters/instrumentation/a.ts', "import '@opentelemetry/sdk-logs'"],
  ["the instrumentation's base in another adapter", 'adapters/pino/a.ts', "import '@opentelemetry/instrumentation'"],
  ['a logger in the core', 'src/a.ts', "import 'winston'"],
])('refuses %s', async (_rule, path, text) => {
  expect(await lint({ [path]: `${text}\n` })).toContain('noRestrictedImports')
})

test('refuses a cycle', async () => {
  const report = await lint({
    'src/a.ts': "import { b } from './b.ts'\nexport const a = () => b\n",
    'src/b.ts': "import { a } from './a.ts'\nexport const b = () => a\n",
  })
  expect(report).toContain('noImportCycles')
})

test.each([
  ['an adapter importing src', 'adapters/pino/a.ts', "import '../../src/index.ts'"],
  ['the API in the core', 'src/a.ts', "import '@opentelemetry/api'"],
  ['the adapters where they are attached', 'adapters/instrumentation/a.ts', "import '../pino/index.ts'"],
  ['its base there', 'adapters/instrumentation/a.ts', "import '@opentelemetry/instrumentation'"],
])('allows %s', async (_rule, path, text) => {
  expect(await lint({ [path]: `${text}\n` })).not.toContain('noRestrictedImports')
})
