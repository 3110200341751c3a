// Turns of a call that is made again and again, by CPU time: what else runs on the machine counts less.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Measured, Turn } from './case.ts'

export interface Call {
  readonly call: () => unknown
  /** Awaited after every burst of calls: what they have started is part of their cost. */
  readonly settle?: () => Promise<unknown>
}

const WARM_UP_CALLS = 50_000
/** Enough for a call that takes long. */
const WARM_UP_NANOS = 1e9
/** threadCpuUsage counts in steps of 4 ms on some kernels. */
const TURN_NANOS = 200e6
/** Few enough for every queue that is measured. */
const BURST = 8192
/** Few enough, of calls and of what they allocate, for no collection to come between. */
const WEIGHED_CALLS = 200
const WEIGHED_BYTES = 512 * 1024

/** Of the whole process, threads of V8's included, before Node 23.9. */
export const cpuUsage: typeof process.cpuUsage = (process.threadCpuUsage ?? process.cpuUsage).bind(process)

export function nanosSince(start: NodeJS.CpuUsage): number {
  const { user, system } = cpuUsage(start)
  return (user + system) * 1000
}

export async function turnOf({ call, settle }: Call): Promise<Turn> {
  const bytes = await weigh(call, settle)
  if (settle !== undefined) return () => turnOfBursts(call, settle, bytes)
  const start = cpuUsage()
  let calls = 0
  // The clock is asked rarely: the call is what is to be measured.
  for (let nanos = 0; nanos < TURN_NANOS; nanos = nanosSince(start)) {
    for (let i = 0; i < BURST; i++) call()
    calls += BURST
  }
  return () => {
    const start = cpuUsage()
    for (let i = 0; i < calls; i++) call()
    return { nanos: nanosSince(start) / calls, bytes }
  }
}

async function turnOfBursts(call: Call['call'], settle: () => Promise<unknown>, bytes: number): Promise<Measured> {
  const start = cpuUsage()
  let calls = 0
  for (let nanos = 0; nanos < TURN_NANOS; nanos = nanosSince(start)) {
    for (let i = 0; i < BURST; i++) call()
    await settle()
    calls += BURST
  }
  return { nanos: nanosSince(start) / calls, bytes }
}

/** @returns bytes of a call that is warm. */
async function weigh(call: Call['call'], settle?: () => Promise<unknown>): Promise<number> {
  const start = cpuUsage()
  for (let calls = 0; calls < WARM_UP_CALLS && nanosSince(start) < WARM_UP_NANOS; calls += BURST) {
    for (let i = 0; i < BURST; i++) call()
    await settle?.()
  }
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const allocatedBy = (calls: number) => {
    collect()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < calls; i++) call()
    return process.memoryUsage().heapUsed - before
  }
  const calls = Math.max(1, Math.min(WEIGHED_CALLS, Math.floor(WEIGHED_BYTES / allocatedBy(1))))
  // What the asking itself allocates is not the calls'.
  const bytes = allocatedBy(calls) - allocatedBy(0)
  await settle?.()
  return bytes / calls
}
