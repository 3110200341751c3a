import { afterEach, expect } from 'vitest'
import { bridgeStats } from '../../src/index.ts'

/** Contract rule 11, after every test of the suite. */
afterEach(() => {
  const { seen, emitted, pending, dropped } = bridgeStats()
  const droppedTotal = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  expect(emitted + pending + droppedTotal, 'seen = emitted + pending + dropped').toBe(seen)
})
