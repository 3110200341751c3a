// Owners that keep their word, and others, in a process that has nothing else to do.

import { writeSync } from 'node:fs'
import { holdTermination, releaseTermination } from '../../src/pipeline/termination.ts'

const say = (text: string) => writeSync(1, `${text}\n`)
const owner = {
  flush: () => new Promise((resolve) => setTimeout(resolve, 100).unref()),
  endAtExit: (mayWait: boolean) => say(`ended, may wait: ${mayWait}`),
}

holdTermination(owner)
switch (process.argv[2]) {
  case 'broken':
    holdTermination({
      flush: () => Promise.reject(new Error('rejected')),
      endAtExit: () => {
        throw new Error('thrown at the end')
      },
    })
    holdTermination({
      flush: () => {
        throw new Error('thrown')
      },
      endAtExit: owner.endAtExit,
    })
    break
  case 'endless':
    holdTermination({ flush: () => new Promise(() => {}), endAtExit: owner.endAtExit })
}
process.kill(process.pid, 'SIGTERM')
if (process.argv[2] === 'last moment') {
  // The signal is caught, and will be told in the next turn of the event loop.
  releaseTermination(owner)
  setTimeout(() => process.exit(77), 2000)
}
// Else the event loop would not even look for the signal.
setImmediate(() => {})
