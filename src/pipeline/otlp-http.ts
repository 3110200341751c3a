// OTLP over HTTP: one POST per batch, connections kept open, and the answer read for what it says of each batch
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response).

import * as http from 'node:http'
import * as https from 'node:https'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { reasonOf } from '../internal-logger.ts'
import { errorTypeOf, TIMEOUT } from './counts.ts'
import type { DeliveryOutcome } from './delivery-queue.ts'
import { checkTls, type OtlpConfiguration } from './otlp-configuration.ts'
import type { OtlpSender, ReadAnswer } from './otlp-sender.ts'
import { outcomeOfHttp } from './otlp-status.ts'
import { delimitedFields } from './protobuf.ts'

const compress = promisify(gzip)
/** No collector answers at such length; an endpoint that is something else may. */
const MAX_ANSWER_BYTES = 1024 * 1024
const MAX_REASON_LENGTH = 200
const PROTOBUF = 'application/x-protobuf'
/** https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto */
const STATUS_MESSAGE = 2

export function createHttpSender(
  configuration: OtlpConfiguration,
  contentType: string,
  readAnswer: ReadAnswer,
): OtlpSender {
  const { url, tls, timeoutMillis } = configuration
  if (url.protocol === 'https:') checkTls(tls)
  const { request, Agent } = url.protocol === 'https:' ? https : http
  const agent = new Agent({ keepAlive: true, ...tls })
  const headers = {
    'user-agent': 'otel-log-bridge',
    ...configuration.headers,
    'content-type': contentType,
    ...(configuration.gzip && { 'content-encoding': 'gzip' }),
  }

  function post(body: Uint8Array): Promise<DeliveryOutcome> {
    return new Promise((resolve) => {
      const call = request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': body.byteLength } })
      // The socket's own timeout starts anew with every byte; this one bounds the attempt.
      const timer = setTimeout(() => {
        call.destroy(Object.assign(new Error(`no answer within ${timeoutMillis} ms`), { code: TIMEOUT }))
      }, timeoutMillis)
      const settle = (outcome: DeliveryOutcome) => {
        clearTimeout(timer)
        resolve(outcome)
      }
      const fail = (error: Error) => settle({ kind: 'retry', reason: reasonOf(error), errorType: errorTypeOf(error) })
      call.on('error', (error: NodeJS.ErrnoException) => {
        // The server has closed a connection that was kept open, while this request went out: no failure of anybody's.
        if (call.reusedSocket && error.code === 'ECONNRESET') {
          clearTimeout(timer)
          resolve(post(body))
        } else fail(error)
      })
      call.on('response', (response) => {
        const chunks: Buffer[] = []
        let length = 0
        response.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length <= MAX_ANSWER_BYTES) chunks.push(chunk)
          else call.destroy(new Error('the answer has no end'))
        })
        response.on('error', fail)
        response.on('end', () => settle(outcomeOf(response, Buffer.concat(chunks), readAnswer)))
      })
      call.end(body)
    })
  }

  return {
    async send(body) {
      // Level 1: a sixth of the time of level 6 for nearly its size.
      return post(configuration.gzip ? await compress(body, { level: constants.Z_BEST_SPEED }) : body)
    },
    close: () => agent.destroy(),
  }
}

function outcomeOf(response: http.IncomingMessage, body: Buffer, readAnswer: ReadAnswer): DeliveryOutcome {
  const { statusCode = 0, headers } = response
  if (statusCode >= 200 && statusCode < 300) return readAnswer(body)
  const reason = `HTTP ${statusCode} ${explanationIn(body, headers['content-type'])}`.trimEnd()
  return outcomeOfHttp(statusCode, reason, retryAfter(headers['retry-after']))
}

/** A collector explains itself in a google.rpc.Status; what stands in front of it, in words of its own. */
function explanationIn(body: Buffer, contentType: string | undefined): string {
  const [message = body] = contentType === PROTOBUF ? statusMessages(body) : []
  return Buffer.from(message).toString('utf8', 0, MAX_REASON_LENGTH)
}

function statusMessages(body: Buffer): Uint8Array[] {
  try {
    return delimitedFields(body, STATUS_MESSAGE)
  } catch {
    return []
  }
}

/** Seconds, or a date. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const millis = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(millis) ? undefined : Math.max(0, millis)
}
