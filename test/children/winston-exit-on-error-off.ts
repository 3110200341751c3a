import winston from 'winston'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { CrashError, loggerProvider } from './winston-crash.ts'

const logger = winston.createLogger({
  exitOnError: false,
  transports: [new OpenTelemetryTransport({ loggerProvider, handleExceptions: true })],
})
setTimeout(() => logger.info('still here'), 10)
setTimeout(() => {
  throw new CrashError('boom')
})
