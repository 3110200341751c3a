import winston from 'winston'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { CrashError, loggerProvider } from './winston-crash.ts'

// The logger has a transport of its own, which takes no crashes.
winston.createLogger({
  transports: [new OpenTelemetryTransport({ loggerProvider })],
  exceptionHandlers: [new OpenTelemetryTransport({ loggerProvider })],
})
setTimeout(() => {
  throw new CrashError('boom')
})
