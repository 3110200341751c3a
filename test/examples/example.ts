// An example as its reader has it: its folder, copied, with its dependencies and the packed package installed.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const ROOT = join(import.meta.dirname, '../..')
export const EXAMPLES = join(ROOT, 'examples')
/** Outside the project: what an example forgets to name must not be found in the project's own node_modules. */
const WORK = mkdtempSync(join(tmpdir(), 'otel-log-bridge-examples-'))
const PACKAGE = 'otel-log-bridge'
const NPM_DEADLINE_MS = 300_000
const RUN_DEADLINE_MS = 120_000
const INSTALL = ['install', '--ignore-scripts', '--no-package-lock', '--prefer-offline', '--no-audit', '--no-fund']

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

/** @returns the path of the tarball. */
export async function pack(): Promise<string> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', WORK]
  const [{ filename }] = JSON.parse((await execute('npm', args, { cwd: ROOT })).stdout) as [{ filename: string }]
  return join(WORK, filename)
}

export function removeExamples(): void {
  rmSync(WORK, { recursive: true, force: true })
}

export class Example {
  readonly folder: string
  readonly #manifest: Manifest

  private constructor(folder: string, manifest: Manifest) {
    this.folder = folder
    this.#manifest = manifest
  }

  /** Installs it, and builds it where it has a `build`. */
  static async install(name: string, tarball: string): Promise<Example> {
    const folder = join(WORK, name)
    cpSync(join(EXAMPLES, name), folder, { recursive: true })
    const file = join(folder, 'package.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest
    const dependencies = { ...manifest.dependencies, [PACKAGE]: `file:${tarball}` }
    writeFileSync(file, JSON.stringify({ ...manifest, dependencies }))
    await execute('npm', [...INSTALL, '--loglevel=error'], { cwd: folder, timeout: NPM_DEADLINE_MS })
    if (manifest.scripts.build !== undefined) {
      await execute('npm', ['run', 'build'], { cwd: folder, timeout: NPM_DEADLINE_MS })
    }
    return new Example(folder, manifest)
  }

  /** What `npm run <script>` would start, without npm and a shell in between. */
  start(env: NodeJS.ProcessEnv = {}, script = 'start', words: readonly string[] = []): App {
    const [command, ...args] = (this.#manifest.scripts[script] ?? '').split(' ')
    if (command !== 'node') throw new Error(`the script '${script}' begins with '${command}', not with node`)
    return new App(
      spawn(process.execPath, [...args, ...words], {
        cwd: this.folder,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: RUN_DEADLINE_MS,
      }),
    )
  }

  /** Runs it to its end. */
  async run(...how: Parameters<Example['start']>): Promise<App> {
    const app = this.start(...how)
    await app.ended
    return app
  }
}

export class App {
  stdout = ''
  stderr = ''
  /** Rejects where it did not exit by itself, with code 0. */
  readonly ended: Promise<void>
  readonly #process: ChildProcess

  constructor(child: ChildProcess) {
    this.#process = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.ended = once(child, 'close').then(([code, signal]) => {
      if (code !== 0) throw new Error(`it ended with ${code ?? signal}:\n${this.stdout}${this.stderr}`)
    })
    // It may end while nobody waits for that yet.
    this.ended.catch(() => {})
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  /** As a service manager ends it. */
  end(): Promise<void> {
    this.#process.kill('SIGTERM')
    return this.ended
  }

  stop(): void {
    this.#process.kill('SIGKILL')
  }
}
