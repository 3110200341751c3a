// What the pool's threads run: thumbnails for the app, and its log batches for the exporter. They log either way.

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { withSuppressionCarrier } from 'otel-log-bridge'
import { createPinoStream } from 'otel-log-bridge/pino'
import pino from 'pino'
import { workerData } from 'piscina'

const { channelName, endpoint } = workerData
// For the trace of a carrier; suppression needs none.
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const channel = new BroadcastChannel(channelName)
channel.unref()

/** The SDK is in the main thread. */
const loggerProvider = {
  getLogger: (scope) => ({
    emit({ context: ofCall, ...record }) {
      const { traceId, spanId, traceFlags } = trace.getSpanContext(ofCall) ?? {}
      channel.postMessage({ ...record, scope, span: traceId && { traceId, spanId, traceFlags } })
    },
  }),
}
const logger = pino({ name: 'pool', base: null }, createPinoStream({ loggerProvider }))

const jobs = {
  async thumbnail({ request }) {
    logger.info({ request }, 'thumbnail made')
  },
  async send({ records }) {
    const body = await promisify(gzip)(JSON.stringify(requestOf(records)))
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const { ok, status } = await fetch(`${endpoint}/v1/logs`, { method: 'POST', headers, body })
    if (!ok) throw new Error(`the collector answered ${status}`)
    logger.info({ records: records.length, bytes: body.length }, 'batch sent')
  },
}

export default function run({ job, carrier, ...work }) {
  const start = () => jobs[job](work)
  return carrier === undefined ? start() : withSuppressionCarrier(carrier, start)
}

/** OTLP, in its JSON encoding. */
function requestOf(records) {
  const scopeLogs = records.map(({ scope, ...record }) => ({
    scope: { name: scope },
    logRecords: [wireRecord(record)],
  }))
  return { resourceLogs: [{ scopeLogs }] }
}

function wireRecord({ hrTime: [seconds, nanos], severityNumber, severityText, body, attributes, traceId, spanId }) {
  return {
    timeUnixNano: `${seconds}${String(nanos).padStart(9, '0')}`,
    severityNumber,
    severityText,
    body: { stringValue: String(body) },
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: { intValue: String(value) } })),
    traceId,
    spanId,
  }
}
