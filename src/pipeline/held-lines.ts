// Lines that wait on the main thread, joined: a Buffer for each would cost as much again as the line, and so would a look
// into it. V8 holds the text that a logger has put together as its parts, until something looks at it.

import { asOneLine } from './packed-line.ts'

const CHUNK_LENGTH = 64 * 1024

/** Lines, joined. */
export interface Chunk {
  readonly bytes: Buffer
  readonly lines: number
  /** Of the text, as it was counted when it came. */
  readonly length: number
}

export class HeldLines {
  #chunks: Chunk[] = []
  /** The last chunk, as it grows. */
  #tail = ''
  /** Where each of its lines ends. */
  #ends: number[] = []
  #lines = 0
  #length = 0

  /** How many lines wait. */
  get lines(): number {
    return this.#lines
  }

  /** UTF-16 code units of all that waits. */
  get length(): number {
    return this.#length
  }

  /** @returns whether a chunk is full. */
  add(line: string): boolean {
    this.#tail += line
    this.#ends.push(this.#tail.length)
    this.#lines++
    this.#length += line.length
    if (this.#tail.length < CHUNK_LENGTH) return false
    this.#seal()
    return true
  }

  /** Hands over what waits, the oldest first, until `take` does not take a chunk. */
  pass(take: (chunk: Chunk) => boolean): void {
    this.#seal()
    let taken = 0
    for (const chunk of this.#chunks) {
      if (!take(chunk)) break
      taken++
      this.#lines -= chunk.lines
      this.#length -= chunk.length
    }
    this.#chunks.splice(0, taken)
  }

  /** @returns how many lines wait no more. */
  drop(): number {
    const lines = this.#lines
    this.#chunks = []
    this.#tail = ''
    this.#ends = []
    this.#lines = 0
    this.#length = 0
    return lines
  }

  #seal(): void {
    if (this.#ends.length === 0) return
    const text = this.#tail
    const ends = this.#ends
    this.#tail = ''
    this.#ends = []
    this.#chunks.push({ bytes: Buffer.from(asLines(text, ends)), lines: ends.length, length: text.length })
  }
}

/** @returns `text` with exactly one line feed in each of its lines, at the end. */
function asLines(text: string, ends: readonly number[]): string {
  let lines = ''
  /** Up to where `lines` has the text. */
  let done = 0
  let start = 0
  for (const end of ends) {
    // An empty line would be no record to the thread.
    if (end - start < 2 || text.indexOf('\n', start) !== end - 1) {
      lines += text.slice(done, start) + asOneLine(text.slice(start, end))
      done = end
    }
    start = end
  }
  return lines + text.slice(done)
}
