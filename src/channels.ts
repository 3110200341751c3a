// What an APM or a test can listen to with node:diagnostics_channel, besides `otel-log-bridge:internal-log`: the losses,
// and how far the delivery has come. Nothing is made where nobody listens.

import { Channel } from './channel.ts'
import { internalLog, reasonOf } from './internal-logger.ts'

/** What `otel-log-bridge:drop` tells. */
export interface DropMessage {
  /** Where: before a Logger was given the records (`bridge`), or in a pipeline of ours (`pipeline`). */
  readonly stage: 'bridge' | 'pipeline'
  /** `otel.component.name` of the pipeline. */
  readonly component?: string
  /** Of a bridge a key of `bridgeStats().dropped`; of a pipeline what its metrics have as `error.type`. */
  readonly reason: string
  /** Records. */
  readonly count: number
}

/** What `otel-log-bridge:delivery` tells: records since the start of the pipeline. */
export interface DeliveryMessage {
  /** `otel.component.name` of the pipeline. */
  readonly component: string
  readonly delivered: number
  readonly dropped: number
  readonly undelivered: number
}

function tellThrown(thrown: unknown): void {
  internalLog('warn', 'subscriber', `a subscriber of a diagnostics channel threw: ${reasonOf(thrown)}`)
}

export const drops = new Channel<DropMessage>('otel-log-bridge:drop', tellThrown)
export const deliveries = new Channel<DeliveryMessage>('otel-log-bridge:delivery', tellThrown)

/** Tells of records that a bridge has dropped. */
export function tellDropped(reason: string, count: number): void {
  if (drops.hasSubscribers && count > 0) drops.publish({ stage: 'bridge', reason, count })
}
