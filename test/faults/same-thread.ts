// An app that is its own collector, in the same thread: whoever blocked it while it waits for an export would wait for
// itself. Tells how many records it has received, and what the bridge says of them.

import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type Form, open, type Result } from './forms.ts'

export interface SameThread {
  readonly received: number
  readonly flushed: Result | null
  readonly closed: Result | null
}

const form = process.argv[2] as Form
const records = Number(process.argv[3])
const end = process.argv[4] as 'close' | 'process.exit(0)'
let received = 0
let flushed: Result | null = null
let closed: Result | null = null
process.on('exit', () => {
  const told: SameThread = { received, flushed, closed }
  writeSync(1, `${JSON.stringify(told)}\n`)
})

const server = createServer(async (request, response) => {
  const body = await buffer(request)
  received += body.toString('latin1').match(/#[ab]\d{7}#/g)?.length ?? 0
  response.writeHead(200).end()
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')

const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`
const app = open(form, endpoint, {})
for (let i = 0; i < records; i++) {
  const logger = i % app.loggers.length
  app.loggers[logger]?.info(`#${'ab'[logger]}${String(Math.floor(i / app.loggers.length)).padStart(7, '0')}#`)
}
if (form === 'winston-worker') await new Promise((resolve) => setImmediate(resolve))
if (end === 'close') {
  flushed = (await app.flush()) ?? null
  closed = (await app.close()) ?? null
}
process.exit(0)
