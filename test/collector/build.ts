// The Collector, built from its Go modules by its official builder, and kept in .cache.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const CONFIG = join(import.meta.dirname, 'builder.yaml')
/** The second is where Go's own installation puts it. */
const GO = ['go', '/usr/local/go/bin/go']
const NO_GO = `The Collector is built from its Go modules, and there is no 'go' command here.
Install Go 1.25 or later (https://go.dev/dl/, or 'apt install golang', 'brew install go'), then run this again.`

/** @returns the path of its binary. */
export function buildCollector(): string {
  const config = readFileSync(CONFIG, 'utf8')
  const [, version] = /^ {2}version: (\S+)$/m.exec(config) ?? []
  const key = createHash('sha256').update(config).digest('hex').slice(0, 8)
  const folder = join(import.meta.dirname, '../../.cache', `collector-${version}-${key}`)
  const binary = join(folder, 'otelcol')
  if (existsSync(binary)) return binary
  const go = GO.find(works)
  if (go === undefined) throw new Error(NO_GO)
  console.log(`building the Collector ${version}: some minutes, once`)
  mkdirSync(folder, { recursive: true })
  const builder = `go.opentelemetry.io/collector/cmd/builder@v${version}`
  execFileSync(go, ['run', builder, `--config=${CONFIG}`], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  return binary
}

function works(go: string): boolean {
  try {
    execFileSync(go, ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
