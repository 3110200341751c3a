import winston from 'winston'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { CrashError, loggerProvider } from './winston-crash.ts'

winston.createLogger({ transports: [new OpenTelemetryTransport({ loggerProvider, handleRejections: true })] })
void Promise.reject(new CrashError('boom'))
