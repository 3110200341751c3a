// Starts a child of this folder under the SDK generation of the suite, and says how it ended.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { generation } from '../support/otel.ts'

export interface ChildResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly milliseconds: number
}

const DEADLINE_MS = 20_000

export function startChild(name: string, args: readonly string[] = [], stdio: StdioOptions = 'pipe'): ChildProcess {
  const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))
  const execArgv = ['--disable-warning=ExperimentalWarning', '--import', path('internal-generation.ts')]
  const env = { ...process.env, OTEL_GENERATION: String(generation), NODE_OPTIONS: '' }
  return spawn(process.execPath, [...execArgv, path(`${name}.ts`), ...args], { stdio, env })
}

/** Waits for a child's end; one that does not end is killed, and its signal says so. */
export async function resultOf(child: ChildProcess): Promise<ChildResult> {
  const started = performance.now()
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS)
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (...end) => resolve(end))
  })
  clearTimeout(timer)
  return { code, signal, stdout, stderr, milliseconds: performance.now() - started }
}

export function runChild(name: string, ...args: string[]): Promise<ChildResult> {
  return resultOf(startChild(name, args))
}
