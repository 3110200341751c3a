import type { Readable } from 'node:stream'

/** Tells of each line of a child's output, which is a JSON text. */
export function onJsonLine<T>(output: Readable, tell: (value: T) => void): void {
  let rest = ''
  output.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) tell(JSON.parse(line) as T)
  })
}
