// The OTLP/HTTP receiver of a soak run, in a process of its own: all apps send to it, each to a path of its own, and its
// faults come to all of them at once, slot by slot.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { type Ledger, RecordLedger } from './ledger.ts'
import { FAULT_MS, type Fault, faults, SLOT_MS } from './schedule.ts'

/** By the app's path. */
export type Ledgers = Readonly<Record<string, Ledger>>

export type ReceiverOrder = 'begin' | 'end'
export type ReceiverEvent =
  | { readonly event: 'listening'; readonly port: number }
  | { readonly event: 'begun' }
  | { readonly event: 'ended'; readonly ledgers: Ledgers }

const DRAIN_TURNS = 200
const RESETS_PERIOD = 5

const ledgers = new Map<string, RecordLedger>()
const sockets = new Set<object>()
const schedule = new AbortController()
let fault: Fault | undefined
/** By the app's path. */
const requestsInFault = new Map<string, number>()

let server = await listen(0)
const { port } = server.address() as AddressInfo
process.on('message', (order: ReceiverOrder) => void (order === 'begin' ? begin() : end()))
tell({ event: 'listening', port })

function tell(event: ReceiverEvent): void {
  process.send?.(event)
}

function listen(onPort: number): Promise<Server> {
  const created = createServer((request, response) => void take(request, response))
  created.keepAliveTimeout = 60_000
  created.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return new Promise((resolve) => created.listen(onPort, '127.0.0.1', () => resolve(created)))
}

async function begin(): Promise<void> {
  const beganAt = performance.now()
  tell({ event: 'begun' })
  try {
    for (let slot = 0; ; slot++) {
      await until(beganAt + slot * SLOT_MS)
      fault = faults[slot % faults.length]
      requestsInFault.clear()
      // Idle connections end with it, the others with their answers.
      if (fault?.kind === 'closed') server.close()
      await until(beganAt + slot * SLOT_MS + FAULT_MS)
      if (fault?.kind === 'closed') server = await listen(port)
      fault = undefined
    }
  } catch {
    // The schedule ends with the run.
  }
}

function until(time: number): Promise<void> {
  return after(Math.max(0, time - performance.now()), undefined, { signal: schedule.signal })
}

/** Not before the senders are gone: what they have sent last may still be under way. */
async function end(): Promise<void> {
  schedule.abort()
  for (let i = 0; sockets.size > 0 && i < DRAIN_TURNS; i++) await after(10)
  tell({
    event: 'ended',
    ledgers: Object.fromEntries([...ledgers].map(([path, ledger]) => [path, ledger.summary()])),
  })
}

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  request.on('error', () => {})
  response.on('error', () => {})
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    return
  }
  const body = Buffer.concat(chunks)
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
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
}

function ledgerOf(path: string): RecordLedger {
  let ledger = ledgers.get(path)
  if (ledger === undefined) {
    ledger = new RecordLedger()
    ledgers.set(path, ledger)
  }
  return ledger
}
