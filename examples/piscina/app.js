// Runs the shop with the carrier and without, and says what came of it. Exits with 0 where the first one is quiet once
// its requests are served, with each record in its request's trace, and the second one is not.

import { runShop } from './shop.js'

const carried = await runShop({ handsCarrier: true })
const dropped = await runShop({ handsCarrier: false })

for (const [name, { expected, traced, received, exports, isLooping }] of Object.entries({ carried, dropped })) {
  console.log(
    `${name === 'carried' ? 'with the carrier:   ' : 'without the carrier:'} ${traced} of ${expected} records in the trace of their request, ` +
      `${received - expected} more than that; ${exports} exports, ${isLooping ? 'and no end' : 'then quiet'}`,
  )
}

const holds =
  carried.traced === carried.expected &&
  carried.received === carried.expected &&
  !carried.isLooping &&
  dropped.isLooping
process.exitCode = holds ? 0 : 1
