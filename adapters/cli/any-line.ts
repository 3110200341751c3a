// A line of pino, of winston, or of neither: each line tells which it is, since several programs may share a pipe.

import { type Context, ROOT_CONTEXT } from '@opentelemetry/api'
import type { RecordBridge } from '../../src/bridge.ts'
import { bridgeLine, DEFAULT_LAYOUT } from '../../src/json-line.ts'
import type { TakeLine } from '../../src/pipeline/line-target.ts'
import type { OwnedPipeline } from '../../src/pipeline/owned-pipeline.ts'
import { takeLineWith } from '../../src/pipeline/take-line.ts'
import { suppressLogs } from '../../src/suppression.ts'
import { bridgeWinstonLine, winstonFieldsOf } from './winston-line.ts'

/** pino's own level is a number, and winston's a name. */
const PINO = Buffer.from('{"level":')
const ZERO = 0x30
const NINE = 0x39
const LINE_FEED = 0x0a
const BLANK = /^\s*$/
/** The field of `otelMixin` for a record that must not be bridged. */
const HELD_BACK = /"otel_log_bridge":"(?:reentrant|suppressed)"/

/** @param messageKey of pino's lines; undefined for pino's own, or `message` in a line without that. */
export function takeAnyLine(bridge: RecordBridge, pipeline: OwnedPipeline, messageKey: string | undefined): TakeLine {
  const layout = messageKey === undefined ? DEFAULT_LAYOUT : { ...DEFAULT_LAYOUT, messageKey }
  const otherLayout = messageKey === undefined ? { ...DEFAULT_LAYOUT, messageKey: 'message' } : layout
  const ownKey = Buffer.from(`${JSON.stringify(layout.messageKey)}:`)
  const takePino = takeLineWith(bridge, pipeline, () => layout, contextOfLine)
  const takeOtherPino = takeLineWith(bridge, pipeline, () => otherLayout, contextOfLine)

  return (lines, start) => {
    const end = lines.indexOf(LINE_FEED, start)
    const hasOwnKey = lines.subarray(start, end).includes(ownKey)
    if (beginsAsPino(lines, start)) return hasOwnKey ? takePino(lines, start) : takeOtherPino(lines, start)
    const line = lines.toString('utf8', start, end)
    if (BLANK.test(line)) return end
    const fields = hasOwnKey ? undefined : winstonFieldsOf(line)
    if (fields !== undefined) bridgeWinstonLine(bridge, fields)
    else bridgeLine(bridge, line, hasOwnKey ? layout : otherLayout, contextOfLine(line, ROOT_CONTEXT))
    return end
  }
}

function beginsAsPino(lines: Buffer, start: number): boolean {
  const digit = lines[start + PINO.length] ?? 0
  return digit >= ZERO && digit <= NINE && lines.compare(PINO, 0, PINO.length, start, start + PINO.length) === 0
}

/** A record that was marked where it was logged keeps its fate. */
function contextOfLine(line: string, context: Context): Context {
  return HELD_BACK.test(line) ? suppressLogs(context) : context
}
