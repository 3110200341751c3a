// The funnel: where every record that reached a bridge went. Each is in exactly one place at any moment, so
// seen = emitted + pending + the sum of dropped, always.

import { tellDropped } from './channels.ts'
import { processState } from './process-state.ts'

export type DropReason = keyof BridgeStats['dropped']

/** Records, counted since the start of the process or of the bridge. */
export interface BridgeStats {
  /** Logged through a bridge. */
  readonly seen: number
  /** Handed to an OTel Logger. */
  readonly emitted: number
  /** Being read, or waiting for a LoggerProvider. */
  readonly pending: number
  readonly dropped: {
    /** Caused by emitting a record. */
    readonly reentrant: number
    /** Logged where logs are suppressed. */
    readonly suppressed: number
    /** Held back by `include` or `exclude`, or by a format of the logger. */
    readonly filtered: number
    /** Refused by the Logger's own `enabled()`, or logged after `close()`. */
    readonly disabled: number
    /** Pushed out of a full replay buffer. */
    readonly overflow: number
    /** The record or the provider threw. */
    readonly failed: number
  }
}

/** The numbers of {@link BridgeStats}, to count with. */
export interface Counters {
  seen: number
  emitted: number
  pending: number
  readonly dropped: Record<DropReason, number>
}

/** Of all bridges of this thread. */
export const ofProcess: Counters = processState('stats', createCounters)

/** What became of all records that reached any bridge of this thread. */
export function bridgeStats(): BridgeStats {
  return snapshot(ofProcess)
}

/** Counts for one bridge, and for the process with it. */
export class Funnel {
  readonly own = createCounters()
  /** Where this is counted too. */
  readonly all = ofProcess

  arrive(): void {
    this.own.seen++
    this.own.pending++
    this.all.seen++
    this.all.pending++
  }

  emitted(records = 1): void {
    this.own.pending -= records
    this.own.emitted += records
    this.all.pending -= records
    this.all.emitted += records
  }

  drop(reason: DropReason, records = 1): void {
    this.own.pending -= records
    this.own.dropped[reason] += records
    this.all.pending -= records
    this.all.dropped[reason] += records
    tellDropped(reason, records)
  }

  stats(): BridgeStats {
    return snapshot(this.own)
  }
}

function createCounters(): Counters {
  return {
    seen: 0,
    emitted: 0,
    pending: 0,
    dropped: { reentrant: 0, suppressed: 0, filtered: 0, disabled: 0, overflow: 0, failed: 0 },
  }
}

function snapshot(counters: Counters): BridgeStats {
  return { ...counters, dropped: { ...counters.dropped } }
}
