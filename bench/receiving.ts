// The collector's process, as a contender sees it.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Arrived } from './receiver.ts'

export interface Receiver {
  readonly endpoint: string
  arrived(): Promise<Arrived>
}

export async function startReceiver(): Promise<Receiver> {
  const child = fork(new URL('./receiver.ts', import.meta.url))
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  // The process ends with its contender's.
  child.unref()
  child.channel?.unref()
  return {
    endpoint: `http://127.0.0.1:${port}/v1/logs`,
    async arrived() {
      child.send('how many?')
      const [arrived] = (await once(child, 'message')) as [Arrived]
      return arrived
    },
  }
}
