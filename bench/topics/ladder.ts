// What a log call costs, step by step: from a record that nobody wants to one that reaches a collector.

import type { LoggerProvider as SdkProvider } from '@opentelemetry/sdk-logs'
import pino from 'pino'
import { createPinoStream, createPinoTransport } from '../../dist/adapters/pino/index.js'
import { WorkerLoggerProvider } from '../../dist/src/worker.js'
import type { LoggerProvider } from '../../src/provider.ts'
import { adds, type Contender, difference, type Topic, times } from '../case.ts'
import { BARE, bareEmit, batchSdk, emitting, sdk, settled } from '../providers.ts'
import { startReceiver } from '../receiving.ts'
import { fields4, MESSAGE } from '../records.ts'
import { type Call, turnOf } from '../turns.ts'

const ALONE = 'pino alone'
const ALONE_BELOW = 'pino alone, below its level'
const BELOW = 'otel-log-bridge, below the logger’s level'
const DISABLED = 'otel-log-bridge, provider not enabled'
const WORKER = 'otel-log-bridge, WorkerLoggerProvider'
const BARE_BATCH = 'bare emit, SDK with Batch'
const BARE_WORKER = 'otel-log-bridge, bare emit of a WorkerLoggerProvider'
/** Bytes: less than one is of the measuring. */
const NOTHING = { atMost: 1 }
const nowhere = { write() {} }

const info = (destination: pino.DestinationStream): Call['call'] => {
  const logger = pino({}, destination)
  return () => logger.info(fields4, MESSAGE)
}
const below = (destination: pino.DestinationStream): Call['call'] => {
  const logger = pino({}, destination)
  return () => logger.debug(fields4, MESSAGE)
}
const into = (loggerProvider?: LoggerProvider) => createPinoStream(loggerProvider && { loggerProvider })
const contender =
  (emits: number, makeCall: () => Call['call']): Contender =>
  () =>
    turnOf(emitting(emits, makeCall()))

/** What the SDK's and the bridge's own have in common. */
type Exporting = Pick<SdkProvider, 'getLogger'>

const batch =
  (makeCall: (provider: Exporting) => Call['call']): Contender =>
  async () => {
    const provider = await batchSdk()
    return turnOf({ call: makeCall(provider), settle: () => provider.forceFlush() })
  }
const worker =
  (makeCall: (provider: Exporting) => Call['call']): Contender =>
  async () => {
    const provider = new WorkerLoggerProvider({ endpoint: (await startReceiver()).endpoint })
    return turnOf({ call: makeCall(provider), settle: () => settled(provider.flush()) })
  }

const severeOnly = () => sdk({ loggerConfigurator: () => ({ enabled: true, minimumSeverity: 17, traceBased: false }) })

export const ladder: Topic = {
  title: 'What a call costs, step by step',
  about:
    'pino with 4 fields. Where records go to a collector, bursts of 8192 are logged and waited for, and what that costs the main thread is part of a call. Bytes are those of the main thread.',
  cases: [
    {
      name: 'pino, 4 fields',
      contenders: {
        [ALONE_BELOW]: contender(0, () => below(nowhere)),
        [BELOW]: contender(0, () => below(into(sdk()))),
        [ALONE]: contender(0, () => info(nowhere)),
        [DISABLED]: contender(0, () => info(into(severeOnly()))),
        'otel-log-bridge, no provider yet': contender(0, () => info(into())),
        'otel-log-bridge, no-op logger': contender(0, () => info(into({ getLogger: () => ({ emit() {} }) }))),
        'otel-log-bridge, SDK without a processor': contender(0, () => info(into(sdk({})))),
        'otel-log-bridge, SDK with a no-op processor': contender(1, () => info(into(sdk()))),
        'otel-log-bridge, SDK with Batch': batch((provider) => info(into(provider))),
        [WORKER]: worker((provider) => info(into(provider))),
        async 'otel-log-bridge, createPinoTransport'() {
          const transport = createPinoTransport({ endpoint: (await startReceiver()).endpoint })
          return turnOf({ call: info(transport), settle: () => settled(transport.flush()) })
        },
        [BARE]: contender(1, () => bareEmit(fields4)),
        [BARE_BATCH]: batch((provider) => bareEmit(fields4, provider)),
        [BARE_WORKER]: worker((provider) => bareEmit(fields4, provider)),
      },
      figures: [
        difference(BELOW, 'nanos', ALONE_BELOW, { atMost: 100 }),
        difference(BELOW, 'bytes', ALONE_BELOW, NOTHING),
        difference(DISABLED, 'nanos', ALONE, { atMost: 100 }),
        difference(DISABLED, 'bytes', ALONE, NOTHING),
        adds(WORKER, { alone: ALONE, unit: BARE }, { atMost: 0.6 }),
        times(BARE_WORKER, 'nanos', BARE_BATCH, { atMost: 1 }),
      ],
    },
  ],
  charts: ['nanos', 'bytes'],
}
