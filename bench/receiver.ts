// A collector, in a process of its own: counts the records that arrive, and when the last one did.

import { acceptRequest, LoadReceiver } from '../test/support/load-receiver.ts'
import { RecordLedger } from '../test/support/record-ledger.ts'

export interface Arrived {
  readonly received: number
  /** By Date.now(). */
  readonly lastAt: number
}

const ledger = new RecordLedger()
let lastAt = 0

const { port } = await LoadReceiver.start((body, _request, response) => {
  ledger.accept(body, false)
  lastAt = Date.now()
  acceptRequest(response)
})
process.on('message', () => process.send?.({ received: ledger.summary().received, lastAt } satisfies Arrived))
process.on('disconnect', () => process.exit())
process.send?.({ port })
