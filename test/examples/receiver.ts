// The backend of the examples, in a process of its own: it keeps what it is sent as it came, and reads it when it is
// asked, so that it takes next to nothing of the machine while an app is under load.

import { gunzipSync } from 'node:zlib'
import { acceptRequest, LoadReceiver } from '../support/load-receiver.ts'
import { decodeProtobuf } from '../support/otlp-proto.ts'

/** Of a log record, what the checks look at. */
export interface Arrived {
  readonly body: string
  /** The attribute by which a record tells the request that it was logged in. */
  readonly order: number | undefined
  /** Hexadecimal; empty where the record has none. */
  readonly traceId: string
}

/** `the last records`: of senders that are gone, whose last request may still be under way. */
export type Ask = 'records' | 'the last records' | 'leave' | 'come back'

const bodies: { readonly bytes: Buffer; readonly isZipped: boolean }[] = []

const receiver = await LoadReceiver.start((bytes, request, response) => {
  // Spans come, too.
  if (request.url === '/v1/logs') bodies.push({ bytes, isZipped: request.headers['content-encoding'] === 'gzip' })
  acceptRequest(response)
})

function records(): Arrived[] {
  return bodies.flatMap(({ bytes, isZipped }) =>
    decodeProtobuf(isZipped ? gunzipSync(bytes) : bytes).map(({ body, attributes: { order }, traceId }) => ({
      body: String(body),
      order: order === undefined ? undefined : Number(order),
      traceId,
    })),
  )
}

process.on('message', async (ask: Ask) => {
  if (ask === 'leave') await receiver.vanish()
  if (ask === 'come back') await receiver.comeBack()
  if (ask === 'the last records') await receiver.drained()
  process.send?.(ask.endsWith('records') ? records() : [])
})
process.on('disconnect', () => process.exit())
process.send?.(receiver.port)
