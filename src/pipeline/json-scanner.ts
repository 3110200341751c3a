// A line of JSON → its tokens, with no value made of any of it: most of what parsing costs is making what is let go again.
// It takes what nearly every line is, and gives up where JSON.parse would have more to say.

import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  DOT,
  endOfDigits,
  endOfNumber,
  endOfString,
  isAt,
  isDigit,
  isExponent,
  LINE_FEED,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  PLAIN,
  QUOTE,
  ZERO,
} from './json-grammar.ts'

const STRING = 1
const ESCAPED_STRING = 2
const INTEGER = 3
const NUMBER = 4
const TRUE = 5
const FALSE = 6
const NULL = 7
const OBJECT = 8
const ARRAY = 9
const CLOSE = 10

/** What a token is. `CLOSE` ends a container; its `start` is the container's own token. */
export const TOKEN = {
  /** With its quotes, and nothing escaped in it. */
  string: STRING,
  escapedString: ESCAPED_STRING,
  /** Of no more digits than a number holds exactly. */
  integer: INTEGER,
  number: NUMBER,
  true: TRUE,
  false: FALSE,
  null: NULL,
  object: OBJECT,
  array: ARRAY,
  close: CLOSE,
} as const

/** Places of a token: its type; where its text starts and ends; where its key starts, which ends 2 before the text. */
export const STRIDE = 4
const MAX_TOKENS = 2048
/** Containers inside the object, one in the other. */
const MAX_DEPTH = 15
/** Fewer than 2^53 has. */
const EXACT_DIGITS = 15
const POWERS_OF_TEN = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent)

const LITERALS = new Map([
  [0x74, { type: TRUE, text: Buffer.from('true') }],
  [0x66, { type: FALSE, text: Buffer.from('false') }],
  [0x6e, { type: NULL, text: Buffer.from('null') }],
])

/** Spreads what a few bytes make over 32 bits: the golden ratio's, of which a hash is the upper half. */
const HASH_FACTOR = 0x9e3779b1
const SEEN_KEYS = 2 ** 16
const MAX_CONTAINERS = 2 ** 30

/**
 * @param names of entries to find.
 * @param refused keys that make it give up, at any depth.
 * @param maxDepth containers in one another that it takes, inside the object.
 * @returns undefined where two of the names are the same, or as good as that.
 */
export function createJsonScanner(
  names: readonly string[],
  refused: readonly string[],
  maxDepth: number,
): JsonScanner | undefined {
  const all = [...names, ...refused].map((name) => Buffer.from(name))
  const table = tableOf(all)
  return table && new JsonScanner(all, names.length, table, Math.min(maxDepth, MAX_DEPTH))
}

export class JsonScanner {
  readonly tokens = new Int32Array(MAX_TOKENS * STRIDE)
  /** What the last line stands in. */
  bytes: Buffer = Buffer.alloc(0)
  /** Places in `tokens` of the last line. */
  length = 0
  /** Of the object itself. */
  entries = 0
  /** By name: the token of the object's own entry under it; 0 where it has none. */
  readonly found: Int32Array
  readonly #names: readonly Buffer[]
  /** Index in `#names` and 1, by hash. */
  readonly #nameOfHash: Uint8Array
  /** The first name that no object may have as a key. */
  readonly #firstRefused: number
  /** The container that had a key of this hash last, so that none has one twice. */
  readonly #seen = new Int32Array(SEEN_KEYS)
  #containers = 1
  readonly #open = new Int32Array(MAX_DEPTH + 1)
  readonly #maxDepth: number

  constructor(names: readonly Buffer[], firstRefused: number, nameOfHash: Uint8Array, maxDepth: number) {
    this.found = new Int32Array(firstRefused)
    this.#names = names
    this.#firstRefused = firstRefused
    this.#nameOfHash = nameOfHash
    this.#maxDepth = maxDepth
  }

  /**
   * Scans the object that starts at `start` and ends with its line. Somewhere behind `start` there must be a line feed.
   *
   * @returns where the line feed is; -1 where it is no JSON object, or one that it does not take.
   */
  scan(bytes: Buffer, start: number): number {
    if (bytes[start] !== OPEN_BRACE) return -1
    this.bytes = bytes
    const { tokens, found } = this
    const open = this.#open
    const seen = this.#seen
    // Of so few places `fill` is the slower way.
    for (let i = 0; i < found.length; i++) found[i] = 0
    const containers = this.#nextContainers()
    let at = start + 1
    let keyStart = 0
    let depth = 0
    let inArray = false
    tokens[0] = OBJECT
    tokens[1] = start
    open[0] = 0
    let length = STRIDE
    let entries = 0
    let isEmpty = bytes[at] === CLOSE_BRACE
    for (;;) {
      if (!isEmpty) {
        if (length >= tokens.length - STRIDE) return -1
        if (!inArray) {
          if (bytes[at] !== QUOTE) return -1
          keyStart = ++at
          let hash = 0
          let byte = bytes[at] as number
          // JSON.parse puts keys that are numbers before all others.
          if (byte === QUOTE || isDigit(byte)) return -1
          for (; PLAIN[byte] === 1; byte = bytes[++at] as number) hash = ((hash << 5) | (hash >>> 27)) ^ byte
          if (byte !== QUOTE || bytes[at + 1] !== COLON) return -1
          hash = Math.imul(hash, HASH_FACTOR) >>> 16
          const container = containers + (open[depth] as number)
          // Twice the same key, perhaps.
          if (seen[hash] === container) return -1
          seen[hash] = container
          const name = this.#nameOf(hash, bytes, keyStart, at)
          if (name >= this.#firstRefused) return -1
          if (depth === 0) {
            entries++
            if (name >= 0) found[name] = length
          }
          at += 2
        }
        const valueStart = at
        const byte = bytes[at] as number
        let type: number
        if (byte === QUOTE) {
          type = STRING
          do at++
          while (PLAIN[bytes[at] as number] === 1)
          if (bytes[at] !== QUOTE) {
            type = ESCAPED_STRING
            at = endOfString(bytes, at)
            if (at < 0) return -1
          }
          at++
        } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
          if (++depth > this.#maxDepth) return -1
          tokens[length] = byte === OPEN_BRACE ? OBJECT : ARRAY
          tokens[length + 1] = at
          tokens[length + 3] = keyStart
          open[depth] = length
          length += STRIDE
          inArray = byte === OPEN_BRACKET
          at++
          isEmpty = bytes[at] === (inArray ? CLOSE_BRACKET : CLOSE_BRACE)
          continue
        } else if (byte === MINUS || isDigit(byte)) {
          at = endOfDigits(bytes, byte === MINUS ? at + 1 : at)
          if (at < 0) return -1
          const next = bytes[at] as number
          type = INTEGER
          if (next === DOT || isExponent(next)) {
            type = NUMBER
            at = endOfNumber(bytes, at)
            if (at < 0) return -1
          } else if (at - valueStart > EXACT_DIGITS || byte === MINUS) {
            type = NUMBER
          }
        } else {
          const literal = LITERALS.get(byte)
          if (literal === undefined || !isAt(bytes, at, literal.text)) return -1
          type = literal.type
          at += literal.text.length
        }
        tokens[length] = type
        tokens[length + 1] = valueStart
        tokens[length + 2] = at
        tokens[length + 3] = keyStart
        length += STRIDE
      }
      isEmpty = false
      // What ends here, up to the next entry of what does not.
      for (;;) {
        const byte = bytes[at++]
        if (byte === COMMA) break
        if (byte !== (inArray ? CLOSE_BRACKET : CLOSE_BRACE) || length >= tokens.length) return -1
        const container = open[depth] as number
        tokens[length] = CLOSE
        tokens[length + 1] = container
        length += STRIDE
        if (depth === 0) {
          this.length = length
          this.entries = entries
          return bytes[at] === LINE_FEED ? at : -1
        }
        inArray = tokens[open[--depth] as number] === ARRAY
      }
    }
  }

  typeOf(token: number): number {
    return this.tokens[token] as number
  }

  /** Where its text starts: of a string, its quote. */
  startOf(token: number): number {
    return this.tokens[token + 1] as number
  }

  endOf(token: number): number {
    return this.tokens[token + 2] as number
  }

  /** Where its key starts, in an object. */
  keyOf(token: number): number {
    return this.tokens[token + 3] as number
  }

  /** The token that begins what this one ends. */
  firstOf(last: number): number {
    return this.tokens[last] === CLOSE ? this.startOf(last) : last
  }

  integer(token: number): number {
    const { bytes } = this
    const end = this.endOf(token)
    let value = 0
    for (let at = this.startOf(token); at < end; at++) value = value * 10 + (bytes[at] as number) - ZERO
    return value
  }

  number(token: number): number {
    const { bytes } = this
    const start = this.startOf(token)
    const end = this.endOf(token)
    let digits = 0
    let point = 0
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number
      if (isDigit(byte)) digits = digits * 10 + byte - ZERO
      else if (byte === DOT && end - start <= EXACT_DIGITS + 1) point = at
      else break
      // The quotient of two numbers that are exact is the nearest that there is, which is what JSON.parse gives.
      if (point > 0 && at === end - 1) return digits / (POWERS_OF_TEN[at - point] as number)
    }
    return Number(bytes.toString('latin1', start, end))
  }

  /** Of a token with nothing escaped in it. */
  string(token: number): string {
    return this.bytes.toString('utf8', this.startOf(token) + 1, this.endOf(token) - 1)
  }

  escapedString(token: number): string {
    return JSON.parse(this.bytes.toString('utf8', this.startOf(token), this.endOf(token))) as string
  }

  isString(token: number, text: Uint8Array): boolean {
    return this.isStringOf(token, text.length) && isAt(this.bytes, this.startOf(token) + 1, text)
  }

  /** @param length in bytes. */
  isStringOf(token: number, length: number): boolean {
    return this.tokens[token] === STRING && this.endOf(token) - this.startOf(token) === length + 2
  }

  /** @returns -1 where it is none. */
  #nameOf(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const index = (this.#nameOfHash[hash & (this.#nameOfHash.length - 1)] as number) - 1
    if (index < 0) return -1
    const name = this.#names[index] as Buffer
    return name.length === end - start && isAt(bytes, start, name) ? index : -1
  }

  /** Numbers for all containers of a line, from the returned one on. */
  #nextContainers(): number {
    this.#containers += this.tokens.length
    if (this.#containers > MAX_CONTAINERS) {
      this.#seen.fill(0)
      this.#containers = 1
    }
    return this.#containers
  }
}

/** As large as it takes for each name to have a place of its own. */
function tableOf(names: readonly Buffer[]): Uint8Array | undefined {
  for (let size = 256; size <= SEEN_KEYS; size *= 2) {
    const table = new Uint8Array(size)
    const places = new Set(names.map((name) => hashOf(name) & (size - 1)))
    if (places.size < names.length) continue
    names.forEach((name, index) => {
      table[hashOf(name) & (size - 1)] = index + 1
    })
    return table
  }
  return undefined
}

function hashOf(name: Buffer): number {
  let hash = 0
  for (const byte of name) hash = ((hash << 5) | (hash >>> 27)) ^ byte
  return Math.imul(hash, HASH_FACTOR) >>> 16
}
