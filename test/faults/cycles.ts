// An app that opens and closes the bridge over and over: tells what of each kind is left behind, and how much memory.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPinoStream, createPinoTransport } from 'otel-log-bridge/pino'
import { WorkerLoggerProvider } from 'otel-log-bridge/worker'
import pino from 'pino'

const [form, cycles, how] = [process.argv[2], Number(process.argv[3]), process.argv[4]]
/** A collector that does not answer makes each close run into its deadline. */
const deadline = how === 'delivered' ? undefined : 100
/** Open at once: as many as keep two cores busy. */
const ABREAST = 4
const WARM_UP = 40
const gc = globalThis.gc as () => void

const server = createServer((request, response) => {
  request.resume()
  if (how === 'delivered') request.once('end', () => response.writeHead(200).end())
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`

async function cycle(): Promise<number> {
  if (form === 'transport') {
    const transport = createPinoTransport({ endpoint })
    pino(transport).info('cycle')
    return (await transport.close(deadline)).delivered
  }
  const provider = new WorkerLoggerProvider({ endpoint })
  pino(createPinoStream({ loggerProvider: provider })).info('cycle')
  return (await provider.close(deadline)).delivered
}

async function run(count: number): Promise<number> {
  let left = count
  let delivered = 0
  const lane = async () => {
    while (left-- > 0) {
      const ofCycle = await cycle()
      delivered += ofCycle
    }
  }
  await Promise.all(Array.from({ length: ABREAST }, lane))
  return delivered
}

function listeners(): number {
  return process.eventNames().reduce((total, name) => total + process.listenerCount(name), 0)
}

async function census() {
  for (let i = 0; i < 5; i++) {
    gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  // The receiver's own connections close in their own time.
  server.closeAllConnections()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage()
  return {
    handles: process.getActiveResourcesInfo().sort(),
    listeners: listeners(),
    heap: heapUsed + external,
    // The threads' shared memory is in no other figure.
    shared: arrayBuffers,
    rss,
  }
}

await run(WARM_UP)
const before = await census()
const delivered = await run(cycles)
const after = await census()
process.stdout.write(`${JSON.stringify({ delivered, before, after })}\n`)
server.close()
