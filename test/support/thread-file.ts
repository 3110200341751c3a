// Stands in for src/pipeline/thread-file.ts: the threads that a test starts run what is built, as an app's do. They
// start in a fraction of the time, and no thread has to strip types.

import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

export function threadFile(caller: string, name: string, _entry: string): string {
  const folder = relative(root, fileURLToPath(new URL('./', caller)))
  return `${root}dist/${folder}/${name}.js`
}
