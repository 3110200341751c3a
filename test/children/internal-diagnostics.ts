// Lets the bridge say something in the way that the argument names, then tells on standard output that it is alive.

import { closeSync, writeSync } from 'node:fs'
import { diagLogger, setInternalLogSink } from '../../src/index.ts'

const say = () => diagLogger().error('the diagnostic')

switch (process.argv[2]) {
  case 'throwing sink':
    setInternalLogSink(() => {
      throw new Error('the sink is broken')
    })
    say()
    break
  case 'rejecting sink':
    setInternalLogSink(async () => {
      throw new Error('the sink is broken')
    })
    say()
    break
  case 'sink taken off':
    setInternalLogSink(() => {})
    say()
    setInternalLogSink(undefined)
    say()
    break
  case 'closed stderr':
    closeSync(2)
    say()
    break
  case 'broken pipe':
    // The parent has closed its end and says so.
    await new Promise((resolve) => process.stdin.once('data', resolve))
    process.stdin.unref()
    say()
    break
  case 'many, then exits':
    for (let i = 0; i < 25; i++) say()
    process.exit(7)
    break
  case 'many':
    for (let i = 0; i < 25; i++) say()
    break
  case 'control characters':
    diagLogger().error('first\nsecond\r\n\u001b[31mred\u0000\u0085\u2028end')
    break
}
await new Promise((resolve) => setTimeout(resolve, 10))
writeSync(1, 'alive')
