// The bridge that adapters are made of, and a peer with a logger of its own.

import { createBridge } from '../../dist/src/index.js'
import { adds, type Contender, type Topic, times } from '../case.ts'
import { peers } from '../peers.ts'
import { BARE, bareEmit, emitting, sdk } from '../providers.ts'
import { fields4, MESSAGE } from '../records.ts'
import { turnOf } from '../turns.ts'

const BRIDGE = 'otel-log-bridge, createBridge'
const LOGTAPE = 'LogTape alone'
const LOGTAPE_OTEL = '@logtape/otel'

const logTape =
  (emits: number, makeSink: () => unknown): Contender =>
  async () => {
    const { configure, getLogger } = peers('@logtape/logtape')
    await configure({
      sinks: { sink: makeSink() },
      loggers: [
        { category: 'bench', sinks: ['sink'], lowestLevel: 'info' },
        { category: ['logtape', 'meta'], lowestLevel: 'error' },
      ],
    })
    const logger = getLogger('bench')
    return turnOf(emitting(emits, () => logger.info(MESSAGE, fields4)))
  }

export const others: Topic = {
  title: 'The bridge itself, and LogTape',
  about:
    '`createBridge().emit` is what an adapter of one’s own calls. LogTape is a logger with an OpenTelemetry sink, given the same provider as all others.',
  cases: [
    {
      name: '4 fields',
      contenders: {
        [BARE]: () => turnOf(emitting(1, bareEmit(fields4))),
        [BRIDGE]() {
          const bridge = createBridge({ loggerProvider: sdk() })
          const record = { severityNumber: 9, severityText: 'info', body: MESSAGE, attributes: fields4 }
          return turnOf(emitting(1, () => bridge.emit(record)))
        },
        [LOGTAPE]: logTape(0, () => () => {}),
        [LOGTAPE_OTEL]: logTape(1, () => peers('@logtape/otel').getOpenTelemetrySink({ loggerProvider: sdk() })),
      },
      figures: [times(BRIDGE, 'nanos', BARE), adds(LOGTAPE_OTEL, { alone: LOGTAPE, unit: BARE })],
      quick: false,
    },
  ],
  charts: ['nanos'],
  everyNode: true,
}
