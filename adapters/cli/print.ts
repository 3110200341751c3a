// Standard output, for whole texts: the process may end when they are written.

// `| head -1`: what is left has nobody to read it, and that is no failure.
process.stdout.on('error', () => {})

type Write = (text: string, written: () => void) => boolean

/** @returns when the text is written, or never will be. */
export function print(text: string, write: Write = process.stdout.write): Promise<void> {
  return new Promise((resolve) => write.call(process.stdout, text, () => resolve()))
}
