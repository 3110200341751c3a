// What the pages say is so: every snippet runs and prints what stands below it, every link leads somewhere, every diagram
// is what its script draws.

import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startOtlpReceiver } from './support/otlp-receiver.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')

const pathsIn = async (folder: string) =>
  (await readdir(folder)).filter((name) => name.endsWith('.md')).map((name) => relative(root, join(folder, name)))
const paths = [...(await pathsIn(root)), ...(await pathsIn(join(root, 'docs')))]
const pages = await Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })))

interface Snippet {
  /** The heading above it. */
  readonly section: string
  /** Of its first line: a file that other snippets of the page import. */
  readonly file: string | undefined
  readonly code: string
  /** Of the block `text` that follows. */
  readonly prints: string | undefined
}

type Groups = Partial<Pick<Snippet, 'code' | 'prints'>>

/** A block `js`, and what stands below it as `text`. The blocks of other languages are not run. */
const SNIPPET = /^```js\n(?<code>.*?)^```\n(?:\s*```text\n(?<prints>.*?)^```$)?/gms

function snippetsOf(text: string): Snippet[] {
  return [...text.matchAll(SNIPPET)].map(({ index, groups: { code = '', prints } = {} as Groups }) => ({
    section: [...text.slice(0, index).matchAll(/^#+ (.+)$/gm)].at(-1)?.[1] ?? '',
    file: /^\/\/ ([\w-]+\.mjs)$/m.exec(code.slice(0, code.indexOf('\n')))?.[1],
    code,
    prints,
  }))
}

/** Inside the package, so that its own name resolves to the build, as in a project that has installed it. */
async function folderWith(files: readonly Snippet[]): Promise<string> {
  await mkdir(join(root, '.cache'), { recursive: true })
  const folder = await mkdtemp(join(root, '.cache/docs-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const { file, code } of files) if (file !== undefined) await writeFile(join(folder, file), code)
  return folder
}

async function outputOf(code: string, files: readonly Snippet[]): Promise<{ stdout: string; stderr: string }> {
  const receiver = await startOtlpReceiver()
  try {
    const snippet = join(await folderWith(files), 'snippet.mjs')
    await writeFile(snippet, code)
    const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint }
    return await run(process.execPath, [snippet], { env, cwd: dirname(snippet), timeout: 25_000 })
  } finally {
    await receiver.close()
  }
}

// Those of the README have a test of their own.
const others = pages.filter(({ path }) => path !== 'README.md')

describe.each(others.filter(({ text }) => snippetsOf(text).length > 0))('$path', ({ text }) => {
  const snippets = snippetsOf(text)

  test.each(snippets.filter(({ file }) => file === undefined))('$section', async ({ code, prints }) => {
    const { stdout, stderr } = await outputOf(code, snippets)
    expect(stderr).toBe('')
    if (prints !== undefined) expect(stdout).toBe(prints)
  })
})

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): string[] {
  const headings = markdown.replace(/^```.*?^```$/gms, '').matchAll(/^#{1,6} (.+)$/gm)
  const seen = new Map<string, number>()
  return [...headings].map(([, heading = '']) => {
    const slug = heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .replace(/\s/g, '-')
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    return count === 0 ? slug : `${slug}-${count}`
  })
}

test.each(pages)('$path: every link leads somewhere', ({ path, text }) => {
  const targets = [...text.replace(/^```.*?^```$/gms, '').matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)]
  const broken = targets.flatMap(([, target = '']) => {
    const [file = '', anchor] = target.split('#')
    const linked = file === '' ? path : relative(root, join(root, dirname(path), file))
    if (!existsSync(join(root, linked))) return [target]
    if (anchor === undefined) return []
    return anchorsOf(pages.find((page) => page.path === linked)?.text ?? '').includes(anchor) ? [] : [target]
  })
  expect(broken).toEqual([])
})

test.each(others)('$path: the scripts that it names are those of the package', async ({ text }) => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: object }
  const named = [...text.matchAll(/npm run (?:-s )?([\w:]+)/g)].map(([, name = '']) => name)
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([])
})

test('the diagrams are what their script draws', () => {
  const script = join(root, 'docs/diagrams.ts')
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})
