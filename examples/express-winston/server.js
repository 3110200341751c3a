// A shop that answers what an order costs. Each line carries the trace of the request that it was logged in: by a child
// logger of the request, or by another function that knows no request.

import { setTimeout as sleep } from 'node:timers/promises'
import express from 'express'
import { OpenTelemetryTransport } from 'otel-log-bridge/winston'
import winston from 'winston'
import { sdk } from './telemetry.js'

// The provider that NodeSDK registers is found. The console stays as it was.
const logger = winston.createLogger({
  transports: [new winston.transports.Console({ level: 'warn' }), new OpenTelemetryTransport()],
})
const app = express()

app.get('/orders/:order', async (request, response) => {
  const order = Number(request.params.order)
  const log = logger.child({ order })
  log.info('order requested')
  await sleep(3) // as the database would take
  log.info('order found')
  response.json({ order, price: await priceOf(order) })
})

async function priceOf(order) {
  await sleep(2)
  logger.info('price calculated', { order })
  return 5 + (order % 40)
}

const server = app.listen(Number(process.env.PORT ?? 3000))

// Sends what is left, once the last request is answered.
process.once('SIGTERM', () => server.close(() => sdk.shutdown()))
