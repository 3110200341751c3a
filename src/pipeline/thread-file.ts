import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where pino's plugins for bundlers say what they have made of its transports, by the names that they were given. */
const bundler = globalThis as { __bundlerPathsOverrides?: Readonly<Record<string, string | undefined>> }

/**
 * @param entry of the package: its default export is what the thread runs, too. In a bundle the file is made of it.
 * @returns what a thread runs: it stands beside its caller, in the sources and in each build, with the same extension.
 */
export function threadFile(caller: string, name: string, entry: string): string {
  const bundled = bundler.__bundlerPathsOverrides?.[entry]
  return bundled ?? fileURLToPath(new URL(`./${name}${extname(fileURLToPath(caller))}`, caller))
}
