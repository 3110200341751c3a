// What a receiver has of one app. It keeps up with any sender, because it reads no more of a record than its mark:
// `#a0000123#`, the logger's letter and the record's number.

export interface Ledger {
  /** Different records. */
  readonly received: number
  readonly duplicates: number
  /** Duplicates of records that were accepted with an answer. */
  readonly wrongDuplicates: number
  /** Records that came after a later one of their logger, which was new then. */
  readonly disordered: number
}

const HASH = 35
const A = 97
const B = 98
const MARK_LENGTH = 10
const SEEN = 1
const ANSWER_LOST = 2

export class RecordLedger {
  readonly #seen = new Map<number, Uint8Array>()
  readonly #last = new Map<number, number>()
  readonly #count = { received: 0, duplicates: 0, wrongDuplicates: 0, disordered: 0 }

  accept(body: Buffer, isAnswerLost: boolean): void {
    let at = body.indexOf(HASH)
    while (at !== -1) {
      const logger = body[at + 1]
      const end = at + MARK_LENGTH
      // Times have these bytes too, now and then: that of the record, and nine bytes behind it that of the observation.
      const isMark = (logger === A || logger === B) && body[end - 1] === HASH && areDigits(body, at + 2, end - 1)
      if (isMark) this.#note(logger, Number(body.toString('latin1', at + 2, end - 1)), isAnswerLost)
      at = body.indexOf(HASH, isMark ? end : at + 1)
    }
  }

  summary(): Ledger {
    return { ...this.#count }
  }

  #note(logger: number, number: number, isAnswerLost: boolean): void {
    const seen = this.#seenOf(logger, number)
    const before = seen[number] as number
    if (before !== 0) {
      this.#count.duplicates++
      if ((before & ANSWER_LOST) === 0) this.#count.wrongDuplicates++
    } else {
      this.#count.received++
      if (number < (this.#last.get(logger) ?? -1)) this.#count.disordered++
      else this.#last.set(logger, number)
    }
    seen[number] = SEEN | (isAnswerLost ? ANSWER_LOST : 0)
  }

  #seenOf(logger: number, number: number): Uint8Array {
    const seen = this.#seen.get(logger)
    if (seen !== undefined && number < seen.length) return seen
    const grown = new Uint8Array(2 ** Math.ceil(Math.log2(number + 2)))
    if (seen !== undefined) grown.set(seen)
    this.#seen.set(logger, grown)
    return grown
  }
}

function areDigits(bytes: Buffer, start: number, end: number): boolean {
  return bytes.subarray(start, end).every((byte) => byte >= 0x30 && byte <= 0x39)
}
