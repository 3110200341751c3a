// What is measured side by side, and what is asked of it.

/** What one measurement tells. Times are CPU time of the main thread, unless it is said otherwise. */
export interface Measured {
  /** CPU time of a call, in ns. */
  readonly nanos?: number
  /** What a call allocates on the main thread. */
  readonly bytes?: number
  /** Records delivered in a second, from the first log call until the last one has arrived. */
  readonly perSecond?: number
  /** Records that never arrived. */
  readonly lost?: number
  /** CPU time of the whole process for a record, in ns. */
  readonly processNanos?: number
  /** Peak RSS of the process, in MB. */
  readonly peak?: number
}
export type Quantity = keyof Measured

export const quantities: Readonly<Record<Quantity, { readonly title: string; readonly unit: string }>> = {
  nanos: { title: 'main-thread CPU of a call', unit: 'ns' },
  bytes: { title: 'allocated by a call', unit: 'B' },
  perSecond: { title: 'delivered in a second', unit: 'records/s' },
  lost: { title: 'lost', unit: 'records' },
  processNanos: { title: 'process CPU of a record', unit: 'ns' },
  peak: { title: 'peak RSS', unit: 'MB' },
}

/** Measures once. */
export type Turn = () => Measured | Promise<Measured>

/** Makes ready what is measured, in a process of its own: where code is compiled for several none runs as it does alone. */
export type Contender = () => Turn | Promise<Turn>

/** What the contenders of a case have measured next to each other in time. */
export type Round = (contender: string, quantity: Quantity) => number

export interface Figure {
  readonly of: string
  readonly says: string
  readonly value: (round: Round) => number
  /** Only a ratio says the same on any machine. */
  readonly isRatio: boolean
  readonly target?: Target
}

export interface Target {
  readonly atMost?: number
  readonly atLeast?: number
}

export interface Case {
  readonly name: string
  readonly contenders: Readonly<Record<string, Contender>>
  readonly figures: readonly Figure[]
  /** Whether a process can measure once only: it tells of its peak, or ends what it measures. Default false. */
  readonly isOneShot?: boolean
  /** Where each contender is a point of a line. */
  readonly points?: Readonly<Record<string, Point>>
  /** Is part of the quick run. Default true. */
  readonly quick?: boolean
}

export interface Point {
  readonly line: string
  readonly at: number
}

export interface Topic {
  readonly title: string
  /** What is measured and how, in Markdown. */
  readonly about: string
  readonly cases: readonly Case[]
  readonly charts: readonly Quantity[]
  /** Is measured under each release line of Node. Default false. */
  readonly everyNode?: boolean
}

/** What `of` costs on top of `alone`, in units of `unit`. */
export function adds(of: string, { alone, unit }: { alone: string; unit: string }, target?: Target): Figure {
  return {
    of,
    says: `adds, in units of “${unit}”`,
    value: (round) => (round(of, 'nanos') - round(alone, 'nanos')) / round(unit, 'nanos'),
    isRatio: true,
    ...(target && { target }),
  }
}

/** How many times `other` it is. */
export function times(of: string, quantity: Quantity, other: string, target?: Target): Figure {
  return {
    of,
    says: `${quantities[quantity].title}, times that of “${other}”`,
    value: (round) => round(of, quantity) / round(other, quantity),
    isRatio: true,
    ...(target && { target }),
  }
}

/** By how much it is more than `other`. */
export function difference(of: string, quantity: Quantity, other: string, target?: Target): Figure {
  const { title, unit } = quantities[quantity]
  return {
    of,
    says: `${title}, more than “${other}”, in ${unit}`,
    value: (round) => round(of, quantity) - round(other, quantity),
    isRatio: false,
    ...(target && { target }),
  }
}

/** What was measured of it as it is. */
export function itself(of: string, quantity: Quantity, target: Target): Figure {
  const { title, unit } = quantities[quantity]
  return { of, says: `${title}, in ${unit}`, value: (round) => round(of, quantity), isRatio: false, target }
}
