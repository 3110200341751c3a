// One contender of a case, in a process of its own: `contender.ts <topic> <case> <contender>`. Measures whenever it is
// asked; in between it sleeps, so that contenders can take turns within a fraction of a second.

import { topics } from './topics/index.ts'

const [, , topic = '', name = '', contender = ''] = process.argv
const { cases } = await (topics[topic] as (typeof topics)[string])()
const turn = await cases.find((one) => one.name === name)?.contenders[contender]?.()

process.on('message', async () => process.send?.((await turn?.()) ?? {}))
process.on('disconnect', () => process.exit())
process.send?.('ready')
