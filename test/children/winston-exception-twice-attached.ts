import winston from 'winston'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { CrashError, loggerProvider } from './winston-crash.ts'

const transport = new OpenTelemetryTransport({ loggerProvider, handleExceptions: true })
winston.createLogger({ transports: [transport], exceptionHandlers: [transport] })
setTimeout(() => {
  throw new CrashError('boom')
})
