// docs/operations.md says what a MeterProvider of the SDK collects: each instrument with its unit, kind and attributes.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { metrics } from '@opentelemetry/api'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createBridge, setInternalLogSink } from '../src/index.ts'
import { BufferedLogRecordProcessor } from '../src/processor.ts'
import { WorkerLoggerProvider } from '../src/worker.ts'
import { until } from './support/feedback.ts'
import { type Point, startMeter } from './support/metrics.ts'
import { type OtlpReceiver, startOtlpReceiver } from './support/otlp-receiver.ts'

const text = await readFile(join(import.meta.dirname, '../docs/operations.md'), 'utf8')

interface Row {
  readonly unit: string
  readonly kind: string
  readonly attributes: readonly string[]
}

/** The rows of the tables of instruments. */
function documented(): Record<string, Row> {
  const rows = text.matchAll(/^\| `(otel\.[\w.]+)` \| `([^`]+)` \| (\w+) \|([^|]*)\|/gm)
  return Object.fromEntries(
    [...rows].map(([, name = '', unit = '', kind = '', attributes = '']) => [
      name,
      { unit, kind, attributes: [...attributes.matchAll(/`([^`]+)`/g)].map(([, key = '']) => key).sort() },
    ]),
  )
}

function collected(points: readonly Point[]): Record<string, Row> {
  const names = new Set(points.map(({ name }) => name))
  return Object.fromEntries(
    [...names].map((name) => {
      const ofName = points.filter((point) => point.name === name)
      const { unit = '', kind = '' } = ofName[0] ?? {}
      const attributes = new Set(ofName.flatMap((point) => Object.keys(point.attributes)))
      return [name, { unit, kind, attributes: [...attributes].sort() }]
    }),
  )
}

let receiver: OtlpReceiver
let points: readonly Point[]

beforeAll(async () => {
  receiver = await startOtlpReceiver()
  setInternalLogSink(() => {})
  for (const [name, value] of Object.entries(receiver.env)) vi.stubEnv(name, value)
  const meter = startMeter()
  // One pipeline of each kind, with a queue that overflows, an attempt that is made again and one that is refused.
  const answers = [503, 401]
  receiver.misbehaviour = (_request, response) => void response.writeHead(answers.shift() ?? 200).end()
  const provider = new WorkerLoggerProvider({ maxQueueSize: 2 })
  const processor = new BufferedLogRecordProcessor({
    exporter: { export: (_records, done) => done({ code: 0 }), async shutdown() {} },
  })
  const bridge = createBridge({ loggerProvider: provider })
  createBridge({ loggerProvider: new LoggerProvider({ processors: [processor] }) }).emit({ body: 'hello' })
  for (let i = 0; i < 5; i++) bridge.emit({ body: i })
  await provider.flush()
  bridge.emit({ body: 'accepted' })
  await provider.flush()
  await processor.flush()
  await until(() => answers.length === 0, 'both answers')
  points = await meter.collect()
  await provider.close()
  await processor.close()
  await meter.provider.shutdown()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  setInternalLogSink(undefined)
  metrics.disable()
  await receiver.close()
})

test('the tables of instruments are what is collected', () => {
  const sorted = (rows: Record<string, Row>) => Object.fromEntries(Object.entries(rows).sort())
  expect(sorted(documented())).toEqual(sorted(collected(points)))
})

test('the components are named as the table says', () => {
  for (const { attributes } of points) {
    const name = attributes['otel.component.name']
    if (name === undefined) continue
    expect(text).toContain(`\`${attributes['otel.component.type']}\``)
    expect(name).toMatch(/^(otlp_http_json_log_exporter\/)?(WorkerLoggerProvider|BufferedLogRecordProcessor)\/0$/)
  }
})

test('each alert is about instruments of the tables', () => {
  const names = Object.keys(documented())
  const alerts = text.slice(text.indexOf('## Alerts'), text.indexOf('## Diagnostics channels'))
  const used = [...alerts.matchAll(/`(otel\.[\w.]+)`/g)].map(([, name = '']) => name)
  expect(used.length).toBeGreaterThan(5)
  expect(used.filter((name) => !names.includes(name) && name !== 'otel.log_bridge.reason')).toEqual([])
})
