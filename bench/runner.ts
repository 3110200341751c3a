// Runs the contenders of a case, each in a process of its own, by turns: on a machine where the same call takes half as
// long again a moment later, only what ran next to each other can be compared.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Case, Measured } from './case.ts'

export interface Effort {
  /** How often the processes are started anew: one may be compiled better than another. */
  readonly rounds: number
  /** How often each process measures. */
  readonly turns: number
  /** How often a process is started that can measure once. */
  readonly shots: number
}

const CONTENDER = fileURLToPath(new URL('./contender.ts', import.meta.url))
/** Keeps what is left of a file without its types: to strip them takes a compiler, which would be part of a peak. */
const COMPILE_CACHE = fileURLToPath(new URL('../.cache/bench/compiled', import.meta.url))
/** No turn takes that long, not even on a busy machine. */
const DEADLINE_MS = 1_800_000
const SAID_LENGTH = 2000

/** By contender. */
export type Measurements = ReadonlyMap<string, Measured>

/** @returns what was measured in each turn. */
export async function measure(topic: string, one: Case, effort: Effort, node: string): Promise<Measurements[]> {
  const measurements: Measurements[] = []
  const names = Object.keys(one.contenders)
  const { rounds, turns } = one.isOneShot === true ? { rounds: effort.shots, turns: 1 } : effort
  for (let round = 0; round < rounds; round++) {
    const children = new Map<string, ChildProcess>()
    try {
      for (const name of names) children.set(name, await start([topic, one.name, name], node))
      for (let turn = 0; turn < turns; turn++) {
        const measured = new Map<string, Measured>()
        for (const name of (round + turn) % 2 === 0 ? names : names.toReversed()) {
          const child = children.get(name) as ChildProcess
          child.send('measure')
          measured.set(name, (await answerOf(child)) as Measured)
        }
        measurements.push(measured)
      }
    } finally {
      for (const child of children.values()) if (child.connected) child.disconnect()
    }
  }
  return measurements
}

async function start(words: readonly string[], node: string): Promise<ChildProcess> {
  const child = fork(CONTENDER, words, {
    execPath: node,
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  await answerOf(child)
  return child
}

/** What a contender says on its standard error belongs to what it does, unless it fails. */
function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let said = ''
    const onText = (text: Buffer) => {
      said = (said + text).slice(-SAID_LENGTH)
    }
    const fail = (why: string) => {
      child.kill('SIGKILL')
      settle()
      reject(new Error(`${child.spawnargs.slice(-3).join(', ')}: ${why}\n${said}`))
    }
    const onMessage = (answer: unknown) => {
      settle()
      resolve(answer)
    }
    const onClose = (code: number | null) => fail(`ended with ${code}`)
    const deadline = setTimeout(() => fail('has not answered'), DEADLINE_MS)
    const settle = () => {
      clearTimeout(deadline)
      child.off('message', onMessage).off('close', onClose)
      child.stderr?.off('data', onText)
    }
    child.on('message', onMessage).on('close', onClose)
    child.stderr?.on('data', onText)
  })
}
