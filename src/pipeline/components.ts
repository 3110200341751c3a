// The pipelines of the process, for the metrics. What a pipeline has counted outlives it, and the next one of its kind
// counts on: a counter never goes back, and an app that opens and closes pipelines all day has no more of them than it
// had at once. The pipeline itself is not kept alive.

import { deliveries, drops } from '../channels.ts'
import { processState } from '../process-state.ts'
import { type CountByErrorType, count, createCounts, type QueueNumbers, SUCCESS } from './counts.ts'
import type { DeliveryResult } from './delivery-queue.ts'

/** What of a pipeline is asked for when metrics are collected. */
export interface Gauges {
  /** Records that no exporter was given yet. */
  readonly queued: number
  /** Records that the exporter has. */
  readonly inflight: number
  readonly queue?: Bounded
  /** Records that the queue holds at most. */
  readonly capacity?: number
  /** What waits on the main thread for a thread that exports. */
  readonly handover?: Bounded
  /** Where it exports to: an exporter of the app's tells its own numbers. */
  readonly exporter?: ExporterCounts | undefined
}

/** Bytes. */
export interface Bounded {
  readonly usage: number
  readonly limit: number
}

interface Measured {
  gauges(): Gauges
}

export function gaugesOf({ waiting, inflight, bytes, maxBytes, maxRecords }: QueueNumbers): Gauges {
  return {
    queued: waiting,
    inflight,
    ...(maxBytes !== undefined && { queue: { usage: bytes, limit: maxBytes } }),
    ...(maxRecords !== undefined && { capacity: maxRecords }),
  }
}

export interface ExporterFacts {
  /** As the conventions name it. */
  readonly type: string
  readonly address?: string
  readonly port?: number
}

export interface ExporterCounts extends ExporterFacts {
  readonly exported: CountByErrorType
}

const components = processState('components', (): Component[] => [])

/** All that there are and were. */
export function allComponents(): readonly Component[] {
  return components
}

export class Component {
  readonly type: string
  /** `otel.component.name`. */
  readonly name: string
  /** Whether its queue and its exporter are in a thread of ours, and its Loggers ours; else they are an SDK's. */
  readonly hasThread: boolean
  readonly counts = createCounts()
  /** Records that a Logger of ours was given. */
  created = 0
  /** Of all pipelines that have had this name. */
  readonly exporters: ExporterCounts[] = []
  #pipeline: WeakRef<Measured> | undefined

  private constructor(type: string, name: string, hasThread: boolean) {
    this.type = type
    this.name = name
    this.hasThread = hasThread
  }

  /** @returns the first of `type` that no living pipeline has. */
  static open(type: string, hasThread: boolean): Component {
    const ofType = components.filter((component) => component.type === type)
    const free = ofType.find((component) => component.gauges() === undefined)
    if (free !== undefined) return free
    const component = new Component(type, `${type}/${ofType.length}`, hasThread)
    components.push(component)
    return component
  }

  /** From now on `pipeline` has the name, until it is closed or collected. */
  measure(pipeline: Measured): void {
    this.#pipeline = new WeakRef(pipeline)
  }

  /** @returns undefined where the pipeline is closed or gone. */
  gauges(): Gauges | undefined {
    return this.#pipeline?.deref()?.gauges()
  }

  /** Lets go of `pipeline`. */
  close(pipeline: Measured): void {
    if (this.#pipeline?.deref() === pipeline) this.#pipeline = undefined
  }

  count(counted: 'processed' | 'exported', errorType: string, records: number): void {
    count(this.counts[counted], errorType, records)
    if (errorType !== SUCCESS) this.tellDropped(errorType, records)
  }

  /** Of records that are counted already. */
  tellDropped(errorType: string, records: number): void {
    if (!drops.hasSubscribers || records === 0) return
    drops.publish({ stage: 'pipeline', component: this.name, reason: errorType, count: records })
  }

  tellDelivery(result: DeliveryResult): void {
    if (deliveries.hasSubscribers) deliveries.publish({ component: this.name, ...result })
  }

  /** @returns where to count what is exported there. */
  exporter(facts: ExporterFacts): ExporterCounts {
    const { type, address, port } = facts
    let exporter = this.exporters.find((e) => e.type === type && e.address === address && e.port === port)
    if (exporter === undefined) {
      exporter = { ...facts, exported: {} }
      this.exporters.push(exporter)
    }
    return exporter
  }
}
