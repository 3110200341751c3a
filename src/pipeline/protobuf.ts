// Protobuf's wire format, as much of it as OTLP's log messages have (https://protobuf.dev/programming-guides/encoding/).

const CHUNK_BYTES = 64 * 1024
/** Below this a loop over the characters is faster than the call that Buffer makes. */
const SHORT_TEXT = 48
/** Of 64 bits, 7 to the byte. */
const MAX_VARINT_BYTES = 10
const TWO_32 = 2 ** 32
const TWO_63 = 2 ** 63

const VARINT = 0
const FIXED64 = 1
const DELIMITED = 2
const FIXED32 = 5

const float = new Float64Array(1)
const floatBytes = new Uint8Array(float.buffer)

/**
 * Writes a message from its end to its start: the length of what is nested is known where it has to be written, so
 * nothing is measured first or moved later. Messages follow each other in chunks of memory, which are never written again.
 */
export class ProtobufWriter {
  readonly #chunkBytes: number
  #chunk: Buffer = Buffer.alloc(0)
  /** Where the current message begins, as far as it is written, and where it ends. */
  #at = 0
  #end = 0

  /** @param chunkBytes of memory taken at once: what a message known to be large has, if it shall not be moved. */
  constructor(chunkBytes = CHUNK_BYTES) {
    this.#chunkBytes = chunkBytes
  }

  /** @returns the message whose fields were written since the last call, last field first. */
  finish(): Buffer {
    const message = this.#chunk.subarray(this.#at, this.#end)
    this.#end = this.#at
    return message
  }

  /** Where the message stands whose fields were written since the last call of {@link next}. */
  get chunk(): Buffer {
    return this.#chunk
  }

  get start(): number {
    return this.#at
  }

  get end(): number {
    return this.#end
  }

  /** Begins another message. */
  next(): void {
    this.#end = this.#at
  }

  /** Forgets a message that was begun. */
  abandon(): void {
    this.#at = this.#end
  }

  /** Bytes of the current message, to tell {@link delimit} where something nested ends. */
  get length(): number {
    return this.#end - this.#at
  }

  /** Makes what was written since `mark` a field: a nested message, text or bytes. */
  delimit(field: number, mark: number): void {
    const length = this.length - mark
    this.#reserve(MAX_VARINT_BYTES + 1)
    const chunk = this.#chunk
    if (length < 0x80) chunk[--this.#at] = length
    else this.#varint(length)
    chunk[--this.#at] = (field << 3) | DELIMITED
  }

  text(field: number, text: string): void {
    const mark = this.length
    this.#utf8(text)
    this.delimit(field, mark)
  }

  /** @param bytes UTF-8, from `start` to `end`. */
  textOf(field: number, bytes: Buffer, start: number, end: number): void {
    const mark = this.length
    this.#reserve(end - start)
    if (end - start < SHORT_TEXT) {
      const chunk = this.#chunk
      let to = this.#at
      for (let from = end; from > start; ) chunk[--to] = bytes[--from] as number
      this.#at = to
    } else {
      this.#at -= end - start
      bytes.copy(this.#chunk, this.#at, start, end)
    }
    this.delimit(field, mark)
  }

  bytes(field: number, bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength)
    this.#at -= bytes.byteLength
    this.#chunk.set(bytes, this.#at)
    this.#varint(bytes.byteLength)
    this.#tag(field, DELIMITED)
  }

  /** Fields that are encoded already, from `start` to `end`. */
  encoded(bytes: Buffer, start: number, end: number): void {
    this.#reserve(end - start)
    this.#at -= end - start
    bytes.copy(this.#chunk, this.#at, start, end)
  }

  /** @param digits hexadecimal, two for each byte. */
  hex(field: number, digits: string): void {
    const length = digits.length >> 1
    this.#reserve(length)
    this.#at -= length
    this.#chunk.write(digits, this.#at, length, 'hex')
    this.#varint(length)
    this.#tag(field, DELIMITED)
  }

  /** @param bytes ASCII: hexadecimal digits, two for each byte, from `start` to `end`. */
  hexOf(field: number, bytes: Uint8Array, start: number, end: number): void {
    const mark = this.length
    this.#reserve((end - start) >> 1)
    const chunk = this.#chunk
    for (let from = end - 2; from >= start; from -= 2) chunk[--this.#at] = hexByte(bytes, from)
    this.delimit(field, mark)
  }

  /** @param value a whole number from 0 to 2^53. */
  uint(field: number, value: number): void {
    this.#varint(value)
    this.#tag(field, VARINT)
  }

  /** @param value a whole number from -2^63 up to 2^63, which a number from 2^53 on may be too. */
  int64(field: number, value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) this.#varint(value)
    else this.#bigVarint(BigInt.asUintN(64, BigInt(value)))
    this.#tag(field, VARINT)
  }

  double(field: number, value: number): void {
    this.#reserve(9)
    float[0] = value
    const chunk = this.#chunk
    for (let i = 7; i >= 0; i--) chunk[--this.#at] = floatBytes[i] as number
    this.#tag(field, FIXED64)
  }

  fixed32(field: number, value: number): void {
    this.#fixed(value)
    this.#tag(field, FIXED32)
  }

  /** A whole number as its upper and lower 32 bits. */
  fixed64(field: number, upper: number, lower: number): void {
    this.#fixed(upper)
    this.#fixed(lower)
    this.#tag(field, FIXED64)
  }

  /** @param value 32 bits: of a larger one the last. Not by Buffer's own method, which takes much longer. */
  #fixed(value: number): void {
    this.#reserve(4)
    const chunk = this.#chunk
    const bits = value | 0
    const at = this.#at - 4
    chunk[at] = bits
    chunk[at + 1] = bits >>> 8
    chunk[at + 2] = bits >>> 16
    chunk[at + 3] = bits >>> 24
    this.#at = at
  }

  #varint(value: number): void {
    if (value < 0x80) {
      this.#reserve(1)
      this.#chunk[--this.#at] = value
      return
    }
    let length = 2
    for (let limit = 0x80 ** 2; value >= limit; limit *= 0x80) length++
    this.#reserve(length)
    this.#at -= length
    let at = this.#at
    let rest = value
    for (; rest >= TWO_32; rest = Math.floor(rest / 0x80)) this.#chunk[at++] = (rest % 0x80) | 0x80
    for (; rest >= 0x80; rest >>>= 7) this.#chunk[at++] = (rest & 0x7f) | 0x80
    this.#chunk[at] = rest
  }

  #bigVarint(value: bigint): void {
    const bytes: number[] = []
    let rest = value
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
    bytes.push(Number(rest))
    this.#reserve(bytes.length)
    this.#at -= bytes.length
    this.#chunk.set(bytes, this.#at)
  }

  #tag(field: number, type: number): void {
    this.#reserve(1)
    this.#chunk[--this.#at] = (field << 3) | type
  }

  #utf8(text: string): void {
    if (text.length < SHORT_TEXT && this.#ascii(text)) return
    const length = Buffer.byteLength(text)
    this.#reserve(length)
    this.#at -= length
    this.#chunk.write(text, this.#at, length, 'utf8')
  }

  /** @returns false, and has written nothing, where the text is more than ASCII. */
  #ascii(text: string): boolean {
    this.#reserve(text.length)
    let at = this.#at
    for (let i = text.length - 1; i >= 0; i--) {
      const code = text.charCodeAt(i)
      if (code >= 0x80) return false
      this.#chunk[--at] = code
    }
    this.#at = at
    return true
  }

  /** Makes room before what is written of the message, in a new chunk where this one has none. */
  #reserve(bytes: number): void {
    if (this.#at >= bytes) return
    const written = this.length
    const size = Math.max(this.#chunkBytes, 2 * (written + bytes))
    const chunk = Buffer.allocUnsafeSlow(size)
    this.#chunk.copy(chunk, size - written, this.#at, this.#end)
    this.#chunk = chunk
    this.#end = size
    this.#at = size - written
  }
}

/** The byte that two hexadecimal digits in ASCII make. */
export function hexByte(digits: Uint8Array, at: number): number {
  return (hexDigit(digits[at] as number) << 4) | hexDigit(digits[at + 1] as number)
}

/** Letters have bit 6, and count from 1 in the last bits. */
function hexDigit(code: number): number {
  return (code & 0xf) + 9 * (code >> 6)
}

/** The length-delimited fields of a message with this number. */
export function delimitedFields(message: Uint8Array, number: number): Uint8Array[] {
  return [...fieldsOf(message)].flatMap(([field, value]) =>
    field === number && typeof value !== 'number' ? [value] : [],
  )
}

/** An int64 of a message, near enough. @returns 0 where there is none. */
export function int64Field(message: Uint8Array, number: number): number {
  for (const [field, value] of fieldsOf(message)) {
    if (field === number && typeof value === 'number') return value < TWO_63 ? value : value - 2 * TWO_63
  }
  return 0
}

/** @throws RangeError where the message ends too soon. */
function* fieldsOf(message: Uint8Array): Generator<[field: number, value: Uint8Array | number]> {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  let at = 0
  const varint = () => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes.readUInt8(at++)
      value += (byte & 0x7f) * shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const [field, type] = [Math.floor(tag / 8), tag % 8]
    if (type === VARINT) {
      yield [field, varint()]
    } else if (type === DELIMITED) {
      const length = varint()
      yield [field, bytes.subarray(at, at + length)]
      at += length
    } else {
      at += type === FIXED64 ? 8 : 4
    }
  }
}
