// The times of lines as pino.stdTimeFunctions.isoTime writes them. Those of one logger mostly share their minute, and to
// read a minute takes longer than the rest of the line.

import { type HrTime, hrTimeOf } from '../time.ts'
import { COLON, DOT, isAt, isDigit, ZERO } from './json-grammar.ts'

const NOTHING = Buffer.alloc(0)
/** `2026-11-21T18:16:` */
const MINUTE = 17
/** From its last character on, `:56.789Z`. */
const SECONDS = { colon: -1, tens: 0, ones: 1, point: 2, tenths: 3, hundredths: 4, thousandths: 5, zone: 6 }
const LENGTH = MINUTE + SECONDS.zone + 1
const CAPITAL_Z = 0x5a

export class IsoTimes {
  #minute: Buffer = NOTHING
  /** When it begins; undefined where it is none. */
  #begin: HrTime | undefined

  /** @param bytes UTF-8, from `start` to `end`. @returns what {@link hrTimeOf} does. */
  read(bytes: Buffer, start: number, end: number): HrTime | undefined {
    const at = start + MINUTE
    if (end - start === LENGTH && isLaidOut(bytes, at)) {
      const seconds = numberOf(bytes, at + SECONDS.tens, at + SECONDS.ones)
      const milliseconds = numberOf(bytes, at + SECONDS.tenths, at + SECONDS.thousandths)
      const begin = seconds < 60 ? this.#beginOf(bytes, start) : undefined
      if (begin !== undefined && milliseconds >= 0) return [begin[0] + seconds, milliseconds * 1e6]
    }
    return hrTimeOf(bytes.toString('utf8', start, end))
  }

  #beginOf(bytes: Buffer, start: number): HrTime | undefined {
    if (this.#minute.length === 0 || !isAt(bytes, start, this.#minute)) {
      this.#minute = Buffer.from(bytes.subarray(start, start + MINUTE))
      this.#begin = hrTimeOf(`${this.#minute}00Z`)
    }
    return this.#begin
  }
}

function isLaidOut(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + SECONDS.colon] === COLON && bytes[at + SECONDS.point] === DOT && bytes[at + SECONDS.zone] === CAPITAL_Z
  )
}

/** @returns NaN where it is none. */
function numberOf(bytes: Uint8Array, first: number, last: number): number {
  let number = 0
  for (let at = first; at <= last; at++) {
    const byte = bytes[at] as number
    if (!isDigit(byte)) return Number.NaN
    number = number * 10 + byte - ZERO
  }
  return number
}
