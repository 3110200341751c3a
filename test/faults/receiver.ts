// An OTLP/HTTP receiver in a process of its own, misbehaving as its script says.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import { acceptRequest, LoadReceiver } from '../support/load-receiver.ts'
import { type Ledger, RecordLedger } from '../support/record-ledger.ts'

/** What goes wrong, from the moment on which the app says that it begins to log. */
export type Script =
  | { readonly kind: 'none' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number; readonly forMs: number }
  | { readonly kind: 'closed'; readonly forMs: number }
  /** A fifth of the requests is reset before it is accepted, a fifth after. */
  | { readonly kind: 'resets'; readonly seed: number; readonly forMs: number }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'silence' }

export interface Summary extends Ledger {
  /** Records by which the bridge itself says what it has lost. */
  readonly lossRecords: number
  readonly requests: number
  readonly refused: number
}

const script = JSON.parse(process.argv[2] ?? '{"kind":"none"}') as Script
const ledger = new RecordLedger()
const count = { lossRecords: 0, requests: 0, refused: 0 }
let beganAt: number | undefined
const random = seeded(script.kind === 'resets' ? script.seed : 0)

const receiver = await LoadReceiver.start(take)
process.on('message', (message: 'begin' | 'summary') => void (message === 'begin' ? begin() : summarize()))
process.send?.({ port: receiver.port })

async function begin(): Promise<void> {
  beganAt = Date.now()
  if (script.kind === 'closed') {
    await receiver.vanish()
    process.send?.({ begun: true })
    await after(script.forMs)
    await receiver.comeBack()
  } else process.send?.({ begun: true })
}

async function summarize(): Promise<void> {
  await receiver.drained()
  const summary: Summary = { ...ledger.summary(), ...count }
  process.send?.({ summary })
}

async function take(body: Buffer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  count.requests++
  const isWrong = beganAt !== undefined && (!('forMs' in script) || Date.now() - beganAt < script.forMs)
  if (isWrong && script.kind === 'status') {
    count.refused++
    const headers = script.retryAfter === undefined ? {} : { 'retry-after': String(script.retryAfter) }
    response.writeHead(script.status, headers).end()
    return
  }
  if (isWrong && script.kind === 'silence') return
  if (isWrong && script.kind === 'resets') {
    const fate = random()
    if (fate < 0.4) {
      count.refused++
      if (fate < 0.2) accept(body, true)
      request.socket.resetAndDestroy()
      return
    }
  }
  accept(body, false)
  if (isWrong && script.kind === 'delay') await after(script.delayMs)
  acceptRequest(response)
}

function accept(body: Buffer, isAnswerLost: boolean): void {
  ledger.accept(body, isAnswerLost)
  // Only where the bridge has lost something is there one, and few of those: a second search costs next to nothing.
  const loss = 'otel.log_bridge.dropped'
  for (let at = body.indexOf(loss); at !== -1; at = body.indexOf(loss, at + 1)) count.lossRecords++
}

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
