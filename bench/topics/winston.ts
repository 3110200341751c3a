// winston: what the bridge's transport, and that of OpenTelemetry's contrib, add to a log call.

import { logs as olderLogs } from '@opentelemetry/api-logs'
import { OpenTelemetryTransportV3 } from '@opentelemetry/winston-transport'
import winston from 'winston'
import TransportStream from 'winston-transport'
import { OpenTelemetryTransport } from '../../dist/adapters/winston/index.js'
import { adds, type Case, type Contender, type Target, type Topic } from '../case.ts'
import { BARE, bareEmit, emitting, olderSdk, sdk } from '../providers.ts'
import { fields4, fields12, MESSAGE } from '../records.ts'
import { turnOf } from '../turns.ts'

const ALONE = 'winston alone'
const OURS = 'otel-log-bridge'
const CONTRIB = 'winston-transport (contrib)'

class NoopTransport extends TransportStream {
  override log(_info: unknown, next: () => void): void {
    next()
  }
}

const transports: Record<string, () => winston.transport> = {
  [ALONE]: () => new NoopTransport(),
  [OURS]: () => new OpenTelemetryTransport({ loggerProvider: sdk() }),
  [CONTRIB]() {
    // It finds its provider by the global of the older API alone.
    olderLogs.setGlobalLoggerProvider(olderSdk() as never)
    return new OpenTelemetryTransportV3() as winston.transport
  },
}

function winstonCase(name: string, fields: object, added: Target, quick: boolean): Case {
  const logging =
    (name: string): Contender =>
    () => {
      const logger = winston.createLogger({ transports: [(transports[name] as () => winston.transport)()] })
      return turnOf(emitting(name === ALONE ? 0 : 1, () => logger.info(MESSAGE, fields)))
    }
  const unit = { alone: ALONE, unit: BARE }
  return {
    name,
    contenders: {
      [BARE]: () => turnOf(emitting(1, bareEmit(fields))),
      ...Object.fromEntries(Object.keys(transports).map((name) => [name, logging(name)])),
    },
    figures: [adds(OURS, unit, added), adds(CONTRIB, unit)],
    quick,
  }
}

export const winstonTopic: Topic = {
  title: 'winston',
  about:
    'A log call of winston with its default format (`json`), with a transport that does nothing, with `OpenTelemetryTransport`, and with contrib’s transport, which knows SDK 2 only and is measured with that.',
  cases: [
    winstonCase('4 fields', fields4, { atMost: 1.4 }, true),
    winstonCase('12 fields', fields12, { atMost: 1.35 }, false),
  ],
  charts: ['nanos'],
  everyNode: true,
}
