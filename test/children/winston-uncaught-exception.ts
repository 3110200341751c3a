import winston from 'winston'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { CrashError, loggerProvider } from './winston-crash.ts'

winston.createLogger({ transports: [new OpenTelemetryTransport({ loggerProvider, handleExceptions: true })] })
setTimeout(() => {
  throw new CrashError('boom')
})
