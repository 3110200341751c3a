// The OTLP/HTTP receiver of a soak run, in a process of its own: all apps send to it, each to a path of its own, and its
// faults come to all of them at once, slot by slot.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import { acceptRequest, LoadReceiver } from '../support/load-receiver.ts'
import { type Ledger, RecordLedger } from '../support/record-ledger.ts'
import { FAULT_MS, type Fault, faults, SLOT_MS } from './schedule.ts'

/** By the app's path. */
export type Ledgers = Readonly<Record<string, Ledger>>

export type ReceiverOrder = 'begin' | 'end'
export type ReceiverEvent =
  | { readonly event: 'listening'; readonly port: number }
  | { readonly event: 'begun' }
  | { readonly event: 'ended'; readonly ledgers: Ledgers }

const RESETS_PERIOD = 5

const ledgers = new Map<string, RecordLedger>()
const schedule = new AbortController()
let fault: Fault | undefined
/** By the app's path. */
const requestsInFault = new Map<string, number>()

const receiver = await LoadReceiver.start(take)
process.on('message', (order: ReceiverOrder) => void (order === 'begin' ? begin() : end()))
tell({ event: 'listening', port: receiver.port })

function tell(event: ReceiverEvent): void {
  process.send?.(event)
}

async function begin(): Promise<void> {
  const beganAt = performance.now()
  tell({ event: 'begun' })
  try {
    for (let slot = 0; ; slot++) {
      await until(beganAt + slot * SLOT_MS)
      fault = faults[slot % faults.length]
      requestsInFault.clear()
      if (fault?.kind === 'closed') void receiver.leave()
      await until(beganAt + slot * SLOT_MS + FAULT_MS)
      if (fault?.kind === 'closed') await receiver.comeBack()
      fault = undefined
    }
  } catch {
    // The schedule ends with the run.
  }
}

function until(time: number): Promise<void> {
  return after(Math.max(0, time - performance.now()), undefined, { signal: schedule.signal })
}

async function end(): Promise<void> {
  schedule.abort()
  await receiver.drained()
  tell({
    event: 'ended',
    ledgers: Object.fromEntries([...ledgers].map(([path, ledger]) => [path, ledger.summary()])),
  })
}

async function take(body: Buffer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url as string
  const ledger = ledgerOf(path)
  const now = fault
  const turn = (requestsInFault.get(path) ?? 0) % RESETS_PERIOD
  requestsInFault.set(path, turn + 1)
  if (now?.kind === 'closed') response.shouldKeepAlive = false
  if (now?.kind === 'status') {
    response.writeHead(now.status).end()
    return
  }
  if (now?.kind === 'resets' && turn < 2) {
    if (turn === 1) ledger.accept(body, true)
    request.socket.resetAndDestroy()
    return
  }
  ledger.accept(body, false)
  if (now?.kind === 'delay') await after(now.delayMs)
  acceptRequest(response)
}

function ledgerOf(path: string): RecordLedger {
  let ledger = ledgers.get(path)
  if (ledger === undefined) {
    ledger = new RecordLedger()
    ledgers.set(path, ledger)
  }
  return ledger
}
