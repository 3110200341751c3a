// Preloaded with --import: says in which threads it runs.

import { writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

writeSync(1, isMainThread ? '[main]' : '[worker]')
