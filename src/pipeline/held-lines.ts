// Lines that wait on the main thread, joined: a Buffer for each would cost as much again as the line.

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
  #tailLines = 0
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

  /**
   * @param line ends with the only line feed in it.
   * @returns whether a chunk is full.
   */
  add(line: string): boolean {
    this.#tail += line
    this.#tailLines++
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
    this.#tailLines = 0
    this.#lines = 0
    this.#length = 0
    return lines
  }

  #seal(): void {
    if (this.#tailLines === 0) return
    this.#chunks.push({ bytes: Buffer.from(this.#tail), lines: this.#tailLines, length: this.#tail.length })
    this.#tail = ''
    this.#tailLines = 0
  }
}
