// Standard output, for whole texts: the process may end when they are written.

/** @returns when the text is written, or nobody reads it. */
export function print(text: string, write: typeof process.stdout.write = process.stdout.write): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.once('error', () => resolve())
    write.call(process.stdout, text, () => resolve())
  })
}
