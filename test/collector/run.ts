// Every form into the real Collector: `npm run test:collector`, with words to run only the cases whose name has them all.
// What its file exporter wrote is held against what was logged, field by field.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { isDeepStrictEqual, promisify } from 'node:util'
import { createCertificates } from '../support/certificates.ts'
import { type AppOrder, FORMS, type Form, NAME, type Outcome } from './app.ts'
import { buildCollector } from './build.ts'
import { Collector } from './collector.ts'
import { expectedOf, flatten } from './records.ts'

const execute = promisify(execFile)
const APP = join(import.meta.dirname, 'app.ts')
const APP_DEADLINE_MS = 300_000
const SERVICE = 'collector test'
const MANY = 100_000
const SOME = 10_000
/** Half a minute's worth. */
const STEADY = { records: 50_000, perSecond: 5000 }

interface Case {
  readonly name: string
  run(): Promise<string>
}

interface Report {
  readonly collector: Collector
  readonly order: AppOrder
  readonly outcome: Outcome | null
  readonly startedAt: number
  /** Whether a record may have arrived twice: its answer was lost. */
  readonly mayRepeat?: boolean
}

async function log(order: AppOrder, collector: Collector, env: NodeJS.ProcessEnv = {}): Promise<Outcome | null> {
  const protocol = env.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf'
  const { stdout } = await execute(process.execPath, [APP, JSON.stringify(order)], {
    env: {
      ...process.env,
      OTEL_SERVICE_NAME: SERVICE,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint(protocol),
      ...env,
    },
    timeout: APP_DEADLINE_MS,
  })
  return JSON.parse(stdout) as Outcome | null
}

/** @throws Error that says what is missing or different. */
function check({ collector, order, outcome, startedAt, mayRepeat = false }: Report): string {
  const { records } = order
  const arrived = flatten(collector.written())
  const endedAt = Date.now()
  const seen = new Set<number>()
  let last = -1
  for (const { scope, service, record, number, timeMillis, observedMillis } of arrived) {
    if (seen.has(number)) {
      if (!mayRepeat) throw new Error(`record ${number} has arrived twice`)
      continue
    }
    seen.add(number)
    if (!mayRepeat && number !== last + 1) throw new Error(`record ${number} came behind ${last}`)
    last = number
    const expected = expectedOf(number)
    if (!isDeepStrictEqual(record, expected)) {
      throw new Error(`expected ${JSON.stringify(expected)}, arrived ${JSON.stringify(record)}`)
    }
    // The SDK's resource is the app's own.
    const isTold = service === SERVICE || order.form.endsWith('-sdk')
    if (scope !== NAME || !isTold) throw new Error(`scope ${scope}, service ${String(service)}`)
    for (const time of [timeMillis, observedMillis]) {
      if (time < startedAt || time > endedAt) throw new Error(`record ${number} is of ${new Date(time).toISOString()}`)
    }
  }
  if (seen.size !== records) throw new Error(`${seen.size} of ${records} have arrived`)
  const whole = { delivered: records, dropped: 0, undelivered: 0 }
  if (outcome !== null && !isDeepStrictEqual(outcome, whole)) throw new Error(`told ${JSON.stringify(outcome)}`)
  return `${records} arrived${arrived.length > records ? `, ${arrived.length - records} of them twice` : ''}`
}

const binary = collectorOrEnd()
const certificates = createCertificates()

function collectorOrEnd(): string {
  try {
    return buildCollector()
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error))
    process.exit(1)
  }
}

function plain(form: Form, records: number, env: NodeJS.ProcessEnv = {}): Case {
  const settings = Object.values(env).join(', ')
  return {
    name: `${form}${settings === '' ? '' : `, ${settings}`}`,
    run: () =>
      withCollectors(1, async ([collector]) => {
        await collector.start()
        const startedAt = Date.now()
        const order = { form, records }
        const outcome = await log(order, collector, env)
        await collector.end()
        return check({ collector, order, outcome, startedAt })
      }),
  }
}

type Collectors = readonly [Collector, Collector]

async function withCollectors(count: number, run: (collectors: Collectors) => Promise<string>): Promise<string> {
  const collectors: Collector[] = []
  try {
    for (let i = 0; i < count; i++) collectors.push(await Collector.create(binary))
    return await run(collectors as unknown as Collectors)
  } finally {
    for (const collector of collectors) await collector.remove()
  }
}

function secured(protocol: string, kind: 'TLS' | 'mTLS' | 'bearer token'): Case {
  return {
    name: `transport, ${protocol}, ${kind}`,
    run: () =>
      withCollectors(1, async ([collector]) => {
        const { server, client, authority } = certificates
        const isMutual = kind === 'mTLS'
        const token = 'a-secret'
        await collector.start({
          tls: { server, ...(isMutual && { clientAuthority: authority.certificate }) },
          ...(kind === 'bearer token' && { bearerToken: token }),
        })
        const startedAt = Date.now()
        const order: AppOrder = { form: 'transport', records: SOME }
        const outcome = await log(order, collector, {
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint(protocol, true),
          OTEL_EXPORTER_OTLP_CERTIFICATE: authority.certificate,
          ...(isMutual && {
            OTEL_EXPORTER_OTLP_CLIENT_KEY: client.key,
            OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: client.certificate,
          }),
          ...(kind === 'bearer token' && {
            OTEL_EXPORTER_OTLP_HEADERS: `authorization=${encodeURIComponent(`Bearer ${token}`)}`,
          }),
        })
        await collector.end()
        return check({ collector, order, outcome, startedAt })
      }),
  }
}

/** Records come steadily; `disturb` does what it does meanwhile. */
function disturbed(name: string, form: Form, disturb: (collector: Collector) => Promise<void>): Case {
  return {
    name: `${form}, ${name}`,
    run: () =>
      withCollectors(1, async ([collector]) => {
        await collector.start()
        const startedAt = Date.now()
        const order = { form, ...STEADY }
        const [outcome] = await Promise.all([log(order, collector), disturb(collector)])
        await collector.end()
        return check({ collector, order, outcome, startedAt, mayRepeat: true })
      }),
  }
}

async function restart(collector: Collector): Promise<void> {
  await after(3000)
  await collector.end()
  await after(2000)
  await collector.start()
}

/** Less than the Collector itself takes: it refuses everything. */
const NO_ROOM_MIB = 1

async function refuse(collector: Collector): Promise<void> {
  await after(2000)
  await collector.end()
  await collector.start({ limitMib: NO_ROOM_MIB })
  await after(3000)
  await collector.end()
  if (!/refus/i.test(collector.said)) throw new Error(`the memory limiter has refused nothing:\n${collector.said}`)
  await collector.start()
}

function chained(form: Form, what: 'agent' | 'gateway'): Case {
  return {
    name: `${form}, an agent and a gateway, the ${what} is ${what === 'agent' ? 'killed' : 'restarted'}`,
    run: () =>
      withCollectors(2, async ([agent, gateway]) => {
        await gateway.start()
        await agent.start({ gateway })
        const startedAt = Date.now()
        const order = { form, ...STEADY }
        const disturb = async () => {
          await after(3000)
          await (what === 'agent' ? agent.end('SIGKILL') : gateway.end())
          await after(2000)
          await (what === 'agent' ? agent.start({ gateway }) : gateway.start())
        }
        const [outcome] = await Promise.all([log(order, agent), disturb()])
        // What the agent has taken it passes on by itself, in its own time.
        const deadline = Date.now() + 60_000
        const arrivals = () => new Set(flatten(gateway.written()).map(({ number }) => number)).size
        while (arrivals() < order.records && Date.now() < deadline) await after(500)
        await agent.end()
        await gateway.end()
        return check({ collector: gateway, order, outcome, startedAt, mayRepeat: true })
      }),
  }
}

const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc']
const cases: Case[] = [
  ...FORMS.map((form) => plain(form, MANY)),
  ...PROTOCOLS.flatMap((OTEL_EXPORTER_OTLP_PROTOCOL) =>
    ['none', 'gzip'].flatMap((OTEL_EXPORTER_OTLP_COMPRESSION) =>
      (['transport', 'winston-worker'] as const).map((form) =>
        plain(form, SOME, { OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_EXPORTER_OTLP_COMPRESSION }),
      ),
    ),
  ),
  ...PROTOCOLS.flatMap((protocol) => [
    secured(protocol, 'TLS'),
    secured(protocol, 'mTLS'),
    secured(protocol, 'bearer token'),
  ]),
  ...FORMS.map((form) => disturbed('restarted in mid-stream', form, restart)),
  ...FORMS.map((form) => disturbed('its memory limiter refuses', form, refuse)),
  chained('transport', 'agent'),
  chained('transport', 'gateway'),
  chained('winston-worker', 'agent'),
]

const words = process.argv.slice(2)
let passed = 0
let failed = 0
for (const { name, run } of cases.filter(({ name }) => words.every((word) => name.includes(word)))) {
  try {
    console.log(`passed  ${name}: ${await run()}`)
    passed++
  } catch (error) {
    console.log(`FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}`)
    failed++
  }
}
certificates.remove()
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
