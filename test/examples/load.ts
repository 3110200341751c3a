// Customers who do not wait for each other: requests leave at their times, whether those before are answered or not.

import { Agent, get } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'

export interface LoadOrder {
  readonly port: number
  readonly perSecond: number
  readonly seconds: number
  /** @returns the path and headers of a request; they are counted from 1. */
  request(number: number): { readonly path: string; readonly headers: Readonly<Record<string, string>> }
}

export interface Load {
  readonly requests: number
  /** Answered with 200. */
  readonly answered: number
  /** The same, before a second had passed after the last one was due. */
  readonly inTime: number
  /** From the first request to the last answer. */
  readonly seconds: number
  /** From the time that a request was due to the end of its answer, in milliseconds; sorted. */
  readonly latencies: Float64Array
}

const CONNECTIONS = 50
const GRACE_MS = 1000
const ANSWERED_WITHIN_MS = 60_000

export async function sendLoad({ port, perSecond, seconds, request }: LoadOrder): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const requests = perSecond * seconds
  const latencies = new Float64Array(requests)
  let answered = 0
  let inTime = 0
  const beganAt = performance.now()

  function send(number: number): Promise<void> {
    const dueAt = beganAt + ((number - 1) * 1000) / perSecond
    return new Promise((resolve) => {
      const outgoing = get({ host: '127.0.0.1', port, agent, ...request(number) }, (response) => {
        response.resume().once('close', () => {
          const now = performance.now()
          if (response.statusCode === 200 && response.complete) {
            latencies[answered++] = now - dueAt
            if (now - beganAt <= seconds * 1000 + GRACE_MS) inTime++
          }
          resolve()
        })
      })
      outgoing.setTimeout(ANSWERED_WITHIN_MS, () => outgoing.destroy())
      outgoing.once('error', () => resolve())
    })
  }

  const answers: Promise<void>[] = []
  while (answers.length < requests) {
    const due = ((performance.now() - beganAt) * perSecond) / 1000
    while (answers.length < Math.min(due, requests)) answers.push(send(answers.length + 1))
    await after(1)
  }
  await Promise.all(answers)
  agent.destroy()
  const took = (performance.now() - beganAt) / 1000
  return { requests, answered, inTime, seconds: took, latencies: latencies.subarray(0, answered).sort() }
}
