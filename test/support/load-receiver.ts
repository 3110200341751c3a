// What the receivers of long runs share: an HTTP server that reads whole requests, can be away for a while, and knows
// when its senders are gone.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'

export type Take = (body: Buffer, request: IncomingMessage, response: ServerResponse) => void | Promise<void>

const DRAIN_TURNS = 200

export class LoadReceiver {
  readonly port: number
  readonly #take: Take
  readonly #sockets: Set<object>
  #server: Server

  private constructor(server: Server, take: Take, sockets: Set<object>) {
    this.port = (server.address() as AddressInfo).port
    this.#server = server
    this.#take = take
    this.#sockets = sockets
  }

  static async start(take: Take): Promise<LoadReceiver> {
    const sockets = new Set<object>()
    return new LoadReceiver(await listen(0, take, sockets), take, sockets)
  }

  /** Idle connections end with it, the others with their answers. */
  leave(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  /** Connections end in the midst of what they do. */
  async vanish(): Promise<void> {
    this.#server.closeAllConnections()
    await this.leave()
  }

  async comeBack(): Promise<void> {
    this.#server = await listen(this.port, this.#take, this.#sockets)
  }

  /** Resolves when the senders are gone: what they have sent last may still be under way before. */
  async drained(): Promise<void> {
    for (let i = 0; this.#sockets.size > 0 && i < DRAIN_TURNS; i++) await after(10)
  }
}

export function acceptRequest(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
}

function listen(port: number, take: Take, sockets: Set<object>): Promise<Server> {
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request, response)
    if (body !== undefined) await take(body, request, response)
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)))
}

/** @returns undefined where the sender went away before its end. */
async function bodyOf(request: IncomingMessage, response: ServerResponse): Promise<Buffer | undefined> {
  request.on('error', () => {})
  response.on('error', () => {})
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    return undefined
  }
  return Buffer.concat(chunks)
}
