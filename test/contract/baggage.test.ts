// Entries of the Baggage that was active where the app logged become attributes of its records.

import { type BaggageEntry, type Context, context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createBridge, setInternalLogSink } from '../../src/index.ts'
import { appKinds, TestExporter } from '../support/feedback.ts'
import { LoggerProvider, logs, simpleProcessor, useContextManager } from '../support/otel.ts'

let exporter: TestExporter
let loggerProvider: LoggerProvider

beforeEach(() => {
  onTestFinished(useContextManager())
  exporter = new TestExporter()
  loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
})

function withBaggage(entries: Record<string, string>, parent: Context = ROOT_CONTEXT): Context {
  const values: Record<string, BaggageEntry> = {}
  for (const [key, value] of Object.entries(entries)) values[key] = { value }
  return propagation.setBaggage(parent, propagation.createBaggage(values))
}

const attributes = () => exporter.records.map((record) => ({ ...record.attributes }))

describe.each(appKinds)('$name', (kind) => {
  test.each<[readonly string[], Record<string, string>]>([
    [['tenant'], { tenant: 'acme' }],
    [['tenant', 'absent'], { tenant: 'acme' }],
    [['user.*'], { 'user.id': '17', 'user.name': 'Ann' }],
    [['user.??'], { 'user.id': '17' }],
    [['*'], { tenant: 'acme', 'user.id': '17', 'user.name': 'Ann' }],
    [['USER.ID'], {}],
    [[], {}],
  ])('baggage: %j', (baggage, expected) => {
    const app = kind.start({ loggerProvider, baggage })
    const active = withBaggage({ tenant: 'acme', 'user.id': '17', 'user.name': 'Ann' })
    context.with(active, () => app.log('in', { own: 1 }))
    app.log('outside', { own: 1 })
    expect(attributes()).toEqual([{ own: 1, ...expected }, { own: 1 }])
  })

  test('without the option nothing is copied', () => {
    const app = kind.start({ loggerProvider })
    context.with(withBaggage({ tenant: 'acme' }), () => app.log('in'))
    expect(attributes()).toEqual([{}])
  })

  test('an attribute of the record’s own wins, and so does one of its logger', () => {
    const app = kind.start({ loggerProvider, baggage: ['*'], bindings: { region: 'own' } })
    context.with(withBaggage({ tenant: 'baggage', region: 'baggage', user: 'baggage' }), () => {
      app.log('in', { tenant: 'own' })
    })
    expect(attributes()).toEqual([{ region: 'own', tenant: 'own', user: 'baggage' }])
  })

  test('the limits hold', () => {
    const told: string[] = []
    setInternalLogSink(({ message }) => void told.push(message))
    onTestFinished(() => setInternalLogSink(undefined))
    const limits = { attributeCount: 3, attributeValueLength: 5 }
    const app = kind.start({ loggerProvider, baggage: ['*'], limits })
    context.with(withBaggage({ c: 'long enough', d: 'dropped' }), () => app.log('in', { a: 1, b: 2 }))
    expect(attributes()).toEqual([{ a: 1, b: 2, c: 'long ' }])
    expect(told).toEqual(['1 attributes of a record were dropped by its limits'])
  })

  test('however much baggage a request brings, a record stays within its bytes', () => {
    const app = kind.start({ loggerProvider, baggage: ['*'], limits: { recordBytes: 8192 } })
    context.with(withBaggage({ large: 'x'.repeat(1_000_000) }), () => app.log('in'))
    expect(JSON.stringify(attributes()).length).toBeLessThan(2048)
  })

  test('baggage names no span and no event', () => {
    const app = kind.start({ loggerProvider, baggage: ['*'] })
    const named = { trace_id: '1'.repeat(32), span_id: '2'.repeat(16), 'otel.event.name': 'forged' }
    context.with(withBaggage(named), () => app.log('in'))
    expect(attributes()).toEqual([named])
    expect(exporter.records[0]?.spanContext).toBeUndefined()
    expect(exporter.records[0]?.eventName).toBeUndefined()
  })

  test('a key that is none for an attribute keeps its value', () => {
    const app = kind.start({ loggerProvider, baggage: ['*'] })
    const baggage = propagation.createBaggage(JSON.parse('{"__proto__":{"value":"x"}}'))
    context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () => app.log('in'))
    expect(attributes()).toEqual([{ ___proto__: 'x' }])
  })

  test('a Baggage that throws costs its entries, not the record', () => {
    const told: string[] = []
    setInternalLogSink(({ message }) => void told.push(message))
    onTestFinished(() => setInternalLogSink(undefined))
    const app = kind.start({ loggerProvider, baggage: ['*'] })
    const baggage = propagation.createBaggage()
    baggage.getAllEntries = () => {
      throw new Error('no entries')
    }
    context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () => app.log('in', { own: 1 }))
    expect(exporter.bodies).toEqual(['in'])
    expect(attributes()).toEqual([{ own: 1 }])
    expect(told).toEqual(['a record is bridged without its baggage and code: Error: no entries'])
  })

  test('a record that waits for a provider keeps what was active', async () => {
    const app = kind.start({ baggage: ['tenant'] })
    context.with(withBaggage({ tenant: 'acme' }), () => app.log('early'))
    logs.setGlobalLoggerProvider(loggerProvider)
    onTestFinished(() => logs.disable())
    await app.flush()
    expect(attributes()).toEqual([{ tenant: 'acme' }])
  })
})

test('a Context given with the record is asked, not the active one', () => {
  const span = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }
  const given = withBaggage({ tenant: 'given' }, trace.setSpanContext(ROOT_CONTEXT, span))
  const bridge = createBridge({ loggerProvider, baggage: ['tenant'] })
  context.with(withBaggage({ tenant: 'active' }), () => bridge.emit({ body: 'x', context: given }))
  expect(attributes()).toEqual([{ tenant: 'given' }])
  expect(exporter.records[0]?.spanContext).toMatchObject(span)
})
