// What an app of these tests logs, by its number, and what has to arrive of it.

export const LEVELS = ['error', 'warn', 'info', 'debug'] as const
const SEVERITY = { error: 17, warn: 13, info: 9, debug: 5 }

export interface Logged {
  readonly level: (typeof LEVELS)[number]
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
  /** Whether it is logged inside a span. */
  readonly traceId: string | undefined
  readonly spanId: string | undefined
}

export function loggedAs(number: number): Logged {
  const isTraced = number % 3 === 0
  return {
    level: LEVELS[number % LEVELS.length] as Logged['level'],
    message: `record ${number}: grüße, 漢字, 🎉 and "quotes"\n`,
    fields: {
      number,
      text: 'x'.repeat(number % 50),
      ratio: number / 7,
      large: number * 2 ** 33,
      negative: -number - 1,
      flag: number % 2 === 0,
      none: null,
      nested: { list: [number, 'two', 3.5, false, null, [], {}], deep: { key: `value ${number}` } },
    },
    traceId: isTraced ? hex(number + 1, 32) : undefined,
    spanId: isTraced ? hex(number + 1, 16) : undefined,
  }
}

/** The record as {@link flatten} reads it from OTLP's JSON encoding. */
export function expectedOf(number: number): object {
  const { level, message, fields, traceId, spanId } = loggedAs(number)
  return {
    severityNumber: SEVERITY[level],
    severityText: level,
    body: message,
    attributes: fields,
    traceId: traceId ?? '',
    spanId: spanId ?? '',
  }
}

const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0')

export interface Arrived {
  readonly scope: string
  readonly service: unknown
  readonly record: object
  readonly number: number
  readonly timeMillis: number
  readonly observedMillis: number
}

interface AnyValue {
  readonly stringValue?: string
  readonly intValue?: string | number
  readonly doubleValue?: number
  readonly boolValue?: boolean
  readonly arrayValue?: { readonly values?: readonly AnyValue[] }
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] }
}
interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}
interface OtlpRecord {
  readonly timeUnixNano: string
  readonly observedTimeUnixNano: string
  readonly severityNumber: number
  readonly severityText: string
  readonly body: AnyValue
  readonly attributes?: readonly KeyValue[]
  readonly traceId?: string
  readonly spanId?: string
}
interface Request {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes?: readonly KeyValue[] }
    readonly scopeLogs: readonly {
      readonly scope: { readonly name: string }
      readonly logRecords: readonly OtlpRecord[]
    }[]
  }[]
}

/** @param requests of OTLP, in its JSON encoding. */
export function flatten(requests: readonly unknown[]): Arrived[] {
  return (requests as readonly Request[]).flatMap(({ resourceLogs }) =>
    resourceLogs.flatMap(({ resource, scopeLogs }) =>
      scopeLogs.flatMap(({ scope, logRecords }) =>
        logRecords.map((record) => {
          const attributes = mapOf(record.attributes)
          const { severityNumber, severityText, body, traceId = '', spanId = '' } = record
          return {
            scope: scope.name,
            service: mapOf(resource.attributes)['service.name'],
            record: { severityNumber, severityText, body: decode(body), attributes, traceId, spanId },
            number: Number(attributes.number),
            timeMillis: Number(BigInt(record.timeUnixNano) / 1_000_000n),
            observedMillis: Number(BigInt(record.observedTimeUnixNano) / 1_000_000n),
          }
        }),
      ),
    ),
  )
}

function mapOf(entries: readonly KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(entries.map(({ key, value }) => [key, decode(value)]))
}

function decode({ stringValue, intValue, doubleValue, boolValue, arrayValue, kvlistValue }: AnyValue): unknown {
  if (arrayValue !== undefined) return (arrayValue.values ?? []).map(decode)
  if (kvlistValue !== undefined) return mapOf(kvlistValue.values)
  if (intValue !== undefined) return Number(intValue)
  return stringValue ?? doubleValue ?? boolValue ?? null
}
