// What is logged: the same for every contender.

export const MESSAGE = 'order placed'

export const fields4 = { method: 'GET', path: '/orders/17', status: 200, durationMs: 12.5 }

export const fields12 = {
  ...fields4,
  user: 'alice',
  tenant: 'acme',
  region: 'eu-west-1',
  retries: 0,
  cached: false,
  bytes: 18_432,
  order: { id: 17, total: 99.9, currency: 'EUR' },
  items: ['book', 'pen'],
}

export const bindings = { requestId: 'a3f1c2', route: '/orders/:id' }

/** A message by which a receiver knows the record: see test/support/record-ledger.ts. */
export const markOf = (number: number) => `#a${String(number).padStart(7, '0')}#`
