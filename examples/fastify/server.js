// A shop that answers what an order costs. Each of its lines carries the trace of the request that it was logged in:
// those of request.log, those of another function that knows no request, and Fastify's own two.

import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { createPinoTransport } from 'otel-log-bridge/pino'
import { sdk } from './telemetry.js'

const app = Fastify({ logger: { name: 'shop', stream: createPinoTransport() } })

app.get('/orders/:order', async ({ params, log }) => {
  const order = Number(params.order)
  log.info({ order }, 'order requested')
  await sleep(3) // as the database would take
  log.info({ order }, 'order found')
  return { order, price: await priceOf(order) }
})

async function priceOf(order) {
  await sleep(2)
  app.log.info({ order }, 'price calculated')
  return 5 + (order % 40)
}

// What the logger holds is sent when the process ends; the spans are the SDK's.
process.once('SIGTERM', async () => {
  await app.close()
  await sdk.shutdown()
})

await app.listen({ port: Number(process.env.PORT ?? 3000) })
