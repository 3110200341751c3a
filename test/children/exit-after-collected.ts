// Three loggers, the second of which is collected before the third one logs and the process exits.

import { setTimeout as after } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import pino, { type Logger } from 'pino'
import { createPinoTransport } from '../../adapters/pino/index.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void
const create = () => pino(createPinoTransport())
const loggers: (Logger | undefined)[] = [create(), create(), create()]
const second = new WeakRef(loggers[1] as Logger)
// A thread that is starting holds its logger.
await after(1000)
loggers[1] = undefined
while (second.deref() !== undefined) {
  await after(20)
  gc()
}
// What follows a collection does so in a task of its own.
await after(100)
for (let i = 0; i < 1000; i++) loggers[2]?.info(`record ${i}`)
process.exit(3)
