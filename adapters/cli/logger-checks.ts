// Whether loggers that the app makes are attached to the bridge by what it preloads, and to contrib: a logger is made,
// as the app would, and logs once.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { readProperty } from '../../src/attributes.ts'
import { reasonOf } from '../../src/internal-logger.ts'
import { bridgeStats } from '../../src/stats.ts'
import { type Check, ok, warn } from './check.ts'

/** Destinations that contrib's instrumentations add, by the name of their class. */
const CONTRIB = ['OTelPinoStream', 'OpenTelemetryTransportV3']
const MESSAGE = 'a probe of otel-log-bridge doctor, through a logger'

interface Known {
  readonly name: 'pino' | 'winston'
  /** Makes a logger that writes to nowhere, and logs. @returns its destinations. */
  logOnce(module: unknown): unknown[]
}

const KNOWN: readonly Known[] = [
  {
    name: 'pino',
    logOnce(module) {
      const pino = module as {
        (options: object, stream: object): { info(text: string): void }
        symbols: { streamSym: symbol }
      }
      const logger = pino({}, { write() {} })
      logger.info(MESSAGE)
      const stream = Reflect.get(logger, pino.symbols.streamSym) as { streams?: { stream: unknown }[] } | undefined
      return [stream, ...(stream?.streams ?? []).map((entry) => entry.stream)]
    },
  },
  {
    name: 'winston',
    logOnce(module) {
      const { createLogger, transports } = module as {
        createLogger(options: object): { info(text: string): void; transports: unknown[] }
        transports: { Stream: new (options: object) => object }
      }
      const nowhere = new Writable({ write: (_chunk, _encoding, callback) => callback() })
      const logger = createLogger({ transports: [new transports.Stream({ stream: nowhere })] })
      logger.info(MESSAGE)
      return logger.transports
    },
  },
]

export function loggerChecks(folder: string): Check[] {
  const require = createRequire(join(folder, 'doctor.js'))
  return KNOWN.flatMap((logger) => {
    let module: unknown
    try {
      module = require(logger.name)
    } catch {
      // Not installed: the packages' checks have said so.
      return []
    }
    try {
      return [loggerCheck(logger, module)]
    } catch (error) {
      return [warn('attached', `${logger.name}: no logger could be made: ${reasonOf(error)}`)]
    }
  })
}

function loggerCheck({ name, logOnce }: Known, module: unknown): Check {
  const before = bridgeStats().seen
  const destinations = logOnce(module)
  const isAttached = bridgeStats().seen > before
  if (destinations.some((one) => CONTRIB.includes(classOf(one)))) {
    const who = `@opentelemetry/instrumentation-${name}`
    const fix = `give ${who} { disableLogSending: true }`
    return isAttached
      ? warn('attached', `${name}: loggers send through the bridge and through ${who}: each record arrives twice`, fix)
      : warn('attached', `${name}: loggers send through ${who}: with the bridge, each record arrives twice`, fix)
  }
  if (isAttached) return ok('attached', `${name}: loggers made after the preloads send through the bridge`)
  return ok('attached', `${name}: nothing that is preloaded attaches loggers: your code does, where it makes them`)
}

function classOf(value: unknown): string {
  const itsClass = typeof value === 'object' && value !== null ? readProperty(value, 'constructor') : undefined
  return typeof itsClass === 'function' ? itsClass.name : ''
}
