// `node bench/run.ts [rounds] [words of cases]`: every contender of a case once a round, each in a process of its own.

import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { cases, type Measured } from './in-process.ts'

const CHILD = fileURLToPath(new URL('./in-process.ts', import.meta.url))
const [rounds = '5', ...words] = process.argv.slice(2)

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

function measure(name: string, contender: string): Measured {
  return JSON.parse(execFileSync(process.execPath, [CHILD, name, contender], { encoding: 'utf8' })) as Measured
}

function report(name: string, contenders: readonly string[]): void {
  const seen = new Map(contenders.map((contender) => [contender, [] as Measured[]]))
  for (let round = 0; round < Number(rounds); round++) {
    for (const [contender, measured] of seen) measured.push(measure(name, contender))
  }
  const nanosOf = (contender = '') => median((seen.get(contender) ?? []).map(({ nanos }) => nanos))
  const bytesOf = (contender: string) => median((seen.get(contender) ?? []).map(({ bytes }) => bytes))
  // The first two are what the others are measured in, and what they come on top of.
  const [bare, alone] = contenders
  console.log(`\n${name}`)
  for (const contender of contenders) {
    const added = (nanosOf(contender) - nanosOf(alone)) / nanosOf(bare)
    const nanos = nanosOf(contender).toFixed(0).padStart(6)
    const bytes = bytesOf(contender).toFixed(0).padStart(6)
    const note = contender === bare || contender === alone ? '' : `adds ${added.toFixed(2)} bare emits`
    console.log(`  ${contender.padEnd(28)} ${nanos} ns ${bytes} B  ${note}`)
  }
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, medians of ${rounds} interleaved rounds`)
for (const [name, contenders] of Object.entries(cases)) {
  if (words.every((word) => name.includes(word))) report(name, Object.keys(contenders))
}
