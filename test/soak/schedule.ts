// The course of a soak run: slots of the same length, each of them a fault and then quiet. An app takes its samples in the
// quiet end of a slot, so that all of them are taken in the same state.

export type Fault =
  | { readonly kind: 'status'; readonly status: number }
  /** Of each five requests of an app one is reset before it is accepted, and one after. */
  | { readonly kind: 'resets' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'delay'; readonly delayMs: number }

export const SLOT_MS = 10_000
/** From the start of its slot. */
export const FAULT_MS = 3000
/** From the start of the slot: a fault's last retry is over by then. */
export const SAMPLE_AT_MS = 9000

/** From the first again when all have had their slot. */
export const faults: readonly Fault[] = [
  { kind: 'status', status: 503 },
  { kind: 'resets' },
  { kind: 'closed' },
  { kind: 'delay', delayMs: 500 },
]
