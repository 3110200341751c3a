// An OTLP/HTTP receiver in a process of its own, misbehaving as its script says. It keeps up with any sender, because
// it reads no more of a record than its mark: `#a0000123#`, the logger's letter and the record's number.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'

/** What goes wrong, from the moment on which the app says that it begins to log. */
export type Script =
  | { readonly kind: 'none' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number; readonly forMs: number }
  | { readonly kind: 'closed'; readonly forMs: number }
  /** A fifth of the requests is reset before it is accepted, a fifth after. */
  | { readonly kind: 'resets'; readonly seed: number; readonly forMs: number }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'silence' }

export interface Summary {
  /** Different records. */
  readonly received: number
  readonly duplicates: number
  /** Duplicates of records that were accepted with an answer. */
  readonly wrongDuplicates: number
  /** Records that came after a later one of their logger, which was new then. */
  readonly disordered: number
  /** Records by which the bridge itself says what it has lost. */
  readonly lossRecords: number
  readonly requests: number
  readonly refused: number
}

const MAX_NUMBER = 10_000_000
const HASH = 35
const A = 97
const B = 98
const script = JSON.parse(process.argv[2] ?? '{"kind":"none"}') as Script

const SEEN = 1
const ANSWER_LOST = 2
const seen = new Map<number, Uint8Array>()
const last = new Map<number, number>()
const count = { received: 0, duplicates: 0, wrongDuplicates: 0, disordered: 0, lossRecords: 0, requests: 0, refused: 0 }
let beganAt: number | undefined
const sockets = new Set<object>()
const random = seeded(script.kind === 'resets' ? script.seed : 0)

let server = await listen(0)
const { port } = server.address() as AddressInfo
process.on('message', (message: 'begin' | 'summary') => void (message === 'begin' ? begin() : summarize()))
process.send?.({ port })

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
  beganAt = Date.now()
  if (script.kind === 'closed') {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    process.send?.({ begun: true })
    await after(script.forMs)
    server = await listen(port)
  } else process.send?.({ begun: true })
}

/** Not before the sender is gone: what it has sent last may still be under way. */
async function summarize(): Promise<void> {
  for (let i = 0; sockets.size > 0 && i < 200; i++) await after(10)
  process.send?.({ summary: count })
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
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
}

function accept(body: Buffer, answerIsLost: boolean): void {
  let at = body.indexOf(HASH)
  while (at !== -1) {
    const logger = body[at + 1]
    // A time can have the byte too, nine bytes before that of the time of observation.
    if ((logger !== A && logger !== B) || body[at + 9] !== HASH) {
      at = body.indexOf(HASH, at + 1)
      continue
    }
    note(logger, Number(body.toString('latin1', at + 2, at + 9)), answerIsLost)
    at = body.indexOf(HASH, at + 10)
  }
  // Only where the bridge has lost something is there one, and few of those: a second search costs next to nothing.
  for (at = body.indexOf('otel.log_bridge.dropped'); at !== -1; at = body.indexOf('otel.log_bridge.dropped', at + 1)) {
    count.lossRecords++
  }
}

function note(logger: number, number: number, answerIsLost: boolean): void {
  let ofLogger = seen.get(logger)
  if (ofLogger === undefined) {
    ofLogger = new Uint8Array(MAX_NUMBER)
    seen.set(logger, ofLogger)
  }
  const before = ofLogger[number] as number
  if (before !== 0) {
    count.duplicates++
    if ((before & ANSWER_LOST) === 0) count.wrongDuplicates++
  } else {
    count.received++
    if (number < (last.get(logger) ?? -1)) count.disordered++
    else last.set(logger, number)
  }
  ofLogger[number] = SEEN | (answerIsLost ? ANSWER_LOST : 0)
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
