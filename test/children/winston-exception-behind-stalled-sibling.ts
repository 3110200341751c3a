import winston from 'winston'
import Transport from 'winston-transport'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { CrashError, loggerProvider } from './winston-crash.ts'

const stalled = new Transport({ log() {} })
const logger = winston.createLogger({
  transports: [stalled, new OpenTelemetryTransport({ loggerProvider, handleExceptions: true })],
})
for (let i = 0; i < 40; i++) logger.info('filler')
setTimeout(() => {
  throw new CrashError('boom')
})
