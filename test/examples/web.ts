// A web app under load: each request has a trace of its own, and each record that was logged in it has to arrive with that.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { freePort } from '../support/free-port.ts'
import { Backend } from './backend.ts'
import type { App, Example } from './example.ts'
import { type Load, sendLoad } from './load.ts'
import type { Arrived } from './receiver.ts'

const PER_SECOND = 500
const SECONDS = 30
/** Of the requests; the machine may be busy with something else. */
const IN_TIME = 0.95
const STARTED_WITHIN_MS = 30_000
/** The caller's span; all have the same. */
const SPAN_ID = '00f067aa0ba902b7'

/** What each of the apps logs in a request: before it waits, after that, and in another function. */
export const ORDER_LINES = ['order requested', 'order found', 'price calculated']

/** @param lines which each request logs once. */
export async function checkUnderLoad(example: Example, lines: readonly string[]): Promise<string> {
  const backend = await Backend.start()
  const port = await freePort()
  const app = example.start({ PORT: String(port), OTEL_EXPORTER_OTLP_ENDPOINT: backend.endpoint })
  try {
    await listening(app, port)
    const load = await sendLoad({
      port,
      perSecond: PER_SECOND,
      seconds: SECONDS,
      request: (order) => ({
        path: `/orders/${order}`,
        headers: { traceparent: `00-${traceIdOf(order)}-${SPAN_ID}-01` },
      }),
    })
    await app.end()
    return judge(load, await backend.ask('the last records'), lines)
  } finally {
    app.stop()
    backend.stop()
  }
}

/** As unlike each other as those of real callers. */
function traceIdOf(order: number): string {
  return createHash('md5').update(`order ${order}`).digest('hex')
}

async function listening(app: App, port: number): Promise<void> {
  const deadline = Date.now() + STARTED_WITHIN_MS
  while (!(await accepts(port))) {
    if (app.hasEnded || Date.now() > deadline) throw new Error(`it does not listen:\n${app.stdout}${app.stderr}`)
    await after(50)
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** @throws Error that says what is missing or wrong. */
function judge(
  { requests, answered, inTime, seconds, latencies }: Load,
  arrived: readonly Arrived[],
  lines: readonly string[],
) {
  const orderOf = new Map(Array.from({ length: requests }, (_, i) => [traceIdOf(i + 1), i + 1]))
  const seen = new Set<string>()
  let records = 0
  let wrong = 0
  let ofNoOrder = 0
  for (const { body, order, traceId } of arrived) {
    // What the app says of itself, outside any request.
    if (!lines.includes(body)) continue
    records++
    // A line of the framework's own tells no order: its trace has to be of one.
    const ofTrace = orderOf.get(traceId)
    if (ofTrace === undefined || (order !== undefined && order !== ofTrace)) wrong++
    if (ofTrace === undefined && order === undefined) ofNoOrder++
    else seen.add(`${order ?? ofTrace} ${body}`)
  }
  const expected = requests * lines.length
  const lost = expected - seen.size - ofNoOrder
  const twice = records - seen.size - ofNoOrder
  const figures =
    `${requests} requests in ${seconds.toFixed(1)} s, ${records} records, ${wrong} with a wrong trace id, ${lost} lost, ${twice} twice; ` +
    `answered in ${quantile(latencies, 0.5)} ms (p50), ${quantile(latencies, 0.99)} ms (p99)`
  if (answered < requests) throw new Error(`${requests - answered} requests were not answered with 200: ${figures}`)
  if (wrong > 0 || lost > 0 || twice > 0) throw new Error(figures)
  if (inTime < requests * IN_TIME) {
    const share = Math.floor((inTime / requests) * 100)
    throw new Error(`this machine did not hold ${PER_SECOND} requests/s: ${share} % were answered in time; ${figures}`)
  }
  return figures
}

function quantile(sorted: Float64Array, share: number): string {
  return (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(1)
}
