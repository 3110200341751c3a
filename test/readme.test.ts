// Every snippet of the README runs as it stands, and its records arrive.

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startOtlpReceiver } from './support/otlp-receiver.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const readme = await readFile(join(root, 'README.md'), 'utf8')
const snippets = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code)
// Inside the package, so that its own name resolves to the build, as in a project that has installed it.
let folder: string

beforeAll(async () => {
  await mkdir(join(root, '.cache'), { recursive: true })
  folder = await mkdtemp(join(root, '.cache/readme-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs a snippet against a receiver. @returns the bodies of the requests that arrived, as text. */
async function runSnippet(code: string): Promise<string> {
  const receiver = await startOtlpReceiver()
  try {
    const file = join(folder, 'snippet.mjs')
    await writeFile(file, code)
    const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint }
    const { stderr } = await run(process.execPath, [file], { env, timeout: 20_000 })
    expect(stderr).toBe('')
    return receiver.requests.map(({ body }) => body.toString('latin1')).join('\n')
  } finally {
    await receiver.close()
  }
}

test('has three snippets', () => {
  expect(snippets.length).toBe(3)
})

test.each(
  snippets
    .filter((code) => code.includes('order placed'))
    .map((code) => [/otel-log-bridge\/\w+/.exec(code)?.[0], code]),
)('%s: the record arrives', async (_entry, code = '') => {
  const arrived = await runSnippet(code)
  expect(arrived).toContain('order placed')
  expect(arrived).toContain('orderId')
})

test('an exporter of your own: the snippet runs', async () => {
  const code = snippets.find((snippet) => snippet.includes('suppressedExporter')) ?? 'throw new Error("no snippet")'
  expect(await runSnippet(code)).toBe('')
})

test('the scripts that the README names are those of the package', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  for (const [, name = ''] of readme.matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(name)
})
