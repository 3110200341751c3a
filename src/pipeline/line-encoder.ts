// A line of pino's → its log record in OTLP's protobuf encoding, without an object for the record or any value in it. It
// gives what reading, cleaning and encoding the line would give (test/line-encoding.test.ts), and leaves to them whatever
// they do more with than write it down.

import { HOSTNAME, type LineLayout, levelOf, PID } from '../json-line.ts'
import type { RecordLimits } from '../limits.ts'
import { type HrTime, hrTimeOf, hrTimeOfMillis } from '../time.ts'
import type { Encodable } from './encoded-provider.ts'
import { createJsonScanner, isAt, type JsonScanner, STRIDE, TOKEN } from './json-scanner.ts'
import { ANY_VALUE, finishRecord, KEY_VALUE, LOG_RECORD, VALUES, writeNumber, writeTime } from './otlp-protobuf.ts'
import type { EncodedRecord, Scope } from './otlp-record.ts'
import { hexByte, ProtobufWriter } from './protobuf.ts'

const LEVEL = 0
const TIME = 1
const PROCESS = 2
const HOST = 3
const NAME = 4
const TRACE_ID = 5
const SPAN_ID = 6
const TRACE_FLAGS = 7
const MESSAGE = 8
const ERROR = 9
const NAMES = ['level', 'time', 'pid', 'hostname', 'name', 'trace_id', 'span_id', 'trace_flags']
/** Keys that the cleaner renames or reads something from, and the mark of a record that is held back. */
const REFUSED = ['__proto__', 'constructor', 'toJSON', 'otel.event.name', 'otel_log_bridge']

const { string: STRING, escapedString: ESCAPED_STRING, integer: INTEGER, close: CLOSE } = TOKEN
/** In place of the type of a token that is no attribute. */
const TOLD = 0
/** pino writes its level first. */
const FIRST = STRIDE
const SECOND = 2 * STRIDE
const THIRD = 3 * STRIDE

const TRACE_DIGITS = 32
const SPAN_DIGITS = 16
/** In bytes; what is longer spends its time elsewhere. */
const LONG_LINE = 64 * 1024
/** The cleaner reckons at most 8 for each byte of a line, and leaves a quarter of a record to what stands behind a value. */
const RECORD_BYTES_PER_LINE_BYTE = 16

/** A point, and digits that make a whole number less than 2^53. */
const MAX_EXACT_CHARACTERS = 16
/** Less the 0. */
const POINT = 0x2e - 0x30
const POWERS_OF_TEN = Float64Array.from({ length: MAX_EXACT_CHARACTERS }, (_, exponent) => 10 ** exponent)

const OWN_HOSTNAME = Buffer.from(HOSTNAME)
const NOTHING = Buffer.alloc(0)

/** @returns undefined for a layout whose lines are all read another way. */
export function createLineEncoder(layout: LineLayout, limits: RecordLimits): LineEncoder | undefined {
  const { messageKey, errorKey, nestedKey } = layout
  const scanner = createJsonScanner([...NAMES, messageKey, errorKey], REFUSED, limits.depth)
  return nestedKey !== undefined || scanner === undefined ? undefined : new LineEncoder(layout, limits, scanner)
}

export class LineEncoder implements Encodable {
  readonly #layout: LineLayout
  readonly #maxBytes: number
  readonly #maxEntries: number
  readonly #scanner: JsonScanner
  readonly #writer = new ProtobufWriter()
  readonly #levels = new RecentText()
  readonly #names = new RecentText()

  /** Of the line that was read last. */
  severityNumber = 0
  loggerName: string | undefined
  #bytes: Buffer = NOTHING
  #observed: HrTime = [0, 0]
  #severityText: string | undefined
  #timestamp: HrTime | undefined
  #body = 0
  /** Where the digits of the ids stand; 0 where the record has no span. */
  #traceId = 0
  #spanId = 0
  #traceFlags = 0

  constructor(layout: LineLayout, limits: RecordLimits, scanner: JsonScanner) {
    this.#layout = layout
    this.#maxBytes = Math.min(LONG_LINE, limits.attributeValueLength, limits.recordBytes / RECORD_BYTES_PER_LINE_BYTE)
    this.#maxEntries = limits.attributeCount
    this.#scanner = scanner
  }

  /**
   * Reads the line that starts at `start` of `bytes`, which are UTF-8 and have a line feed behind it.
   *
   * @param span where the trace id, span id and flags of the call stand, in 50 hexadecimal digits; 0 where it has none.
   * @returns where the line feed is; -1 where the line must be read another way.
   */
  read(bytes: Buffer, start: number, span: number): number {
    const scanner = this.#scanner
    const end = scanner.scan(bytes, start)
    if (end < 0 || scanner.entries > this.#maxEntries) return -1
    if (bytes !== this.#bytes) this.#observe(bytes)
    const { tokens, found } = scanner
    const error = found[ERROR] as number
    // An error, perhaps.
    if (error > 0 && (tokens[error] as number) > TOKEN.null) return -1
    if (!this.#readLevel(end - start) || !this.#readTime() || !this.#readName()) return -1
    if (!this.#readProcess() || !this.#readSpan(span)) return -1
    this.#body = found[MESSAGE] as number
    return end
  }

  /** @returns the record that was read last. */
  encode(scope: Scope): EncodedRecord {
    const writer = this.#writer
    try {
      this.#write(writer)
      return finishRecord(writer, scope)
    } finally {
      writer.abandon()
    }
  }

  /** Lines that have come together were seen together: the clock takes longer than most of what is done with a line. */
  #observe(lines: Buffer): void {
    this.#bytes = lines
    this.#observed = hrTimeOfMillis(Date.now())
  }

  #readLevel(lineBytes: number): boolean {
    const token = this.#scanner.found[LEVEL] as number
    if (token !== FIRST) return false
    const type = this.#typeOf(token)
    if (type !== INTEGER && type !== STRING) return false
    const level = type === INTEGER ? this.#integer(token) : this.#text(token, this.#levels)
    const { severityNumber, text } = levelOf(level, this.#layout)
    if (lineBytes + (text?.length ?? 0) > this.#maxBytes) return false
    this.severityNumber = severityNumber
    this.#severityText = text
    this.#tell(token)
    return true
  }

  /** It follows the level, unless the logger writes none: then it is the bindings that do. */
  #readTime(): boolean {
    const { found } = this.#scanner
    this.#timestamp = undefined
    if (found[TIME] !== SECOND) return found[PROCESS] === SECOND
    const type = this.#typeOf(SECOND)
    if (type === INTEGER) this.#timestamp = hrTimeOf(this.#integer(SECOND))
    else if (type === STRING) this.#timestamp = hrTimeOf(this.#content(SECOND))
    else return false
    this.#tell(SECOND)
    return true
  }

  /** The logger's own name is the last of its bindings; what is called so elsewhere is a field. */
  #readName(): boolean {
    const { found } = this.#scanner
    const name = found[NAME] as number
    const process = name - 2 * STRIDE
    this.loggerName = undefined
    if (name === 0 || found[HOST] !== name - STRIDE || found[PROCESS] !== process) return true
    if (process !== SECOND && process !== THIRD) return false
    if (this.#typeOf(name) !== STRING || this.#typeOf(name - STRIDE) !== STRING) return false
    this.loggerName = this.#text(name, this.#names)
    this.#tell(name)
    return true
  }

  /** Its own process and host are what the resource tells. */
  #readProcess(): boolean {
    const { found } = this.#scanner
    const process = found[PROCESS] as number
    if (process > 0) {
      if (this.#typeOf(process) !== INTEGER) return false
      if (this.#integer(process) === PID) this.#tell(process)
    }
    const host = found[HOST] as number
    if (host > 0) {
      if (this.#typeOf(host) !== STRING) return false
      if (this.#isContent(host, OWN_HOSTNAME)) this.#tell(host)
    }
    return true
  }

  /** The span of the call, which fields of the line may repeat; else the one that they name. */
  #readSpan(span: number): boolean {
    const { found, tokens } = this.#scanner
    const traceId = found[TRACE_ID] as number
    const spanId = found[SPAN_ID] as number
    const flags = found[TRACE_FLAGS] as number
    this.#traceId = span
    this.#spanId = span + TRACE_DIGITS
    this.#traceFlags = span > 0 ? hexByte(this.#bytes, span + TRACE_DIGITS + SPAN_DIGITS) : 0
    if (traceId > 0 || spanId > 0 || flags > 0) {
      if (!this.#isText(traceId, TRACE_DIGITS) || !this.#isText(spanId, SPAN_DIGITS)) return false
      const traceDigits = (tokens[traceId + 1] as number) + 1
      const spanDigits = (tokens[spanId + 1] as number) + 1
      if (span > 0) {
        if (!this.#isSame(traceDigits, this.#traceId, TRACE_DIGITS)) return false
        if (!this.#isSame(spanDigits, this.#spanId, SPAN_DIGITS)) return false
      } else {
        this.#traceId = traceDigits
        this.#spanId = spanDigits
        if (flags > 0 && !this.#readFlags(flags)) return false
      }
      this.#tell(traceId)
      this.#tell(spanId)
      if (flags > 0) this.#tell(flags)
    }
    return this.#traceId === 0 || (this.#isId(this.#traceId, TRACE_DIGITS) && this.#isId(this.#spanId, SPAN_DIGITS))
  }

  #readFlags(token: number): boolean {
    const start = (this.#scanner.tokens[token + 1] as number) + 1
    if (!this.#isText(token, 2) || !this.#isHex(start, 2)) return false
    this.#traceFlags = hexByte(this.#bytes, start)
    return true
  }

  /** Written from the end to the start, as the writer does it. */
  #write(writer: ProtobufWriter): void {
    const observed = this.#observed
    writeTime(writer, LOG_RECORD.observedTimeUnixNano, observed)
    if (this.#traceId > 0) {
      writer.hexOf(LOG_RECORD.spanId, this.#bytes, this.#spanId, this.#spanId + SPAN_DIGITS)
      writer.hexOf(LOG_RECORD.traceId, this.#bytes, this.#traceId, this.#traceId + TRACE_DIGITS)
      writer.fixed32(LOG_RECORD.flags, this.#traceFlags)
    }
    const body = this.#writeAttributes(writer)
    if (body > 0) this.#writeValue(writer, LOG_RECORD.body, body)
    if (this.#severityText !== undefined) writer.text(LOG_RECORD.severityText, this.#severityText)
    if (this.severityNumber > 0) writer.uint(LOG_RECORD.severityNumber, this.severityNumber)
    writeTime(writer, LOG_RECORD.timeUnixNano, this.#timestamp ?? observed)
  }

  /** @returns the last token of the body, which stands among them; 0 where there is none. */
  #writeAttributes(writer: ProtobufWriter): number {
    const { length } = this.#scanner
    let body = 0
    for (let last = length - 2 * STRIDE; last > 0; ) {
      const first = this.#firstOf(last)
      if (first === this.#body) body = last
      else if (this.#typeOf(first) !== TOLD) this.#writeEntry(writer, LOG_RECORD.attributes, first, last)
      last = first - STRIDE
    }
    return body
  }

  #writeEntry(writer: ProtobufWriter, field: number, first: number, last: number): void {
    const { tokens } = this.#scanner
    const mark = writer.length
    this.#writeValue(writer, KEY_VALUE.value, last)
    const keyStart = tokens[first + 3] as number
    writer.textOf(KEY_VALUE.key, this.#bytes, keyStart, (tokens[first + 1] as number) - 2)
    writer.delimit(field, mark)
  }

  #writeValue(writer: ProtobufWriter, field: number, last: number): void {
    const { tokens } = this.#scanner
    const mark = writer.length
    const start = tokens[last + 1] as number
    const end = tokens[last + 2] as number
    switch (tokens[last]) {
      case STRING:
        writer.textOf(ANY_VALUE.string, this.#bytes, start + 1, end - 1)
        break
      case ESCAPED_STRING:
        writer.text(ANY_VALUE.string, JSON.parse(this.#bytes.toString('utf8', start, end)) as string)
        break
      case INTEGER:
        writer.int64(ANY_VALUE.int, this.#integer(last))
        break
      case TOKEN.number:
        writeNumber(writer, this.#number(start, end))
        break
      case TOKEN.true:
        writer.uint(ANY_VALUE.bool, 1)
        break
      case TOKEN.false:
        writer.uint(ANY_VALUE.bool, 0)
        break
      case CLOSE:
        this.#writeContainer(writer, start, last)
    }
    writer.delimit(field, mark)
  }

  #writeContainer(writer: ProtobufWriter, container: number, close: number): void {
    const mark = writer.length
    const isObject = this.#typeOf(container) === TOKEN.object
    for (let last = close - STRIDE; last > container; ) {
      const first = this.#firstOf(last)
      if (isObject) this.#writeEntry(writer, VALUES, first, last)
      else this.#writeValue(writer, VALUES, last)
      last = first - STRIDE
    }
    writer.delimit(isObject ? ANY_VALUE.kvlist : ANY_VALUE.array, mark)
  }

  #typeOf(token: number): number {
    return this.#scanner.tokens[token] as number
  }

  /** The token that begins what this one ends. */
  #firstOf(last: number): number {
    const { tokens } = this.#scanner
    return tokens[last] === CLOSE ? (tokens[last + 1] as number) : last
  }

  #tell(token: number): void {
    this.#scanner.tokens[token] = TOLD
  }

  #integer(token: number): number {
    const { tokens } = this.#scanner
    const bytes = this.#bytes
    const end = tokens[token + 2] as number
    let value = 0
    for (let at = tokens[token + 1] as number; at < end; at++) value = value * 10 + (bytes[at] as number) - 0x30
    return value
  }

  #number(start: number, end: number): number {
    const bytes = this.#bytes
    let digits = 0
    let point = 0
    for (let at = start; at < end; at++) {
      const digit = (bytes[at] as number) - 0x30
      if (digit >= 0 && digit <= 9) digits = digits * 10 + digit
      else if (digit === POINT && end - start <= MAX_EXACT_CHARACTERS) point = at
      else break
      // The quotient of two numbers that are exact is the nearest that there is, which is what JSON.parse gives.
      if (point > 0 && at === end - 1) return digits / (POWERS_OF_TEN[at - point] as number)
    }
    return Number(bytes.toString('latin1', start, end))
  }

  #content(token: number): string {
    const { tokens } = this.#scanner
    return this.#bytes.toString('utf8', (tokens[token + 1] as number) + 1, (tokens[token + 2] as number) - 1)
  }

  #text(token: number, recent: RecentText): string {
    const { tokens } = this.#scanner
    return recent.of(this.#bytes, (tokens[token + 1] as number) + 1, (tokens[token + 2] as number) - 1)
  }

  #isContent(token: number, text: Buffer): boolean {
    const { tokens } = this.#scanner
    const start = (tokens[token + 1] as number) + 1
    return text.length === (tokens[token + 2] as number) - 1 - start && isAt(this.#bytes, start, text)
  }

  #isText(token: number, length: number): boolean {
    const { tokens } = this.#scanner
    return tokens[token] === STRING && (tokens[token + 2] as number) - (tokens[token + 1] as number) === length + 2
  }

  #isSame(a: number, b: number, length: number): boolean {
    for (let i = 0; i < length; i++) if (this.#bytes[a + i] !== this.#bytes[b + i]) return false
    return true
  }

  /** Hexadecimal, and not all zeros. */
  #isId(start: number, length: number): boolean {
    let isZero = true
    for (let at = start; at < start + length; at++) if (this.#bytes[at] !== 0x30) isZero = false
    return !isZero && this.#isHex(start, length)
  }

  #isHex(start: number, length: number): boolean {
    return isHex(this.#bytes, start, length)
  }
}

export function isHex(bytes: Uint8Array, start: number, length: number): boolean {
  for (let at = start; at < start + length; at++) {
    const code = bytes[at] as number
    const letter = code | 0x20
    if (!((code >= 0x30 && code <= 0x39) || (letter >= 0x61 && letter <= 0x66))) return false
  }
  return true
}

/** A text that is mostly the same again: it is not made anew. */
class RecentText {
  #bytes: Buffer = NOTHING
  #text = ''

  of(bytes: Buffer, start: number, end: number): string {
    if (end - start !== this.#bytes.length || !isAt(bytes, start, this.#bytes)) {
      this.#bytes = Buffer.from(bytes.subarray(start, end))
      this.#text = this.#bytes.toString()
    }
    return this.#text
  }
}
