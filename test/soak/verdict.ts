// What must hold of an app that has been soaked. Growth is the difference between the medians of the last and of the second
// third of its samples: in the first third code is compiled and pools are filled.

import type { Form } from '../faults/forms.ts'
import type { Ledger } from '../support/record-ledger.ts'
import type { Sample } from './app.ts'
import { END_DEADLINE_MS, type SoakedApp } from './processes.ts'

export interface Verdict {
  readonly figures: string
  /** Empty where all holds. */
  readonly failures: readonly string[]
}

const MEBIBYTE = 1024 * 1024
/** Where nothing leaks the samples of a run differ by 0.2 MiB, on a busy machine too. */
const HEAP_BOUND = MEBIBYTE
/** With the heap of the thread, which nobody collects for a sample, and V8's spaces for what is new: it wanders by 12 MiB. */
const RSS_BOUND = 32 * MEBIBYTE

export function judge(form: Form, slots: number, app: SoakedApp, ledger: Ledger | undefined): Verdict {
  const { code, stderr, samples, written, result, endMs } = app
  const { received, duplicates, wrongDuplicates, disordered } = ledger ?? NOTHING
  const heap = growth(samples, ({ heap }) => heap)
  const buffers = growth(samples, ({ external, arrayBuffers }) => Math.max(external, arrayBuffers))
  const rss = growth(samples, ({ rss }) => rss)
  const handles = growth(samples, ({ resources }) => resources.length)
  const listeners = growth(samples, ({ listeners }) => listeners)
  const checks = {
    'all slots lived through': samples.length === slots && endMs !== undefined,
    'no loss': written > 0 && received === written,
    'result says so': form === 'target' || (result?.delivered === written && result.dropped === 0),
    'no duplicate of an answered record': wrongDuplicates === 0,
    'in order': disordered === 0,
    'heap does not grow': heap.by <= HEAP_BOUND,
    'no memory outside of it grows': buffers.by <= HEAP_BOUND,
    'RSS does not grow': rss.by <= RSS_BOUND,
    'handles do not grow': handles.by <= 0,
    'listeners do not grow': listeners.by <= 0,
    'counts exact': samples.every((sample) => isExact(form, sample)),
    'no warning': !/Warning:/.test(stderr),
    'ends by itself, left open': code === 0 && endMs !== undefined && endMs < END_DEADLINE_MS,
  }
  return {
    figures: [
      `${received} of ${written} arrived${duplicates === 0 ? '' : `, ${duplicates} twice`}`,
      `heap ${mib(heap)}`,
      `outside ${mib(buffers)}`,
      `RSS ${mib(rss)}`,
      `handles ${handles.from} → ${handles.to}`,
      `listeners ${listeners.from} → ${listeners.to}`,
      `ended ${endMs === undefined ? 'too soon' : `in ${Math.round(endMs)} ms`}`,
    ].join('; '),
    failures: Object.entries(checks).flatMap(([what, holds]) => (holds ? [] : [what])),
  }
}

const NOTHING: Ledger = { received: 0, duplicates: 0, wrongDuplicates: 0, disordered: 0 }

interface Growth {
  /** The median of the second third. */
  readonly from: number
  /** The median of the last third. */
  readonly to: number
  readonly by: number
}

function growth(samples: readonly Sample[], measure: (sample: Sample) => number): Growth {
  const values = samples.map(measure)
  const third = Math.floor(values.length / 3)
  const from = median(values.slice(-2 * third, -third))
  const to = median(values.slice(-third))
  return { from, to, by: to - from }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

/** After a flush nothing is pending. The target counts in its thread. */
function isExact(form: Form, { stats, written }: Sample): boolean {
  const { seen, emitted, pending, dropped } = stats
  const isSum = seen === emitted + pending + Object.values(dropped).reduce((total, count) => total + count, 0)
  return isSum && (form === 'target' || (emitted === written && pending === 0))
}

function mib({ from, to, by }: Growth): string {
  const text = (bytes: number) => (bytes / MEBIBYTE).toFixed(1)
  return `${text(from)} → ${text(to)} MiB (${by < 0 ? '' : '+'}${text(by)})`
}
