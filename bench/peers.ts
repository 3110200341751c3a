// The peers that are installed for the benchmarks alone (bench/package.json). They are required where they run: types and
// tests do without them.

import { createRequire } from 'node:module'

export const peers = createRequire(new URL('./package.json', import.meta.url))
