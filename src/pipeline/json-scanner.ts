// A line of JSON → its tokens, with no value made of any of it: most of what parsing costs is making what is let go again.
// It takes what nearly every line is, and gives up where JSON.parse would have more to say.

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
const MAX_INTEGER_DIGITS = 15

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const LINE_FEED = 0x0a

/** 1 for a byte that a string can be made of as it is. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH),
)
const HEX = Uint8Array.from({ length: 256 }, (_, byte) => Number(/[0-9a-f]/i.test(String.fromCharCode(byte))))
const LITERALS = new Map([
  [0x74, { type: TRUE, text: Buffer.from('true') }],
  [0x66, { type: FALSE, text: Buffer.from('false') }],
  [0x6e, { type: NULL, text: Buffer.from('null') }],
])

/** Prime to the tables of names and keys, which are of powers of two. */
const HASH_FACTOR = 31
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
  scan(bytes: Uint8Array, start: number): number {
    if (bytes[start] !== OPEN_BRACE) return -1
    const { tokens, found } = this
    const open = this.#open
    const seen = this.#seen
    found.fill(0)
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
          if (byte === QUOTE || (byte >= ZERO && byte <= NINE)) return -1
          for (; PLAIN[byte] === 1; byte = bytes[++at] as number) hash = (Math.imul(hash, HASH_FACTOR) + byte) | 0
          if (byte !== QUOTE || bytes[at + 1] !== COLON) return -1
          hash ^= hash >>> 16
          const slot = hash & (SEEN_KEYS - 1)
          const container = containers + (open[depth] as number)
          // Twice the same key, perhaps.
          if (seen[slot] === container) return -1
          seen[slot] = container
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
        } else if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
          at = endOfDigits(bytes, byte === MINUS ? at + 1 : at)
          if (at < 0) return -1
          const next = bytes[at] as number
          type = INTEGER
          if (next === DOT || (next | 0x20) === 0x65) {
            type = NUMBER
            at = endOfNumber(bytes, at)
            if (at < 0) return -1
          } else if (at - valueStart > MAX_INTEGER_DIGITS || byte === MINUS) {
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
  for (const byte of name) hash = (Math.imul(hash, HASH_FACTOR) + byte) | 0
  return hash ^ (hash >>> 16)
}

export function isAt(bytes: Uint8Array, start: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false
  return true
}

/** @returns where the closing quote is, -1 where there is none or an escape is none of JSON's. */
function endOfString(bytes: Uint8Array, start: number): number {
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
  for (let i = 2; i < 6; i++) if (HEX[bytes[backslash + i] as number] === 0) return -1
  return backslash + 6
}

/** @returns -1 where there is no digit, or one behind a leading zero. */
function endOfDigits(bytes: Uint8Array, start: number): number {
  let at = start
  while (isDigit(bytes[at] as number)) at++
  return at === start || (bytes[start] === ZERO && at > start + 1) ? -1 : at
}

/** @param start of the fraction or exponent. @returns -1 where it is none. */
function endOfNumber(bytes: Uint8Array, start: number): number {
  let at = start
  if (bytes[at] === DOT) {
    const digits = ++at
    while (isDigit(bytes[at] as number)) at++
    if (at === digits) return -1
  }
  if (((bytes[at] as number) | 0x20) !== 0x65) return at
  at++
  if (bytes[at] === MINUS || bytes[at] === 0x2b) at++
  const digits = at
  while (isDigit(bytes[at] as number)) at++
  return at === digits ? -1 : at
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}
