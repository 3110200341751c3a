import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @returns what a thread runs: it stands beside its caller, in the sources and in each build, with the same extension. */
export function threadFile(caller: string, name: string): string {
  return fileURLToPath(new URL(`./${name}${extname(fileURLToPath(caller))}`, caller))
}
