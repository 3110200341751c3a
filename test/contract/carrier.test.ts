// Suppression and the trace go along to threads and processes: whatever carries plain data carries them.

import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { type Context, context, createTraceState, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  areLogsSuppressed,
  createBridge,
  type SuppressionCarrier,
  suppressionCarrier,
  withLogsSuppressed,
  withSuppressionCarrier,
} from '../../src/index.ts'
import { succeed, TestExporter } from '../support/feedback.ts'
import { generation, LoggerProvider, simpleProcessor, useContextManager } from '../support/otel.ts'

const run = promisify(execFile)
const CHILD = new URL('../children/carrier.ts', import.meta.url)
const execArgv = ['--import', new URL('../children/internal-generation.ts', import.meta.url).href]
const generationEnv = { ...process.env, OTEL_GENERATION: String(generation) }

const SPAN: SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
  traceState: createTraceState('vendor=a1,other=b2'),
}
const IN_SPAN: Context = trace.setSpanContext(ROOT_CONTEXT, SPAN)
const { spanId } = SPAN

interface ChildReport {
  readonly records: readonly { readonly body: unknown; readonly spanId?: string }[]
  readonly span?: object
}

/** Ways of handing a carrier over. @returns what the other side tells. */
const ways: Record<string, (carrier: SuppressionCarrier, env?: object) => Promise<ChildReport>> = {
  async 'a worker, by workerData'(carrier, env) {
    const worker = new Worker(CHILD, { workerData: { carrier }, execArgv, env: { ...generationEnv, ...env } })
    const [report] = await once(worker, 'message')
    return report
  },
  async 'a worker, by postMessage'(carrier, env) {
    const worker = new Worker(CHILD, { execArgv, env: { ...generationEnv, ...env } })
    worker.postMessage(carrier)
    const [report] = await once(worker, 'message')
    return report
  },
  async 'a forked process, by a message'(carrier, env) {
    const child = fork(CHILD, { execArgv, env: { ...generationEnv, ...env } })
    child.send(carrier)
    const [report] = await once(child, 'message')
    child.disconnect()
    return report
  },
  async 'a spawned process, by a variable'(carrier, env) {
    const variables = { ...generationEnv, ...env, CARRIER: JSON.stringify(carrier) }
    const { stdout } = await run(process.execPath, [...execArgv, fileURLToPath(CHILD)], { env: variables })
    return JSON.parse(stdout)
  },
}

describe.each(Object.entries(ways))('%s', (_way, report) => {
  test('of an open scope in a span: its records are bridged, with that span as theirs', async () => {
    onTestFinished(useContextManager())
    const { records, span } = await report(context.with(IN_SPAN, suppressionCarrier))
    expect(records).toEqual([{ body: 'at once', spanId }, { body: 'after an await', spanId }, { body: 'outside' }])
    expect(span).toEqual({ ...SPAN, isRemote: true, traceState: 'vendor=a1,other=b2' })
  })

  test('of an exporter: nothing is bridged, and the span is kept', async () => {
    onTestFinished(useContextManager())
    const carriers: SuppressionCarrier[] = []
    const carrying = new TestExporter((batch, done) => {
      carriers.push(context.with(IN_SPAN, suppressionCarrier))
      succeed(batch, done)
    })
    createBridge({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(carrying)] }) }).emit({ body: 1 })
    const { records, span } = await report(carriers[0] as SuppressionCarrier)
    expect(records).toEqual([{ body: 'outside' }])
    expect(span).toMatchObject({ spanId, isRemote: true })
  })
})

test('without a context manager over there suppression holds, and there is no span', async () => {
  onTestFinished(useContextManager())
  const byVariable = ways['a spawned process, by a variable'] as (typeof ways)[string]
  const none = { CONTEXT_MANAGER: 'none' }
  const open = await byVariable(context.with(IN_SPAN, suppressionCarrier), none)
  expect(open).toEqual({ records: [{ body: 'at once' }, { body: 'after an await' }, { body: 'outside' }] })
  const suppressed = await byVariable(withLogsSuppressed(suppressionCarrier), none)
  expect(suppressed).toEqual({ records: [{ body: 'outside' }] })
})

describe('a carrier', () => {
  test('is plain data, and names nothing that there is not', () => {
    onTestFinished(useContextManager())
    expect(suppressionCarrier()).toEqual({ suppressed: false })
    const { traceState: _, ...span } = SPAN
    expect(context.with(trace.setSpanContext(ROOT_CONTEXT, span), suppressionCarrier)).toEqual({
      suppressed: false,
      ...span,
    })
    const whole = context.with(IN_SPAN, () => withLogsSuppressed(suppressionCarrier))
    expect(whole).toEqual({ suppressed: true, ...span, traceState: 'vendor=a1,other=b2' })
    expect(JSON.parse(JSON.stringify(whole))).toEqual(whole)
    expect(structuredClone(whole)).toEqual(whole)
  })

  test('of a span that is none says nothing of it', () => {
    onTestFinished(useContextManager())
    const invalid = { traceId: '0'.repeat(32), spanId, traceFlags: 1 }
    expect(context.with(trace.setSpanContext(ROOT_CONTEXT, invalid), suppressionCarrier)).toEqual({ suppressed: false })
  })

  test('without a span leaves the active one as it is', () => {
    onTestFinished(useContextManager())
    for (const suppressed of [true, false]) {
      context.with(IN_SPAN, () =>
        withSuppressionCarrier({ suppressed }, () => {
          expect(trace.getSpanContext(context.active())).toBe(SPAN)
          expect(areLogsSuppressed()).toBe(suppressed)
        }),
      )
    }
  })

  test('without flags is not sampled', () => {
    onTestFinished(useContextManager())
    const { traceId } = SPAN
    withSuppressionCarrier({ suppressed: false, traceId, spanId }, () => {
      expect(trace.getSpanContext(context.active())).toEqual({ traceId, spanId, traceFlags: 0, isRemote: true })
    })
  })

  const { traceId } = SPAN
  test.each<[string, unknown]>([
    ['a carrier that suppressionCarrier() made', undefined],
    ['a carrier that suppressionCarrier() made', null],
    ['a carrier that suppressionCarrier() made', '{"suppressed":true}'],
    ['a carrier that suppressionCarrier() made', [true]],
    ['a carrier that suppressionCarrier() made', { traceId, spanId }],
    ['a carrier that suppressionCarrier() made', { suppressed: 1 }],
    ['a valid traceId and spanId', { suppressed: true, traceId }],
    ['a valid traceId and spanId', { suppressed: true, spanId }],
    ['a valid traceId and spanId', { suppressed: true, traceId: 17, spanId }],
    ['a valid traceId and spanId', { suppressed: true, traceId: 'x'.repeat(32), spanId }],
    ['a valid traceId and spanId', { suppressed: true, traceId: '0'.repeat(32), spanId }],
    ['a valid traceId and spanId', { suppressed: true, traceId, spanId: spanId.slice(1) }],
    ['a whole number of 0 to 255', { suppressed: true, traceId, spanId, traceFlags: '01' }],
    ['a whole number of 0 to 255', { suppressed: true, traceId, spanId, traceFlags: 256 }],
    ['a whole number of 0 to 255', { suppressed: true, traceId, spanId, traceFlags: null }],
    ["a string of 'key=value' entries", { suppressed: true, traceId, spanId, traceState: {} }],
  ])('that is none is refused: expected %s, got %j', (expected, carrier) => {
    const given = carrier as SuppressionCarrier
    const fn = () => expect.unreachable()
    expect(() => withSuppressionCarrier(given, fn)).toThrow(TypeError)
    expect(() => withSuppressionCarrier(given, fn)).toThrow(`expected ${expected}`)
    expect(() => withSuppressionCarrier(given, fn)).toThrow(/^withSuppressionCarrier: .*got /)
  })
})
