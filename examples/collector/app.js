// Logs a thousand orders to the agent of its machine, and ends. From there on they are the Collectors' to deliver.

import { createPinoTransport } from 'otel-log-bridge/pino'
import pino from 'pino'

const ORDERS = 1000
const first = Number(process.argv[2] ?? 1)

// To OTEL_EXPORTER_OTLP_ENDPOINT, else to port 4318 of this machine, where the agent is.
const transport = createPinoTransport({ serviceName: 'shop' })
const logger = pino({ name: 'shop' }, transport)

for (let order = first; order < first + ORDERS; order++) logger.info({ order }, 'order placed')

const { delivered, dropped, undelivered } = await transport.close()
console.log(`the agent has ${delivered} of ${ORDERS}, ${dropped} dropped, ${undelivered} undelivered`)
