// A line of pino's → its log record in OTLP's protobuf encoding, without an object for the record or any value in it. It
// gives what reading, cleaning and encoding the line would give (test/line-encoding.test.ts), and leaves to them whatever
// they do more with than write it down.

import { HOSTNAME, type LineLayout, levelOf, PID } from '../json-line.ts'
import type { RecordLimits } from '../limits.ts'
import { type HrTime, hrTimeOf, hrTimeOfMillis } from '../time.ts'
import type { Encodable } from './encoded-provider.ts'
import { IsoTimes } from './iso-time.ts'
import { bitsOfHex, isHex, MAX_DIGIT } from './json-grammar.ts'
import { createJsonScanner, type JsonScanner, STRIDE, TOKEN } from './json-scanner.ts'
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
  readonly #times = new IsoTimes()

  /** Of the line that was read last. */
  severityNumber = 0
  loggerName: string | undefined
  #lines: Buffer = NOTHING
  #observed: HrTime = [0, 0]
  #level: number | string | undefined
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
    if (bytes !== this.#lines) this.#observe(bytes)
    const error = scanner.found[ERROR] as number
    // An error, perhaps.
    if (error > 0 && scanner.typeOf(error) > TOKEN.null) return -1
    if (!this.#readLevel(end - start) || !this.#readTime() || !this.#readName()) return -1
    if (!this.#readProcess() || !this.#readSpan(span)) return -1
    this.#body = scanner.found[MESSAGE] as number
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
    this.#lines = lines
    this.#observed = hrTimeOfMillis(Date.now())
  }

  #readLevel(lineBytes: number): boolean {
    const token = this.#scanner.found[LEVEL] as number
    if (token !== FIRST) return false
    const type = this.#scanner.typeOf(token)
    if (type !== INTEGER && type !== STRING) return false
    const level = type === INTEGER ? this.#scanner.integer(token) : this.#levels.of(this.#scanner, token)
    if (level !== this.#level) {
      const { severityNumber, text } = levelOf(level, this.#layout)
      this.#level = level
      this.severityNumber = severityNumber
      this.#severityText = text
    }
    if (lineBytes + (this.#severityText?.length ?? 0) > this.#maxBytes) return false
    this.#tell(token)
    return true
  }

  /** It follows the level, unless the logger writes none: then it is the bindings that do. */
  #readTime(): boolean {
    const { found } = this.#scanner
    this.#timestamp = undefined
    if (found[TIME] !== SECOND) return found[PROCESS] === SECOND
    const type = this.#scanner.typeOf(SECOND)
    if (type === INTEGER) this.#timestamp = hrTimeOf(this.#scanner.integer(SECOND))
    else if (type === STRING) this.#timestamp = this.#readText(SECOND)
    else return false
    this.#tell(SECOND)
    return true
  }

  #readText(token: number): HrTime | undefined {
    const scanner = this.#scanner
    return this.#times.read(scanner.bytes, scanner.startOf(token) + 1, scanner.endOf(token) - 1)
  }

  /** The logger's own name is the last of its bindings; what is called so elsewhere is a field. */
  #readName(): boolean {
    const { found } = this.#scanner
    const name = found[NAME] as number
    const process = name - 2 * STRIDE
    this.loggerName = undefined
    if (name === 0 || !this.#layout.hasName) return true
    if (found[HOST] !== name - STRIDE || found[PROCESS] !== process) return true
    if (process !== SECOND && process !== THIRD) return false
    if (this.#scanner.typeOf(name) !== STRING || this.#scanner.typeOf(name - STRIDE) !== STRING) return false
    this.loggerName = this.#names.of(this.#scanner, name)
    this.#tell(name)
    return true
  }

  /** Its own process and host are what the resource tells. */
  #readProcess(): boolean {
    const { found } = this.#scanner
    const process = found[PROCESS] as number
    if (process > 0) {
      if (this.#scanner.typeOf(process) !== INTEGER) return false
      if (this.#scanner.integer(process) === PID) this.#tell(process)
    }
    const host = found[HOST] as number
    if (host > 0) {
      if (this.#scanner.typeOf(host) !== STRING) return false
      if (this.#scanner.isString(host, OWN_HOSTNAME)) this.#tell(host)
    }
    return true
  }

  /** The span of the call, which fields of the line may repeat; else the one that they name. */
  #readSpan(span: number): boolean {
    const { found } = this.#scanner
    const traceId = found[TRACE_ID] as number
    const spanId = found[SPAN_ID] as number
    const flags = found[TRACE_FLAGS] as number
    this.#traceId = span
    this.#spanId = span + TRACE_DIGITS
    this.#traceFlags = span > 0 ? hexByte(this.#scanner.bytes, span + TRACE_DIGITS + SPAN_DIGITS) : 0
    if (traceId > 0 || spanId > 0 || flags > 0) {
      if (!this.#scanner.isStringOf(traceId, TRACE_DIGITS) || !this.#scanner.isStringOf(spanId, SPAN_DIGITS))
        return false
      const traceDigits = this.#scanner.startOf(traceId) + 1
      const spanDigits = this.#scanner.startOf(spanId) + 1
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
    const { bytes } = this.#scanner
    const start = this.#scanner.startOf(token) + 1
    if (!this.#scanner.isStringOf(token, 2) || !isHex(bytes, start, 2)) return false
    this.#traceFlags = hexByte(bytes, start)
    return true
  }

  /** Written from the end to the start, as the writer does it. */
  #write(writer: ProtobufWriter): void {
    const observed = this.#observed
    writeTime(writer, LOG_RECORD.observedTimeUnixNano, observed)
    if (this.#traceId > 0) {
      const { bytes } = this.#scanner
      writer.hexOf(LOG_RECORD.spanId, bytes, this.#spanId, this.#spanId + SPAN_DIGITS)
      writer.hexOf(LOG_RECORD.traceId, bytes, this.#traceId, this.#traceId + TRACE_DIGITS)
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
      const first = this.#scanner.firstOf(last)
      if (first === this.#body) body = last
      else if (this.#scanner.typeOf(first) !== TOLD) this.#writeEntry(writer, LOG_RECORD.attributes, first, last)
      last = first - STRIDE
    }
    return body
  }

  #writeEntry(writer: ProtobufWriter, field: number, first: number, last: number): void {
    const scanner = this.#scanner
    const mark = writer.length
    this.#writeValue(writer, KEY_VALUE.value, last)
    writer.textOf(KEY_VALUE.key, scanner.bytes, scanner.keyOf(first), scanner.startOf(first) - 2)
    writer.delimit(field, mark)
  }

  #writeValue(writer: ProtobufWriter, field: number, last: number): void {
    const scanner = this.#scanner
    const mark = writer.length
    switch (scanner.typeOf(last)) {
      case STRING:
        writer.textOf(ANY_VALUE.string, scanner.bytes, scanner.startOf(last) + 1, scanner.endOf(last) - 1)
        break
      case ESCAPED_STRING:
        writer.text(ANY_VALUE.string, scanner.escapedString(last))
        break
      case INTEGER:
        writer.int64(ANY_VALUE.int, scanner.integer(last))
        break
      case TOKEN.number:
        writeNumber(writer, scanner.number(last))
        break
      case TOKEN.true:
        writer.uint(ANY_VALUE.bool, 1)
        break
      case TOKEN.false:
        writer.uint(ANY_VALUE.bool, 0)
        break
      case CLOSE:
        this.#writeContainer(writer, scanner.startOf(last), last)
    }
    writer.delimit(field, mark)
  }

  #writeContainer(writer: ProtobufWriter, container: number, close: number): void {
    const mark = writer.length
    const isObject = this.#scanner.typeOf(container) === TOKEN.object
    for (let last = close - STRIDE; last > container; ) {
      const first = this.#scanner.firstOf(last)
      if (isObject) this.#writeEntry(writer, VALUES, first, last)
      else this.#writeValue(writer, VALUES, last)
      last = first - STRIDE
    }
    writer.delimit(isObject ? ANY_VALUE.kvlist : ANY_VALUE.array, mark)
  }

  #isSame(a: number, b: number, length: number): boolean {
    const { bytes } = this.#scanner
    for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false
    return true
  }

  /** Hexadecimal, and not all zeros. */
  #isId(start: number, length: number): boolean {
    const bits = bitsOfHex(this.#scanner.bytes, start, length)
    return bits > 0 && bits <= MAX_DIGIT
  }

  #tell(token: number): void {
    this.#scanner.tokens[token] = TOLD
  }
}

/** A text that is mostly the same again: it is not made anew. */
class RecentText {
  #bytes: Buffer = NOTHING
  #text = ''

  of(scanner: JsonScanner, token: number): string {
    if (!scanner.isString(token, this.#bytes)) {
      this.#text = scanner.string(token)
      this.#bytes = Buffer.from(this.#text)
    }
    return this.#text
  }
}
