import { writeSync } from 'node:fs'
import winston from 'winston'
import Transport from 'winston-transport'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { CrashError, loggerProvider } from './winston-crash.ts'

const sibling = new Transport({
  handleExceptions: true,
  log(info, next) {
    writeSync(2, `sibling: ${info.message}\n`)
    next()
  },
})
winston.createLogger({ transports: [sibling, new OpenTelemetryTransport({ loggerProvider })] })
setTimeout(() => {
  throw new CrashError('boom')
})
