// The object that the app logged → a record, where the line is provably that object and nothing else: copying it costs
// half of what parsing the line does (bench/topics/pino.ts), and runs no code of the app.

import type { AnyValueMap } from '../../src/attributes.ts'
import type { Level, LineLayout, LineOrigin } from '../../src/json-line.ts'
import type { RecordLimits } from '../../src/limits.ts'
import { copyPlain, isPlainText, type PlainKeys } from '../../src/plain.ts'
import type { CleanRecord } from '../../src/record.ts'

/** A logger that writes objects as they are. */
export interface PlainLogger {
  /** Its bindings, but for those that the record tells otherwise. */
  readonly bindings: AnyValueMap
  /** Attributes that a record may have besides. */
  readonly room: number
  /** Fields that become attributes as they are. */
  readonly keys: PlainKeys
}

/** What pino made the line from. */
export interface LoggedObject {
  readonly object: unknown
  readonly message: unknown
  readonly severity: Level
  readonly time: LineOrigin['time']
}

/** @returns undefined where only the line tells. */
export function recordOfObject(
  { object, message, severity, time }: LoggedObject,
  { bindings, room, keys }: PlainLogger,
  limits: RecordLimits,
): CleanRecord | undefined {
  if (!isPlainText(message, limits)) return undefined
  const attributes = { ...bindings }
  if (!copyPlain(attributes, object, limits, room, undefined, keys)) return undefined
  return {
    timestamp: time,
    severityText: severity.text,
    body: message,
    attributes,
    droppedAttributesCount: 0,
    eventName: undefined,
    isPlain: true,
  }
}

/** Names that the line itself uses: a field of the same name is written behind, and read instead. */
export function isOfLine(key: string, { messageKey, errorKey }: LineLayout): boolean {
  switch (key) {
    case 'level':
    case 'time':
    case 'pid':
    case 'hostname':
    case 'name':
    case 'err':
    case 'otel.event.name':
      return true
    default:
      return key === messageKey || key === errorKey
  }
}
