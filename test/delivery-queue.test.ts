// The queue alone, against a scripted collector: order, bounds, retry, isolation, and exact counts.

import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type DeliveryOutcome, DeliveryQueue, type DeliveryQueueOptions } from '../src/pipeline/delivery-queue.ts'

const ACCEPTED: DeliveryOutcome = { kind: 'accepted' }
const UNAVAILABLE: DeliveryOutcome = { kind: 'retry', reason: '503' }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A queue of numbers in front of a collector that answers as scripted, then accepts. */
function setUp(
  script: (DeliveryOutcome | ((batch: readonly number[]) => DeliveryOutcome))[],
  options: Partial<DeliveryQueueOptions<number>> = {},
) {
  const accepted: number[] = []
  const attempts: { size: number; at: number }[] = []
  const losses: [string, number, string][] = []
  const queue = new DeliveryQueue<number>({
    deliver: async (batch) => {
      attempts.push({ size: batch.length, at: Date.now() })
      const next = script.shift() ?? ACCEPTED
      const outcome = typeof next === 'function' ? next(batch) : next
      if (outcome.kind === 'accepted') accepted.push(...batch)
      return outcome
    },
    onLoss: (...loss) => void losses.push(loss),
    onRetry: () => {},
    onEmpty: () => {},
    maxBytes: 1_000_000,
    maxRecords: 100_000,
    maxBatchRecords: 10,
    maxBatchBytes: 100_000,
    delayMs: 1000,
    lanes: 1,
    overflow: 'drop-newest',
    ...options,
  })
  const addAll = (from: number, to: number) => {
    for (let i = from; i < to; i++) queue.add(i, 100, 0)
  }
  return { queue, addAll, accepted, attempts, losses }
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

test('a full batch is sent at once, a part of one after the delay', async () => {
  const { addAll, accepted, attempts } = setUp([])
  addAll(0, 13)
  await vi.advanceTimersByTimeAsync(0)
  expect(accepted).toEqual(upTo(10))
  await vi.advanceTimersByTimeAsync(999)
  expect(accepted.length).toBe(10)
  await vi.advanceTimersByTimeAsync(1)
  expect(accepted).toEqual(upTo(13))
  expect(attempts.map(({ size }) => size)).toEqual([10, 3])
})

test('a batch stays below the bytes that are set, but for one larger record', async () => {
  const { queue, attempts } = setUp([], { maxBatchBytes: 250 })
  queue.add(0, 100, 0)
  queue.add(1, 100, 0)
  queue.add(2, 100, 0)
  queue.add(3, 900, 0)
  await queue.flush(1000)
  expect(attempts.map(({ size }) => size)).toEqual([2, 1, 1])
})

test('an unavailable collector is tried again until it accepts, further and further apart, in order', async () => {
  const { addAll, queue, accepted, attempts } = setUp(Array(8).fill(UNAVAILABLE))
  addAll(0, 25)
  await vi.advanceTimersByTimeAsync(120_000)
  expect(accepted).toEqual(upTo(25))
  expect(queue.result()).toEqual({ delivered: 25, dropped: 0, undelivered: 0 })
  const gaps = attempts.slice(1, 9).map(({ at }, i) => at - (attempts[i]?.at ?? 0))
  for (const [i, expected] of [500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000].entries()) {
    expect(gaps[i]).toBeGreaterThanOrEqual(expected * 0.8 - 1)
    expect(gaps[i]).toBeLessThanOrEqual(expected * 1.2 + 1)
  }
})

test('Retry-After is honoured to the millisecond, by a flush too', async () => {
  const { addAll, queue, accepted, attempts } = setUp([{ kind: 'retry', reason: '429', afterMs: 3000 }])
  addAll(0, 10)
  await vi.advanceTimersByTimeAsync(1000)
  const flushed = queue.flush(8000)
  await vi.advanceTimersByTimeAsync(2000)
  expect(await flushed).toEqual({ delivered: 10, dropped: 0, undelivered: 0 })
  expect(accepted).toEqual(upTo(10))
  expect((attempts[1]?.at ?? 0) - (attempts[0]?.at ?? 0)).toBe(3000)
})

test('a flush finds a collector that comes back within its deadline', async () => {
  const { addAll, queue } = setUp(Array(6).fill(UNAVAILABLE))
  addAll(0, 10)
  await vi.advanceTimersByTimeAsync(8000)
  const flushed = queue.flush(3000)
  await vi.advanceTimersByTimeAsync(3000)
  expect(await flushed).toEqual({ delivered: 10, dropped: 0, undelivered: 0 })
})

test('a flush ends at its deadline and tells what is undelivered', async () => {
  const { addAll, queue } = setUp(Array(1000).fill(UNAVAILABLE))
  addAll(0, 25)
  const flushed = queue.flush(2000)
  await vi.advanceTimersByTimeAsync(2000)
  expect(await flushed).toEqual({ delivered: 0, dropped: 0, undelivered: 25 })
  queue.close()
  expect(vi.getTimerCount()).toBe(0)
})

test('a flush waits for what was added before it, not for what comes after', async () => {
  const { addAll, queue } = setUp([])
  addAll(0, 10)
  const flushed = queue.flush(60_000)
  const producer = setInterval(() => addAll(0, 5), 1)
  await vi.advanceTimersByTimeAsync(50)
  clearInterval(producer)
  expect((await flushed).delivered).toBeGreaterThanOrEqual(10)
})

test('a record that is refused is found, and alone dropped', async () => {
  const refuse = (batch: readonly number[]): DeliveryOutcome =>
    batch.includes(377) ? { kind: 'refused', divisible: true, reason: '400' } : ACCEPTED
  const { addAll, queue, accepted, losses, attempts } = setUp(Array(100).fill(refuse), { maxBatchRecords: 512 })
  addAll(0, 512)
  await queue.flush(1000)
  expect(accepted).toEqual(upTo(512).filter((i) => i !== 377))
  expect(losses).toEqual([['rejected', 1, '400']])
  expect(attempts.length).toBeLessThanOrEqual(2 * Math.log2(512) + 1)
  expect(queue.result()).toEqual({ delivered: 511, dropped: 1, undelivered: 0 })
  expect(queue.bytes).toBe(0)
})

test('records that are refused one after the other are found, and alone dropped', async () => {
  const refuse = (batch: readonly number[]): DeliveryOutcome =>
    batch.some((i) => i >= 200 && i < 210) ? { kind: 'refused', divisible: true, reason: '400' } : ACCEPTED
  const { addAll, queue, accepted } = setUp(Array(200).fill(refuse), { maxBatchRecords: 512 })
  addAll(0, 512)
  await queue.flush(1000)
  expect(accepted).toEqual(upTo(512).filter((i) => i < 200 || i >= 210))
})

test('a collector that refuses whatever it is sent is not asked for each record', async () => {
  const refuse = (): DeliveryOutcome => ({ kind: 'refused', divisible: true, reason: '400' })
  const { addAll, queue, attempts } = setUp(Array(10_000).fill(refuse), {
    maxBatchRecords: 2048,
    maxBatchBytes: 1_000_000,
  })
  addAll(0, 2048)
  await queue.flush(1000)
  expect(queue.result()).toEqual({ delivered: 0, dropped: 2048, undelivered: 0 })
  expect(attempts.length).toBeLessThan(64)
})

test('a refusal that no record caused drops the batch in one attempt', async () => {
  const { addAll, queue, attempts, losses } = setUp([{ kind: 'refused', divisible: false, reason: '401' }])
  addAll(0, 10)
  await queue.flush(1000)
  expect(attempts.length).toBe(1)
  expect(losses).toEqual([['rejected', 10, '401']])
})

test('a partial success counts the records that the collector rejected', async () => {
  const { addAll, queue, losses } = setUp([{ kind: 'accepted', rejected: 3, reason: 'too old' }])
  addAll(0, 10)
  expect(await queue.flush(1000)).toEqual({ delivered: 7, dropped: 3, undelivered: 0 })
  expect(losses).toEqual([['rejected', 3, 'too old']])
  expect(queue.bytes).toBe(0)
})

test('a full queue drops the newest, and counts them', async () => {
  const { addAll, queue, accepted } = setUp([UNAVAILABLE, UNAVAILABLE], { maxBytes: 2000 })
  addAll(0, 50)
  expect(queue.result()).toEqual({ delivered: 0, dropped: 30, undelivered: 20 })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(accepted).toEqual(upTo(20))
  expect(queue.result()).toEqual({ delivered: 20, dropped: 30, undelivered: 0 })
})

test('a full queue drops the oldest where that is asked for', async () => {
  const { addAll, queue, accepted } = setUp([UNAVAILABLE], { maxRecords: 20, overflow: 'drop-oldest' })
  addAll(0, 50)
  await vi.advanceTimersByTimeAsync(10_000)
  // The batch that was under way when the queue filled up is not taken back.
  expect(accepted).toEqual([...upTo(10), ...upTo(50).slice(40)])
  expect(queue.result()).toEqual({ delivered: 20, dropped: 30, undelivered: 0 })
})

test('a record larger than the queue is dropped and costs no other', async () => {
  const { queue } = setUp([], { maxBytes: 1000, overflow: 'drop-oldest' })
  queue.add(1, 400, 0)
  queue.add(2, 1001, 0)
  expect(queue.result()).toEqual({ delivered: 0, dropped: 1, undelivered: 1 })
})

test('lanes send side by side, each in order', async () => {
  const { queue, accepted } = setUp([], { lanes: 4 })
  for (let i = 0; i < 400; i++) queue.add(i, 100, i % 4)
  await queue.flush(1000)
  for (let lane = 0; lane < 4; lane++)
    expect(accepted.filter((i) => i % 4 === lane)).toEqual(upTo(400).filter((i) => i % 4 === lane))
})

test('whatever the collector answers, every record is delivered, dropped or still there', async () => {
  const outcome = fc.oneof(
    fc.constant(ACCEPTED),
    fc.constant(UNAVAILABLE),
    fc.record({ kind: fc.constant('accepted' as const), rejected: fc.nat(20) }),
    fc.record({ kind: fc.constant('refused' as const), divisible: fc.boolean(), reason: fc.constant('no') }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(outcome, { maxLength: 30 }),
      fc.array(fc.tuple(fc.nat(30), fc.nat(3)), { maxLength: 20 }),
      fc.constantFrom('drop-newest' as const, 'drop-oldest' as const),
      async (script, steps, overflow) => {
        const { queue } = setUp(script, { maxBytes: 5000, lanes: 3, overflow })
        let added = 0
        for (const [records, lane] of steps) {
          for (let i = 0; i < records; i++) queue.add(added++, 100, lane)
          await vi.advanceTimersByTimeAsync(300)
          const { delivered, dropped, undelivered } = queue.result()
          expect(delivered + dropped + undelivered).toBe(added)
        }
        await vi.advanceTimersByTimeAsync(400_000)
        const { delivered, dropped, undelivered } = queue.result()
        expect([delivered + dropped, undelivered, queue.bytes]).toEqual([added, 0, 0])
        expect(vi.getTimerCount()).toBe(0)
      },
    ),
    { numRuns: 300 },
  )
})
