// The main job of otel-log-bridge, on real input: see screen.ts for how it looks, service.ts for how it is used.
// Exits with 0 only if every record arrived, with its own trace, and nothing else was bridged.

import { type BridgeStats, bridgeStats } from 'otel-log-bridge'
import { APP_RECORDS, type FeedbackReport, runFeedbackApp, type Trouble } from './feedback.ts'
import { type Account, Ledger } from './ledger.ts'
import { type ReceivedRecord, startReceiver } from './receiver.ts'
import { bad, type Cell, count, dim, good, heading, line, table, verdict } from './screen.ts'
import { LOGGERS, startService } from './service.ts'
import { startTelemetry } from './telemetry.ts'
import { sendOrders } from './traffic.ts'

const REQUESTS = 500
const AT_ONCE = 50

/** What the SDK complains of, by the feedback app's name for it. */
const TROUBLES: Readonly<Record<Trouble, string>> = {
  date: 'defaultMeta: { startedAt: new Date() }',
  outage: 'the collector is down',
}

const problems: string[] = []

const records = await showRecords()
await showFeedback()
verdict(
  `All right: ${count(records)} of ${count(records)} records arrived with their own trace, and no log caused by a log was bridged.`,
  problems,
)
process.exitCode = problems.length === 0 ? 0 : 1

/** @returns how many records the service logged. */
async function showRecords(): Promise<number> {
  heading(
    '1  pino and winston records become OpenTelemetry log records',
    `${REQUESTS} HTTP requests, ${AT_ONCE} at a time, each inside spans of its own; three loggers; an OTLP receiver.`,
    'Proves: nothing is lost, and each record carries the trace of the request that logged it.',
  )
  const receiver = await startReceiver()
  const telemetry = startTelemetry(receiver.endpoint)
  const ledger = new Ledger()
  const service = await startService(ledger)
  const answers = await sendOrders(service.url, REQUESTS, AT_ONCE)
  await service.close()
  await telemetry.shutdown()
  receiver.close()

  const accounts = Object.keys(LOGGERS).map((logger) => ledger.accountOf(logger, receiver.records))
  const strangers = ledger.strangers(receiver.records)
  checkAccounts(accounts, strangers)
  checkAnswers(answers)
  printAccounts(accounts)
  line()
  const stats = bridgeStats()
  checkStats(stats, accounts)
  line(`interleaved     up to ${service.mostAtOnce} requests were being answered at the same moment`)
  line(`bridgeStats()   ${inWords(stats)}`)
  dim('                of this thread: the records of access are read and counted in that of their target')
  printExample(receiver.records)
  return accounts.reduce((sum, { logged }) => sum + logged, 0)
}

function printAccounts(accounts: readonly Account[]): void {
  const rows = accounts.map(({ logger, logged, arrived, right, wrong, missing }): Cell[] => [
    logger,
    LOGGERS[logger as keyof typeof LOGGERS],
    logged,
    arrived === logged ? good(arrived) : bad(arrived),
    right === logged ? good(right) : bad(right),
    wrong === 0 ? 0 : bad(wrong),
    missing === 0 ? 0 : bad(missing),
  ])
  table(['logger ', 'attached with ', 'logged', 'arrived', 'trace right', 'wrong', 'missing'], rows)
}

function printExample(records: readonly ReceivedRecord[]): void {
  const record = records.find(({ body }) => body === 'card declined')
  if (record === undefined) return
  const { severity, scope, body, traceId, spanId, attributes } = record
  line(`one of them     ${severity} "${body}" from ${scope}`)
  line(`                trace ${traceId}  span ${spanId}`)
  line(`                ${attributes['exception.type']}: ${attributes['exception.message']}, order ${attributes.order}`)
}

async function showFeedback(): Promise<void> {
  heading(
    '2  a log caused by emitting a log is never bridged',
    `An app logs ${APP_RECORDS} records with winston; what its SDK has to complain of (diag) goes to the same logger.`,
    `Proves: without a guard that is a loop, stopped here at a cap; with it, ${APP_RECORDS} records are ${APP_RECORDS} records.`,
  )
  const rows: Cell[][] = []
  let complaints = 0
  for (const [trouble, because] of Object.entries(TROUBLES) as [Trouble, string][]) {
    // Together: each is a process of its own, and waits most of its time.
    const [contrib, ours] = await Promise.all([runFeedbackApp('contrib', trouble), runFeedbackApp('ours', trouble)])
    rows.push(compare(because, contrib, ours))
    complaints += ours.printed - APP_RECORDS
  }
  table(['the SDK complains because ', 'app logged', '@opentelemetry/winston-transport', 'otel-log-bridge'], rows)
  line()
  line(`not swallowed   ${complaints} complaints of the SDK still reached the logger's other destination`)
  if (complaints === 0) problems.push("the SDK's complaints did not reach the logger's other destination")
}

function compare(because: string, contrib: FeedbackReport, ours: FeedbackReport): Cell[] {
  if (ours.bridged !== APP_RECORDS || ours.returned !== APP_RECORDS) {
    problems.push(`${because}: ${APP_RECORDS} records logged, ${ours.bridged} bridged by otel-log-bridge`)
  }
  return [
    because,
    APP_RECORDS,
    contrib.bridged === APP_RECORDS ? contrib.bridged : bad(outcomeOf(contrib)),
    ours.bridged === APP_RECORDS ? good(ours.bridged) : bad(outcomeOf(ours)),
  ]
}

function outcomeOf({ bridged, looping, logged, returned }: FeedbackReport): string {
  if (logged > returned) return `${count(bridged)}, the call never returned`
  return looping ? `${count(bridged)}, and no end` : count(bridged)
}

function checkAccounts(accounts: readonly Account[], strangers: readonly ReceivedRecord[]): void {
  for (const { logger, logged, arrived, repeated, wrong, missing } of accounts) {
    if (logged === 0) problems.push(`${logger}: nothing was logged`)
    if (arrived < logged) problems.push(`${logger}: ${logged - arrived} of ${logged} records did not arrive`)
    if (repeated > 0) problems.push(`${logger}: ${repeated} records arrived more than once`)
    if (wrong > 0) problems.push(`${logger}: ${wrong} records have the trace of something else`)
    if (missing > 0) problems.push(`${logger}: ${missing} records have no trace`)
  }
  if (strangers.length > 0) {
    problems.push(`${strangers.length} records arrived that the service did not log, such as ${show(strangers[0])}`)
  }
}

function checkAnswers(answers: ReadonlyMap<number, number>): void {
  const expected = new Map([
    [201, REQUESTS * 0.9],
    [402, REQUESTS * 0.1],
  ])
  if (show([...answers].sort()) !== show([...expected])) {
    problems.push(`the service answered ${show([...answers])}, not ${show([...expected])}`)
  }
}

function checkStats(stats: BridgeStats, accounts: readonly Account[]): void {
  const here = accounts.filter(({ logger }) => logger !== 'access').reduce((sum, { logged }) => sum + logged, 0)
  if (stats.seen !== here || stats.emitted !== here) {
    problems.push(`bridgeStats() counts ${show(stats)} where ${here} records were logged`)
  }
}

function inWords({ seen, emitted, pending, dropped }: BridgeStats): string {
  const lost = Object.values(dropped).reduce((sum, records) => sum + records, 0)
  return `seen ${count(seen)} = emitted ${count(emitted)} + pending ${count(pending)} + dropped ${count(lost)}`
}

function show(value: unknown): string {
  return JSON.stringify(value)
}
