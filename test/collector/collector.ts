// A Collector as a process: started with a configuration, ended, killed, started again, and what its file exporter wrote.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import type { CertificateFiles } from '../support/certificates.ts'
import { freePort } from '../support/free-port.ts'

export interface CollectorSettings {
  readonly tls?: { readonly server: CertificateFiles; readonly clientAuthority?: string }
  readonly bearerToken?: string
  /** The memory limiter refuses everything above it. */
  readonly limitMib?: number
  /** Where it passes on what it has, by way of a queue that survives it. Default: it writes a file. */
  readonly gateway?: Collector
}

interface Ports {
  readonly http: number
  readonly grpc: number
}

const STARTED_WITHIN_MS = 30_000
const PLENTY_MIB = 2048

export class Collector {
  readonly #binary: string
  readonly #folder: string
  readonly #ports: Ports
  #process: ChildProcess | undefined
  /** What it has said, of this start and those before. */
  said = ''

  private constructor(binary: string, ports: Ports) {
    this.#binary = binary
    this.#ports = ports
    this.#folder = mkdtempSync(join(tmpdir(), 'otel-log-bridge-collector-'))
  }

  static async create(binary: string): Promise<Collector> {
    return new Collector(binary, { http: await freePort(), grpc: await freePort() })
  }

  endpoint(protocol: string, isSecure = false): string {
    const scheme = isSecure ? 'https' : 'http'
    return `${scheme}://127.0.0.1:${protocol === 'grpc' ? this.#ports.grpc : this.#ports.http}`
  }

  /** @returns when it takes records. */
  async start(settings: CollectorSettings = {}): Promise<void> {
    const config = join(this.#folder, 'config.yaml')
    // JSON is YAML.
    writeFileSync(config, JSON.stringify(this.#configuration(settings), undefined, 2))
    const child = spawn(this.#binary, ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.said += text
    })
    const from = this.said.length
    const deadline = Date.now() + STARTED_WITHIN_MS
    while (!this.said.slice(from).includes('Everything is ready')) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`the Collector did not start:\n${this.said}`)
      await after(20)
    }
  }

  /** SIGTERM has it write what it holds, SIGKILL leaves it no time. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  /** Requests that its file exporter wrote, in OTLP's JSON encoding. */
  written(): unknown[] {
    const file = join(this.#folder, 'records.json')
    if (!existsSync(file)) return []
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
  }

  async remove(): Promise<void> {
    await this.end('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #configuration({ tls, bearerToken, limitMib = PLENTY_MIB, gateway }: CollectorSettings): object {
    const protocol = (port: number) => ({
      endpoint: `127.0.0.1:${port}`,
      ...(tls && {
        tls: {
          cert_file: tls.server.certificate,
          key_file: tls.server.key,
          ...(tls.clientAuthority && { client_ca_file: tls.clientAuthority }),
        },
      }),
      ...(bearerToken && { auth: { authenticator: 'bearertokenauth' } }),
    })
    // An agent holds nothing but what its queue has on disk: a kill loses no record.
    const processors = gateway === undefined ? ['memory_limiter', 'batch'] : ['memory_limiter']
    const exporters = gateway === undefined ? ['file', 'debug'] : ['otlp']
    return {
      extensions: {
        ...(bearerToken && { bearertokenauth: { token: bearerToken } }),
        ...(gateway && { file_storage: { directory: this.#folder } }),
      },
      receivers: {
        otlp: { protocols: { http: protocol(this.#ports.http), grpc: protocol(this.#ports.grpc) } },
      },
      processors: { memory_limiter: { check_interval: '100ms', limit_mib: limitMib }, batch: { timeout: '100ms' } },
      exporters: {
        ...(gateway === undefined && {
          file: { path: join(this.#folder, 'records.json'), append: true, flush_interval: '100ms' },
          debug: { verbosity: 'basic' },
        }),
        ...(gateway && {
          otlp: {
            endpoint: `127.0.0.1:${gateway.#ports.grpc}`,
            tls: { insecure: true },
            sending_queue: { storage: 'file_storage', queue_size: 100_000 },
            retry_on_failure: { initial_interval: '100ms', max_interval: '1s', max_elapsed_time: '0s' },
          },
        }),
      },
      service: {
        extensions: [...(bearerToken ? ['bearertokenauth'] : []), ...(gateway ? ['file_storage'] : [])],
        pipelines: { logs: { receivers: ['otlp'], processors, exporters } },
        telemetry: { metrics: { level: 'none' } },
      },
    }
  }
}
