// The mapping, table by table: the same that docs/mapping.md shows.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import pino from 'pino'
import { beforeEach, describe, expect, test } from 'vitest'
import winston from 'winston'
import { createPinoStream } from '../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../adapters/winston/index.ts'
import { createBridge } from '../src/index.ts'
import { hrTimeOf } from '../src/time.ts'
import { levels } from './mapping/levels.ts'
import { type Becomes, pinoRecords, winstonRecords } from './mapping/records.ts'
import { times } from './mapping/times.ts'
import { values } from './mapping/values.ts'
import { InMemoryLogRecordExporter, LoggerProvider, type ReadableLogRecord, simpleProcessor } from './support/otel.ts'

let exporter: InMemoryLogRecordExporter
let loggerProvider: LoggerProvider

beforeEach(() => {
  exporter = new InMemoryLogRecordExporter()
  loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
})

function only(): ReadableLogRecord {
  const [record, ...others] = exporter.getFinishedLogRecords()
  expect(others).toEqual([])
  return record as ReadableLogRecord
}

const rowsOf = <T>(table: Readonly<Record<string, readonly T[]>>, nameOf: (row: T) => string) =>
  Object.entries(table).flatMap(([section, rows]) => rows.map((row) => [section, nameOf(row), row] as const))

const sourceOf = (fn: unknown) => String(fn).replace(/\s+/g, ' ')

describe.each(rowsOf(values, ({ value }) => sourceOf(value)))('%s: %s', (_section, _name, { value, becomes }) => {
  test('as an attribute', () => {
    createBridge({ loggerProvider }).emit({ attributes: { value: value() } })
    expect(only().attributes).toStrictEqual({ value: becomes })
  })

  test('as the body', () => {
    createBridge({ loggerProvider }).emit({ body: value() })
    expect(only().body).toStrictEqual(becomes)
  })

  test('inside a value', () => {
    createBridge({ loggerProvider }).emit({ attributes: { nested: [{ value: value() }] } })
    expect(only().attributes).toStrictEqual({ nested: [{ value: becomes }] })
  })

  test('in winston', () => {
    const transports = [new OpenTelemetryTransport({ loggerProvider })]
    // winston's own default format is JSON, which throws for some of these.
    const format = winston.format((info) => info)()
    winston.createLogger({ format, transports }).info('hello', { value: value() })
    expect(only().attributes).toStrictEqual({ value: becomes })
  })
})

describe.each(Object.entries(levels))('%s', (_name, { logger, levels, useOnlyCustomLevels, severities, becomes }) => {
  test.each(Object.entries(becomes))('%s', (level, severityNumber) => {
    const options = { loggerProvider, ...(severities && { severities }) }
    if (logger === 'pino') {
      const custom = levels && { customLevels: levels, ...(useOnlyCustomLevels && { useOnlyCustomLevels }) }
      const known = { ...(useOnlyCustomLevels ? {} : pino.levels.values), ...levels }
      const [lowest = ''] = Object.entries(known).sort((a, b) => a[1] - b[1])[0] ?? []
      const made = pino<string>({ ...custom, level: lowest }, createPinoStream(options))
      ;(made as unknown as Record<string, (text: string) => void>)[level]?.('hello')
    } else {
      const [lightest = ''] = Object.entries(levels ?? {}).sort((a, b) => b[1] - a[1])[0] ?? []
      const transports = [new OpenTelemetryTransport(options)]
      winston.createLogger({ levels: { ...levels }, level: lightest, transports }).log(level, 'hello')
    }
    expect([only().severityNumber, only().severityText]).toEqual([severityNumber, level])
  })
})

describe.each(rowsOf(times, ({ time }) => String(time)))('%s: %s', (_section, _name, { time, becomes }) => {
  const nanos = ([seconds, nanoseconds]: readonly [number, number]) => BigInt(seconds) * 10n ** 9n + BigInt(nanoseconds)

  test('as the time of a record', () => {
    const before = BigInt(Date.now()) * 1_000_000n
    createBridge({ loggerProvider }).emit({ timestamp: time })
    const { hrTime, hrTimeObserved } = only()
    if (becomes === undefined) {
      expect(hrTime).toEqual(hrTimeObserved)
      expect(nanos(hrTime)).toBeGreaterThanOrEqual(before)
    } else expect(nanos(hrTime)).toBe(becomes)
  })

  test('as winston’s timestamp', () => {
    const transports = [new OpenTelemetryTransport({ loggerProvider })]
    winston.createLogger({ transports }).info('hello', { timestamp: time })
    const { hrTime, attributes } = only()
    if (becomes === undefined) expect(attributes).toHaveProperty('timestamp')
    else expect([nanos(hrTime), attributes]).toEqual([becomes, {}])
  })

  if (typeof time !== 'string' && typeof time !== 'number') return
  test('as the time of a pino line', () => {
    const text = JSON.stringify(time)
    pino({ timestamp: () => `,"time":${text}` }, createPinoStream({ loggerProvider })).info('hello')
    if (becomes !== undefined) expect(nanos(only().hrTime)).toBe(becomes)
    expect(hrTimeOf(time) === undefined).toBe(becomes === undefined)
  })
})

function expectRecord({ scopeName, traceId, spanId, ...fields }: Becomes): void {
  const record = only()
  expect(record).toMatchObject(fields)
  expect(record.attributes).toStrictEqual(fields.attributes)
  if (scopeName !== undefined) expect(record.instrumentationScope.name).toBe(scopeName)
  if (traceId !== undefined) expect(record.spanContext).toMatchObject({ traceId, spanId })
}

test.each(rowsOf(pinoRecords, ({ call }) => sourceOf(call)))('pino, %s: %s', (_section, _name, row) => {
  row.call(pino(row.options?.() ?? {}, createPinoStream({ loggerProvider })))
  expectRecord(row.becomes)
})

test.each(rowsOf(winstonRecords, ({ call }) => sourceOf(call)))('winston, %s: %s', (_section, _name, row) => {
  row.call(winston.createLogger({ ...row.options?.(), transports: [new OpenTelemetryTransport({ loggerProvider })] }))
  expectRecord(row.becomes)
})

test('docs/mapping.md is what its script makes of these tables', () => {
  const script = join(import.meta.dirname, '../docs/mapping.ts')
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
})
