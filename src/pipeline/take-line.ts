// The thread's reading of pino's lines.

import { type Context, ROOT_CONTEXT } from '@opentelemetry/api'
import { RecordBridge } from '../bridge.ts'
import { bridgeLine, type LineLayout } from '../json-line.ts'
import { definedOnly } from '../options.ts'
import type { Logger } from '../provider.ts'
import type { Encodable, EncodedLogger } from './encoded-provider.ts'
import { createLineEncoder, type LineEncoder } from './line-encoder.ts'
import { type TakeLine, takeText } from './line-target.ts'
import type { OwnedPipeline } from './owned-pipeline.ts'
import { endOfReading, spanOf, startOfLine, unpackLine, unpackReading } from './packed-line.ts'

/**
 * Lines go straight to the encoding that they are sent in, but for those that are something special.
 *
 * @param contextOf gives the Context of a line's record, from the one that it was logged in.
 */
export function takeLineWith(
  bridge: RecordBridge,
  { takesProtobuf }: Pick<OwnedPipeline, 'takesProtobuf'>,
  layoutOf: () => LineLayout,
  contextOf: (line: string, context: Context) => Context = (_line, context) => context,
): TakeLine {
  let layout: LineLayout | undefined
  let encoder: LineEncoder | undefined

  const takeParsed = takeText((packed) => {
    const { line, context, added } = unpackLine(packed)
    bridgeLine(bridge, line, layoutOf(), contextOf(line, context), added)
  })

  return (lines, start) => {
    const current = layoutOf()
    if (current !== layout) {
      layout = current
      encoder = takesProtobuf ? createLineEncoder(current, bridge.limits) : undefined
    }
    if (encoder === undefined) return takeParsed(lines, start)
    const span = spanOf(lines, start)
    const end = encoder.read(lines, startOfLine(start, span), span)
    if (end === -1) return takeParsed(lines, start)
    bridge.read(encoder.severityNumber, encoder.loggerName, ROOT_CONTEXT, noRecord, encoder, undefined, emitEncodable)
    return end
  }
}

function emitEncodable(logger: Logger, record: Encodable): true {
  ;(logger as EncodedLogger).emitEncodable(record)
  return true
}

function noRecord(): undefined {}

/** Lines of any number of bridges, each behind how it is to be read; the rest is for `takeOther`. */
export function takeReadingWith(pipeline: OwnedPipeline, takeOther: TakeLine): TakeLine {
  const known = new Map<string, TakeLine>()
  let last = Buffer.alloc(0)
  let takeLast = takeOther

  function use(reading: Buffer): void {
    const packed = reading.toString()
    let take = known.get(packed)
    if (take === undefined) {
      const { layout, ...options } = unpackReading(packed)
      const { provider: loggerProvider } = pipeline
      const bridge = new RecordBridge('WorkerLoggerProvider', { ...definedOnly(options), loggerProvider })
      take = takeLineWith(bridge, pipeline, () => layout)
      known.set(packed, take)
    }
    last = Buffer.from(reading)
    takeLast = take
  }

  return (lines, start) => {
    const end = endOfReading(lines, start)
    if (end === start) return takeOther(lines, start)
    // Those of one bridge mostly follow each other.
    if (last.compare(lines, start, end) !== 0) use(lines.subarray(start, end))
    return takeLast(lines, end)
  }
}
