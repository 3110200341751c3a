import winston from 'winston'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { CrashError, loggerProvider } from './winston-crash.ts'

winston.createLogger({ rejectionHandlers: [new OpenTelemetryTransport({ loggerProvider })] })
void Promise.reject(new CrashError('boom'))
