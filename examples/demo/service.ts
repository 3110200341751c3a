// A small shop: one HTTP endpoint, three loggers. Each request has spans of its own and waits between its log lines, so
// the lines of concurrent requests interleave.

import { createServer, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Span, SpanKind, trace } from '@opentelemetry/api'
import { createPinoTransport, otelMixin } from 'otel-log-bridge/pino'
import { OpenTelemetryTransport } from 'otel-log-bridge/winston'
import pino from 'pino'
import winston from 'winston'
import type { Ledger } from './ledger.ts'
import { listen } from './receiver.ts'

/** The service's loggers, by the name that their records carry as instrumentation scope. */
export const LOGGERS = {
  orders: 'pino, createPinoTransport()',
  access: 'pino, transport: { target }',
  payments: 'winston, OpenTelemetryTransport',
} as const

export interface Service {
  readonly url: string
  /** The highest number of requests that were being answered at the same time. */
  readonly mostAtOnce: number
  /** Stops taking requests and hands over every record. */
  close(): Promise<void>
}

interface Order {
  readonly number: number
  readonly item: string
  readonly amount: number
}

class CardDeclinedError extends Error {
  override name = 'CardDeclinedError'
}

export async function startService(ledger: Ledger): Promise<Service> {
  const pinoTransport = createPinoTransport()
  const orders = pino({ name: 'orders' }, pinoTransport)
  const access = pino({ name: 'access', mixin: otelMixin(), transport: { target: 'otel-log-bridge/pino' } })
  const payments = winston.createLogger({
    defaultMeta: { startedAt: new Date() },
    transports: [new OpenTelemetryTransport({ scopeName: 'payments' })],
  })
  const tracer = trace.getTracer('shop')

  async function takeOrder(request: IncomingMessage, span: Span): Promise<number> {
    const order = (await json(request)) as Order
    orders.info({ ...ledger.line('orders', span), order }, 'order received')
    await someTime()
    const status = await tracer.startActiveSpan('charge', (charge) =>
      pay(order, charge).finally(() => {
        charge.end()
      }),
    )
    await someTime()
    orders.info({ ...ledger.line('orders', span), order: order.number, status }, 'order answered')
    return status
  }

  async function pay(order: Order, span: Span): Promise<number> {
    payments.info('charging a card', { ...ledger.line('payments', span), amount: order.amount })
    await someTime()
    if (order.number % 10 === 0) {
      const error = new CardDeclinedError('insufficient funds')
      payments.error('card declined', { ...ledger.line('payments', span), order: order.number, error })
      return 402
    }
    payments.info('card charged', { ...ledger.line('payments', span), order: order.number })
    return 201
  }

  let atOnce = 0
  let mostAtOnce = 0
  const server = createServer((request, response) =>
    tracer.startActiveSpan('POST /orders', { kind: SpanKind.SERVER }, async (span) => {
      mostAtOnce = Math.max(mostAtOnce, ++atOnce)
      const status = await takeOrder(request, span)
      access.info({ ...ledger.line('access', span), method: request.method, path: request.url, status }, 'request')
      response.writeHead(status).end()
      span.end()
      atOnce--
    }),
  )
  const port = await listen(server)

  return {
    url: `http://127.0.0.1:${port}/orders`,
    get mostAtOnce() {
      return mostAtOnce
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await pinoTransport.close()
      await promisify((done: (error?: Error) => void) => access.flush(done))()
      await new Promise((resolve) => payments.end().once('finish', resolve))
    },
  }
}

/** Up to 5 ms, different each time, as a database or another service would take. */
function someTime(): Promise<void> {
  return sleep(Math.random() * 5)
}
