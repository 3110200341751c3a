// The Collectors of examples/collector with their own configuration: an app's records wait where the example says that
// they do while the next one is away, and no kill loses any.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { buildCollector, findGo } from '../collector/build.ts'
import { Backend } from './backend.ts'
import { type Example, freePort } from './example.ts'

const ORDERS = 1000
const STARTED_WITHIN_MS = 60_000
const ARRIVED_WITHIN_MS = 60_000
const CONFIGURATIONS = ['agent', 'gateway'] as const

export async function checkCollectors(example: Example): Promise<string> {
  const collector = buildCollector()
  const kafkaBinary = buildKafka()
  const backend = await Backend.start()
  const [agentPort, kafkaPort] = [await freePort(), await freePort()]
  const env = {
    OTLP_ENDPOINT: `127.0.0.1:${agentPort}`,
    KAFKA_BROKER: `127.0.0.1:${kafkaPort}`,
    BACKEND_ENDPOINT: backend.endpoint,
    STORAGE_DIRECTORY: join(example.folder, 'queue'),
  }
  const fileOf = (name: string) => join(example.folder, `${name}.yaml`)
  const running = new Set<ChildProcess>()

  async function start(binary: string, args: readonly string[], isReady: string): Promise<ChildProcess> {
    const child = spawn(binary, args, { env: { ...process.env, ...env }, stdio: 'pipe' })
    running.add(child)
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    }
    const deadline = Date.now() + STARTED_WITHIN_MS
    while (!said.includes(isReady)) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${binary} did not start:\n${said}`)
      await after(20)
    }
    return child
  }
  const startCollector = (name: (typeof CONFIGURATIONS)[number]) =>
    start(collector, [`--config=${fileOf(name)}`], 'Everything is ready')

  async function kill(child: ChildProcess): Promise<void> {
    running.delete(child)
    child.kill('SIGKILL')
    await once(child, 'close')
  }

  async function logOrders(from: number): Promise<void> {
    const said = await example.run({ AGENT: `http://127.0.0.1:${agentPort}` }, 'start', [String(from)])
    const expected = `the agent has ${ORDERS} of ${ORDERS}, 0 dropped, 0 undelivered`
    if (said.trim() !== expected) throw new Error(`expected '${expected}', the app said '${said.trim()}'`)
  }

  try {
    for (const name of CONFIGURATIONS) {
      execFileSync(collector, ['validate', `--config=${fileOf(name)}`], { env: { ...process.env, ...env } })
    }
    // Kafka is away, and the agent is killed meanwhile.
    const firstAgent = await startCollector('agent')
    await logOrders(1)
    await kill(firstAgent)
    await start(kafkaBinary, [String(kafkaPort)], 'ready')
    await startCollector('agent')
    const firstGateway = await startCollector('gateway')
    await arrive(backend, ORDERS)
    // The backend is away, and the gateway is killed meanwhile.
    await backend.ask('leave')
    await logOrders(ORDERS + 1)
    await after(2000)
    await kill(firstGateway)
    await backend.ask('come back')
    await startCollector('gateway')
    const records = await arrive(backend, 2 * ORDERS)
    return `both configurations are valid; ${2 * ORDERS} records, none lost, ${records - 2 * ORDERS} more than once`
  } finally {
    for (const child of running) child.kill('SIGKILL')
    backend.stop()
  }
}

/** @returns the number of records, once all orders up to `last` have arrived. */
async function arrive(backend: Backend, last: number): Promise<number> {
  const deadline = Date.now() + ARRIVED_WITHIN_MS
  while (true) {
    const records = await backend.ask('records')
    const orders = new Set(records.map(({ order }) => order))
    if (orders.size === last) return records.length
    if (Date.now() > deadline) throw new Error(`${orders.size} of ${last} orders have arrived`)
    await after(200)
  }
}

/** @returns the path of its binary. */
function buildKafka(): string {
  const folder = join(import.meta.dirname, '../../.cache/kafka-stand-in')
  const binary = join(folder, 'kafka')
  if (existsSync(binary)) return binary
  cpSync(join(import.meta.dirname, 'kafka'), folder, { recursive: true })
  execFileSync(findGo(), ['build', '-mod=mod', '-o', binary], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  return binary
}
