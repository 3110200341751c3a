// The app: each request logs, has a thumbnail made in the pool, and is a trace of its own.

import { setTimeout as sleep } from 'node:timers/promises'
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { suppressedExporter, suppressionCarrier } from 'otel-log-bridge'
import { createPinoStream } from 'otel-log-bridge/pino'
import pino from 'pino'
import Piscina from 'piscina'
import { PoolExporter } from './pool-exporter.js'
import { startReceiver } from './receiver.js'

const REQUESTS = 20
/** Its own record, and that of its thumbnail. */
const RECORDS_PER_REQUEST = 2
const DELAY_MS = 50
/** Many delays: what goes on exporting after that goes on for ever. */
const QUIET_MS = 1000
const LOOP_EXPORTS = 25

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const tracer = new TracerProvider().getTracer('shop')

export async function runShop({ handsCarrier }) {
  const receiver = await startReceiver()
  const carrier = () => (handsCarrier ? suppressionCarrier() : undefined)
  const channelName = `records, carrier: ${handsCarrier}`
  const pool = new Piscina({
    filename: new URL('./worker.js', import.meta.url).href,
    maxThreads: 2,
    workerData: { channelName, endpoint: receiver.endpoint },
  })
  const exporter = new PoolExporter(pool, carrier)
  const processor = new BatchLogRecordProcessor({
    exporter: suppressedExporter(exporter),
    scheduledDelayMillis: DELAY_MS,
  })
  const loggerProvider = new LoggerProvider({ processors: [processor] })
  const channel = takeRecords(channelName, loggerProvider)
  const logger = pino({ name: 'shop', base: null }, createPinoStream({ loggerProvider }))

  const traceIds = new Map()
  const serve = (request) =>
    tracer.startActiveSpan(`request ${request}`, async (span) => {
      traceIds.set(request, span.spanContext().traceId)
      logger.info({ request }, 'request')
      await pool.run({ job: 'thumbnail', request, carrier: carrier() })
      span.end()
    })
  await Promise.all(Array.from({ length: REQUESTS }, (_, request) => serve(request)))
  const isLooping = await keepsExporting(exporter)

  const { exports } = exporter
  channel.close()
  await loggerProvider.shutdown()
  await pool.destroy()
  await receiver.close()
  const { records } = receiver
  return {
    expected: REQUESTS * RECORDS_PER_REQUEST,
    received: records.length,
    traced: records.filter(({ attributes, traceId }) => traceId !== '' && traceId === traceIds.get(attributes.request))
      .length,
    exports,
    isLooping,
  }
}

/** What the workers log comes by this channel, and goes the way of all records. */
function takeRecords(channelName, loggerProvider) {
  const channel = new BroadcastChannel(channelName)
  channel.onmessage = ({ data: { scope, span, ...record } }) => {
    const ofCall = span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...span, isRemote: true })
    loggerProvider.getLogger(scope).emit({ ...record, context: ofCall })
  }
  return channel
}

async function keepsExporting(exporter) {
  let before = -1
  while (exporter.exports !== before || exporter.underWay > 0) {
    if (exporter.exports >= LOOP_EXPORTS) return true
    before = exporter.exports
    await sleep(QUIET_MS)
  }
  return false
}
