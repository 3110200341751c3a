// What was measured, as it is kept: docs/benchmarks.md and its charts are made of nothing else.

import { type Case, type Figure, type Point, type Quantity, quantities, type Target } from './case.ts'
import type { Measurements } from './runner.ts'

export interface Spread {
  readonly low: number
  readonly median: number
  readonly high: number
}

export interface FigureResult extends Spread, Target {
  readonly of: string
  readonly says: string
  readonly isRatio: boolean
}

export interface CaseResult {
  readonly contenders: Readonly<Record<string, Readonly<Partial<Record<Quantity, Spread>>>>>
  readonly figures: readonly FigureResult[]
  readonly points?: Readonly<Record<string, Point>>
}

export interface TopicResult {
  /** A day. */
  readonly takenOn: string
  readonly machine: string
  readonly effort: string
  /** By Node's version, then by case. */
  readonly nodes: Readonly<Record<string, Readonly<Record<string, CaseResult>>>>
}

/** By topic. */
export type Results = Readonly<Record<string, TopicResult>>

/** Median and quartiles of what is a number. */
function spreadOf(values: readonly number[]): Spread {
  const sorted = values.filter(Number.isFinite).toSorted((a, b) => a - b)
  const at = (share: number) => {
    const place = share * (sorted.length - 1)
    const [below = Number.NaN, above = below] = sorted.slice(Math.floor(place), Math.floor(place) + 2)
    return below + (above - below) * (place % 1)
  }
  return { low: at(0.25), median: at(0.5), high: at(0.75) }
}

const DIGITS = 4
const rounded = ({ low, median, high }: Spread): Spread => ({
  low: Number(low.toPrecision(DIGITS)),
  median: Number(median.toPrecision(DIGITS)),
  high: Number(high.toPrecision(DIGITS)),
})

export function resultOf({ contenders, figures, points }: Case, measurements: readonly Measurements[]): CaseResult {
  const names = Object.keys(quantities) as Quantity[]
  const measured = (contender: string, quantity: Quantity) => (measured: Measurements) =>
    measured.get(contender)?.[quantity] ?? Number.NaN
  const spreads = (contender: string) =>
    names
      .map((quantity) => [quantity, spreadOf(measurements.map(measured(contender, quantity)))] as const)
      .filter(([, { median }]) => Number.isFinite(median))
      .map(([quantity, spread]) => [quantity, rounded(spread)])
  const figure = ({ of, says, value, isRatio, target }: Figure): FigureResult => ({
    of,
    says,
    isRatio,
    // Of each turn by itself, whose contenders ran next to each other.
    ...rounded(spreadOf(measurements.map((turn) => value((name, quantity) => measured(name, quantity)(turn))))),
    ...target,
  })
  return {
    contenders: Object.fromEntries(Object.keys(contenders).map((name) => [name, Object.fromEntries(spreads(name))])),
    figures: figures.map(figure),
    ...(points && { points }),
  }
}

export function meetsTarget({ median, atMost, atLeast }: FigureResult): boolean {
  return isWithin(median, atMost) && isAtLeast(median, atLeast)
}

const SLACK = 2

/** The ratios whose better quartile is still more than twice as bad as its target: no noise does that. */
export function farOff({ figures }: CaseResult): FigureResult[] {
  return figures.filter(
    ({ isRatio, low, high, atMost, atLeast }) =>
      isRatio && !(isWithin(low, atMost && atMost * SLACK) && isAtLeast(high, atLeast && atLeast / SLACK)),
  )
}

const isWithin = (value: number, atMost: number | undefined) => atMost === undefined || value <= atMost
const isAtLeast = (value: number, atLeast: number | undefined) => atLeast === undefined || value >= atLeast
