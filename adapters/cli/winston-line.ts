// A line as winston's `format.json()` writes it → a record.

import { stripVTControlCharacters } from 'node:util'
import { ROOT_CONTEXT } from '@opentelemetry/api'
import type { RecordBridge } from '../../src/bridge.ts'
import { EXCEPTION_KEYS, type ExceptionFacts, exceptionOfStack, isSerializedError } from '../../src/exception.ts'
import { isObject } from '../../src/options.ts'
import type { SourceRecord } from '../../src/record.ts'
import { severityOfName } from '../../src/severity.ts'
import { hrTimeOf } from '../../src/time.ts'

type Fields = Readonly<Record<string, unknown>>

/** @returns undefined for any other line. */
export function winstonFieldsOf(line: string): Fields | undefined {
  // Nothing of JSON's begins otherwise, and to make an error of each line of text costs more than to read it.
  if (!line.trimStart().startsWith('{')) return undefined
  let fields: unknown
  try {
    fields = JSON.parse(line)
  } catch {
    return undefined
  }
  if (!isObject(fields) || typeof fields.level !== 'string' || !Object.hasOwn(fields, 'message')) return undefined
  // pino with a name for the level and a message key of its own.
  return Object.hasOwn(fields, 'time') && Object.hasOwn(fields, 'pid') ? undefined : fields
}

export function bridgeWinstonLine(bridge: RecordBridge, fields: Fields): void {
  const level = stripVTControlCharacters(String(fields.level))
  bridge.read(severityOfName(level) ?? 0, undefined, ROOT_CONTEXT, recordOfWinston, fields, level)
}

function recordOfWinston(fields: Fields, level: string): SourceRecord {
  const { message, timestamp } = fields
  const hasTime = hrTimeOf(timestamp) !== undefined
  return {
    severityText: level,
    timestamp: hasTime ? timestamp : undefined,
    body: message,
    attributes: fields,
    isTold: (key) => key === 'level' || key === 'message' || (key === 'timestamp' && hasTime),
    exception: exceptionOf(fields),
  }
}

/** `format.errors({ stack: true })` writes the stack beside the message; serializers of the app's write it where the error was. */
function exceptionOf(fields: Fields): ExceptionFacts | undefined {
  for (const key of EXCEPTION_KEYS) if (isSerializedError(fields[key])) return fields[key]
  return exceptionOfStack(fields.stack)
}
