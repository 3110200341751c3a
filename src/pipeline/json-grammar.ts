// What JSON's values are made of, by their bytes (https://www.rfc-editor.org/rfc/rfc8259).

export const QUOTE = 0x22
export const COMMA = 0x2c
export const MINUS = 0x2d
export const DOT = 0x2e
export const ZERO = 0x30
export const COLON = 0x3a
export const OPEN_BRACKET = 0x5b
export const CLOSE_BRACKET = 0x5d
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d
export const LINE_FEED = 0x0a
const PLUS = 0x2b
const NINE = 0x39
const SMALL_E = 0x65
const BACKSLASH = 0x5c
/** What a capital letter differs in from the small one. */
const SMALL = 0x20

export const MAX_DIGIT = 15
/** What a byte is as a hexadecimal digit; 255 where it is none. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16)
  return Number.isNaN(digit) ? 255 : digit
})

/** 1 for a byte that a string can be made of as it is. */
export const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH),
)

/** @returns where the closing quote is, -1 where there is none or an escape is none of JSON's. */
export function endOfString(bytes: Uint8Array, start: number): number {
  let at = start
  for (let byte = bytes[at] as number; byte !== QUOTE; byte = bytes[at] as number) {
    if (PLAIN[byte] === 1) {
      at++
    } else if (byte === BACKSLASH) {
      at = endOfEscape(bytes, at)
      if (at < 0) return -1
    } else {
      return -1
    }
  }
  return at
}

function endOfEscape(bytes: Uint8Array, backslash: number): number {
  const letter = String.fromCharCode(bytes[backslash + 1] as number)
  if (letter !== 'u') return '"\\/bfnrt'.includes(letter) ? backslash + 2 : -1
  return isHex(bytes, backslash + 2, 4) ? backslash + 6 : -1
}

/** @returns -1 where there is no digit, or one behind a leading zero. */
export function endOfDigits(bytes: Uint8Array, start: number): number {
  let at = start
  while (isDigit(bytes[at] as number)) at++
  return at === start || (bytes[start] === ZERO && at > start + 1) ? -1 : at
}

/** @param start of the fraction or exponent. @returns -1 where it is none. */
export function endOfNumber(bytes: Uint8Array, start: number): number {
  let at = start
  if (bytes[at] === DOT) {
    const digits = ++at
    while (isDigit(bytes[at] as number)) at++
    if (at === digits) return -1
  }
  if (!isExponent(bytes[at] as number)) return at
  at++
  if (bytes[at] === MINUS || bytes[at] === PLUS) at++
  const digits = at
  while (isDigit(bytes[at] as number)) at++
  return at === digits ? -1 : at
}

export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}

export function isExponent(byte: number): boolean {
  return (byte | SMALL) === SMALL_E
}

export function isHex(bytes: Uint8Array, start: number, length: number): boolean {
  return bitsOfHex(bytes, start, length) <= MAX_DIGIT
}

/** @returns the bits that any of the hexadecimal digits has: 0 where all are zeros, others than a digit's where one is none. */
export function bitsOfHex(bytes: Uint8Array, start: number, length: number): number {
  let bits = 0
  for (let at = start; at < start + length; at++) bits |= DIGITS[bytes[at] as number] as number
  return bits
}

export function isAt(bytes: Uint8Array, start: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false
  return true
}
