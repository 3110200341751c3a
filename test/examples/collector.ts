// The Collectors of examples/collector with their own configuration: records wait where the example says that they do
// while the next one is away, and no kill loses any. Kafka is no part of it: its components are not in our Collector.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { buildCollector } from '../collector/build.ts'
import { freePort } from '../support/free-port.ts'
import { Backend } from './backend.ts'
import { Daemon } from './daemon.ts'
import type { Example } from './example.ts'

/** What the app logs in a run. */
const ORDERS = 1000
const ARRIVED_WITHIN_MS = 60_000

export async function checkCollectors(example: Example): Promise<string> {
  const otelcol = buildCollector()
  const [agentPort, gatewayPort] = [await freePort(), await freePort()]
  const backend = await Backend.start()
  const daemons: Daemon[] = []

  /** @param names of files, without `.yaml`. */
  const configured = (...names: string[]) => names.map((name) => `--config=${join(example.folder, `${name}.yaml`)}`)

  function expectValid(...names: string[]): void {
    const { status, stderr } = spawnSync(otelcol, ['validate', ...configured(...names)], { encoding: 'utf8' })
    const complaints = stderr.split('\n').filter((line) => line.startsWith("'"))
    // The files have been read and merged when the Collector looks for the components.
    const isKafkaMissing = complaints.length === 1 && complaints[0]?.includes('unknown type: "kafka" for id: "kafka"')
    if (status !== 0 && !isKafkaMissing) throw new Error(`${names.join(' and ')}: ${stderr}`)
  }

  async function start(name: 'agent' | 'gateway'): Promise<Daemon> {
    const daemon = new Daemon([otelcol, ...configured(name)], {
      OTLP_ENDPOINT: `127.0.0.1:${name === 'agent' ? agentPort : gatewayPort}`,
      STORAGE_DIRECTORY: join(example.folder, 'queue'),
      GATEWAY_ENDPOINT: `http://127.0.0.1:${gatewayPort}`,
      BACKEND_ENDPOINT: backend.endpoint,
      METRICS_PORT: String(await freePort()),
    })
    daemons.push(daemon)
    await daemon.says('Everything is ready')
    return daemon
  }

  async function logOrders(first: number): Promise<void> {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${agentPort}` }
    const { stdout, stderr } = await example.run(env, 'start', [String(first)])
    const expected = `the agent has ${ORDERS} of ${ORDERS}, 0 dropped, 0 undelivered\n`
    if (stdout !== expected) throw new Error(`expected '${expected}', the app said:\n${stdout}${stderr}`)
  }

  try {
    expectValid('agent')
    expectValid('gateway')
    expectValid('agent', 'agent-kafka')
    expectValid('gateway', 'gateway-kafka')
    // The gateway is away, and the agent is killed.
    const first = await start('agent')
    await logOrders(1)
    await first.kill()
    const gateway = await start('gateway')
    const agent = await start('agent')
    await arrived(backend, ORDERS)
    // The backend is away, and both are killed.
    await backend.ask('leave')
    await logOrders(ORDERS + 1)
    await agent.says('Exporting failed')
    await agent.kill()
    await gateway.kill()
    await backend.ask('come back')
    await start('gateway')
    await start('agent')
    const records = await arrived(backend, 2 * ORDERS)
    return `agent and gateway killed, ${2 * ORDERS} records, 0 lost, ${records - 2 * ORDERS} twice`
  } finally {
    for (const daemon of daemons) await daemon.kill()
    backend.stop()
  }
}

/** @returns the number of records, once so many different orders have arrived. */
async function arrived(backend: Backend, expected: number): Promise<number> {
  const deadline = Date.now() + ARRIVED_WITHIN_MS
  while (true) {
    const records = await backend.ask('records')
    const orders = new Set(records.map(({ order }) => order)).size
    if (orders === expected) return records.length
    if (Date.now() > deadline) throw new Error(`${orders} of ${expected} records have arrived`)
    await after(200)
  }
}
