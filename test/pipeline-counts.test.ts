// Whatever is added and whatever the collector answers, a queue's counts add up: at every moment, and after its end.

import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { errorTypeOf } from '../src/pipeline/counts.ts'
import { type DeliveryOutcome, DeliveryQueue } from '../src/pipeline/delivery-queue.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const outcome: fc.Arbitrary<DeliveryOutcome> = fc.oneof(
  fc.constant({ kind: 'accepted' } as const),
  fc.record({ kind: fc.constant('accepted' as const), rejected: fc.nat(5), reason: fc.constant('too old') }),
  fc.record({ kind: fc.constant('retry' as const), reason: fc.constant('503'), errorType: fc.constant('503') }),
  fc.record({
    kind: fc.constant('refused' as const),
    divisible: fc.boolean(),
    reason: fc.constant('400'),
    errorType: fc.constant('400'),
  }),
)
const step = fc.oneof(
  fc.record({ add: fc.integer({ min: 1, max: 8 }), lane: fc.nat(2) }),
  fc.record({ wait: fc.integer({ min: 1, max: 3000 }) }),
)

const total = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((sum, n) => sum + n, 0)

test('every record is counted once at each place', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(outcome, { maxLength: 20 }),
      fc.array(step, { maxLength: 20 }),
      fc.constantFrom('drop-newest' as const, 'drop-oldest' as const),
      async (script, steps, overflow) => {
        let dropped = 0
        let exports = 0
        let added = 0
        const queue = new DeliveryQueue<number>({
          deliver: async () => script.shift() ?? { kind: 'accepted' },
          onLoss() {},
          onRetry() {},
          onEmpty() {},
          onDropped: (_errorType, records) => {
            dropped += records
          },
          onExported: () => {
            exports++
          },
          maxBytes: 2000,
          maxRecords: 12,
          maxBatchRecords: 4,
          maxBatchBytes: 1000,
          delayMs: 100,
          lanes: 2,
          overflow,
        })
        const check = () => {
          const { counts, waiting, inflight, bytes } = queue.numbers()
          const { '': passed = 0, ...unprocessed } = counts.processed
          const { '': delivered = 0, ...unexported } = counts.exported
          expect(total(counts.processed) + waiting).toBe(added)
          expect(total(counts.exported) + inflight).toBe(passed)
          expect(total(unprocessed) + total(unexported)).toBe(dropped)
          expect(bytes > 0).toBe(waiting + inflight > 0)
          return delivered
        }
        for (const { add = 0, lane = 0, wait = 0 } of steps as { add?: number; lane?: number; wait?: number }[]) {
          for (let i = 0; i < add; i++) queue.add(added++, 100, lane)
          check()
          await vi.advanceTimersByTimeAsync(wait)
          expect(check()).toBe(queue.result().delivered)
        }
        queue.close()
        check()
        const { counts, waiting, inflight } = queue.numbers()
        expect(total(counts.processed)).toBe(added)
        expect([waiting, inflight]).toEqual([0, 0])
        await vi.advanceTimersByTimeAsync(60_000)
        check()
        expect(exports).toBeGreaterThanOrEqual((counts.exported[''] ?? 0) > 0 ? 1 : 0)
      },
    ),
  )
})

test.each([
  [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [new TypeError('x'), 'TypeError'],
  [Object.assign(new TypeError('x'), { code: 400 }), 'TypeError'],
  [new Error('x'), '_OTHER'],
  [Object.assign(new Error('x'), { name: 'a sentence of some length' }), '_OTHER'],
  [undefined, '_OTHER'],
  ['text', '_OTHER'],
])('the error.type of %o is %s', (error, expected) => {
  expect(errorTypeOf(error)).toBe(expected)
})
