// OTel's variables that hold numbers: where they apply, which one wins, and what a wrong one does.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createBridge, type RecordLimits, setInternalLogSink } from '../src/index.ts'
import { BufferedLogRecordProcessor } from '../src/processor.ts'
import type { LogRecord } from '../src/provider.ts'

let reports: string[]
beforeEach(() => {
  reports = []
  setInternalLogSink(({ kind, message }) => void reports.push(`${kind}: ${message}`))
})
afterEach(() => {
  vi.unstubAllEnvs()
  setInternalLogSink(undefined)
})

function bridged(limits?: Partial<RecordLimits>, attributes: object = { a: 1, b: 2, c: 3, d: 4 }): LogRecord {
  const records: LogRecord[] = []
  const loggerProvider = { getLogger: () => ({ emit: (record: LogRecord) => void records.push(record) }) }
  const bridge = createBridge({ loggerProvider, ...(limits !== undefined && { limits }) })
  bridge.emit({ body: 'x'.repeat(100), attributes })
  return records[0] as LogRecord
}

test('limits come from the variables of all signals, of logs, and from options, in rising order', () => {
  vi.stubEnv('OTEL_ATTRIBUTE_COUNT_LIMIT', '3')
  vi.stubEnv('OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT', '7')
  expect(bridged()).toMatchObject({ body: 'xxxxxxx', attributes: { a: 1, b: 2, c: 3 }, droppedAttributesCount: 1 })
  vi.stubEnv('OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT', '2')
  vi.stubEnv('OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT', '5')
  expect(bridged()).toMatchObject({ body: 'xxxxx', attributes: { a: 1, b: 2 }, droppedAttributesCount: 2 })
  expect(bridged({ attributeCount: 1, attributeValueLength: 3 })).toMatchObject({ body: 'xxx', attributes: { a: 1 } })
})

test('depth and size of a record have variables of our own', () => {
  vi.stubEnv('OTEL_LOG_BRIDGE_DEPTH_LIMIT', '1')
  expect(bridged({}, { a: { b: {} } }).attributes).toEqual({ a: { b: '[Depth limit]' } })
  vi.stubEnv('OTEL_LOG_BRIDGE_RECORD_BYTES_LIMIT', '200')
  expect(String(bridged({}, { text: 'y'.repeat(1000) }).attributes.text).length).toBeLessThan(200)
})

test.each(['many', '-1', '1.5'])('a limit of %s is told, and is none', (text) => {
  vi.stubEnv('OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT', text)
  vi.stubEnv('OTEL_ATTRIBUTE_COUNT_LIMIT', '3')
  expect(Object.keys(bridged().attributes)).toEqual(['a', 'b', 'c'])
  expect(reports).toContain(
    `environment: OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: expected a whole number, 0 or more, got '${text}'; it is not used`,
  )
})

test('the batch settings of a processor are those of OTEL_BLRP_*, where options do not say otherwise', async () => {
  vi.stubEnv('OTEL_BLRP_MAX_EXPORT_BATCH_SIZE', '3')
  vi.stubEnv('OTEL_BLRP_MAX_QUEUE_SIZE', '7')
  vi.stubEnv('OTEL_BLRP_SCHEDULE_DELAY', '60000')
  vi.stubEnv('OTEL_BLRP_EXPORT_TIMEOUT', '50')
  const sizes: number[] = []
  let isSilent = false
  const exporter = {
    export(records: unknown[], callback: (result: { code: number }) => void) {
      sizes.push(records.length)
      if (!isSilent) callback({ code: 0 })
    },
    shutdown: async () => {},
  }
  const processor = new BufferedLogRecordProcessor({ exporter: exporter as never })
  const record = {
    hrTime: [1, 0],
    hrTimeObserved: [1, 0],
    attributes: {},
    droppedAttributesCount: 0,
    instrumentationScope: { name: 'a' },
    resource: {},
  }
  for (let i = 0; i < 9; i++) processor.onEmit(record as never)
  expect(await processor.flush()).toEqual({ delivered: 7, dropped: 2, undelivered: 0 })
  // The first batch was full, and the record that tells of the loss came with the second.
  expect(sizes).toEqual([3, 4, 1])
  isSilent = true
  processor.onEmit(record as never)
  await processor.close(200)
  expect(reports.some((line) => line.includes('did not answer within 50 ms'))).toBe(true)
})
