// An app that has patched every way to standard error and routed console and diag to loggers with a bridge. Its provider
// fails; what the bridge then says must reach file descriptor 2 alone. Prints what the patches saw, as JSON.

import { writeSync } from 'node:fs'
import { type DiagLogger, diag } from '@opentelemetry/api'
import pino from 'pino'
import winston from 'winston'
import TransportStream from 'winston-transport'
import { createPinoStream } from '../../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import { createBridge, type LoggerProvider, withLogsSuppressed } from '../../src/index.ts'

const winstonLines: unknown[] = []
const pinoLines: unknown[] = []
const patched: unknown[] = []

class Collecting extends TransportStream {
  override log(info: { message: unknown }, next: () => void): void {
    winstonLines.push(info.message)
    next()
  }
}

const loggerProvider: LoggerProvider = {
  getLogger: () => ({
    emit: ({ body }) => {
      throw new Error(`refused: ${body}`)
    },
  }),
  forceFlush: () => Promise.reject(new Error('cannot flush')),
}
const transport = new OpenTelemetryTransport({ loggerProvider })
const winstonLogger = winston.createLogger({ level: 'silly', transports: [new Collecting(), transport] })
const stream = createPinoStream({ loggerProvider })
const pinoLogger = pino(
  { level: 'trace' },
  pino.multistream([
    {
      level: 'trace',
      stream: { write: (line: string) => void pinoLines.push((JSON.parse(line) as { msg: unknown }).msg) },
    },
    { level: 'trace', stream },
  ]),
)

for (const method of ['log', 'error', 'warn', 'info', 'debug', 'trace'] as const) {
  console[method] = (...args: unknown[]) => {
    patched.push(['console', ...args])
    winstonLogger.error(args.join(' '))
  }
}
for (const name of ['stderr', 'stdout'] as const) {
  process[name].write = (text: unknown) => {
    patched.push([name, text])
    pinoLogger.error(String(text))
    return true
  }
}
process.on('warning', (warning) => patched.push(['warning', warning.message]))
withLogsSuppressed(() => diag.setLogger(winstonLogger as unknown as DiagLogger))
winstonLines.length = 0

pinoLogger.info('by pino')
winstonLogger.info('by winston')
createBridge({ loggerProvider }).emit({ body: 'by a bridge' })
await transport.flush()

writeSync(1, JSON.stringify({ patched, winstonLines, pinoLines }))
