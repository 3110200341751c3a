const { createPinoTransport } = require('otel-log-bridge/pino')
const pino = require('pino')

pino({}, createPinoTransport()).info('by the preload')
