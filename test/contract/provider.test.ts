// Contract rule 8: the provider is the one injected, or the global one of either API generation, whenever it is
// registered; until then the newest records wait.

import { createRequire } from 'node:module'
import { context, type SpanContext, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  bridgeStats,
  createBridge,
  type InternalLogEntry,
  setInternalLogSink,
  withLogsSuppressed,
  withLogsUnsuppressed,
} from '../../src/index.ts'
import { runChild } from '../children/internal-spawn.ts'
import { type App, appKinds, settle, succeed, TestExporter, until } from '../support/feedback.ts'
import {
  generation,
  LoggerProvider,
  logs,
  simpleProcessor,
  TracerProvider,
  useContextManager,
} from '../support/otel.ts'

let exporter: TestExporter
let loggerProvider: LoggerProvider
let told: InternalLogEntry[]

beforeEach(() => {
  exporter = new TestExporter()
  loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
  told = []
  setInternalLogSink((entry) => void told.push(entry))
})

afterEach(() => {
  logs.disable()
  setInternalLogSink(undefined)
})

const millisOf = ([seconds, nanoseconds]: readonly [number, number]) => seconds * 1e3 + nanoseconds / 1e6

describe.each(appKinds)('$name', (kind) => {
  let app: App

  function start(options?: Parameters<typeof kind.start>[0]): void {
    app = kind.start(options)
    onTestFinished(() => app.close())
  }

  test('records before the provider arrive in order, with their own times and traces', async () => {
    onTestFinished(useContextManager())
    const tracer = new TracerProvider().getTracer('test')
    start()
    const spans: SpanContext[] = []
    const from = Date.now()
    for (let i = 0; i < 3; i++) {
      const span = tracer.startSpan(`request ${i}`, { root: true })
      spans.push(span.spanContext())
      context.with(trace.setSpan(context.active(), span), () => app.log(`record ${i}`))
      await settle(5)
    }
    const to = Date.now()
    await settle(20)
    logs.setGlobalLoggerProvider(loggerProvider)
    await until(() => exporter.bodies.length === 3, 'the replay')

    expect(exporter.bodies).toEqual(['record 0', 'record 1', 'record 2'])
    expect(exporter.records.map(({ spanContext }) => spanContext)).toMatchObject(spans)
    for (const times of [exporter.records.map((r) => r.hrTime), exporter.records.map((r) => r.hrTimeObserved)]) {
      const millis = times.map(millisOf)
      expect(millis).toEqual([...millis].sort((a, b) => a - b))
      expect(millis[0]).toBeGreaterThanOrEqual(from)
      expect(millis[1]).toBeGreaterThanOrEqual((millis[0] ?? 0) + 4)
      expect(millis[2]).toBeLessThanOrEqual(to)
    }
    expect(app.stats()).toMatchObject({ seen: 3, emitted: 3, pending: 0 })
  })

  test('records before the provider arrive before the record that finds it', () => {
    start()
    app.log('first')
    app.log('second')
    expect(app.stats().pending).toBe(2)
    logs.setGlobalLoggerProvider(loggerProvider)
    app.log('third')
    expect(exporter.bodies).toEqual(['first', 'second', 'third'])
    expect(app.stats().pending).toBe(0)
  })

  test('flush() emits what waits', async () => {
    start()
    app.log('first')
    logs.setGlobalLoggerProvider(loggerProvider)
    await app.flush()
    expect(exporter.bodies).toEqual(['first'])
  })

  test('what waits is what was logged, whatever becomes of it since', () => {
    start()
    const fields = { list: [1], nested: { a: 1 } }
    app.log('first', fields)
    fields.list.push(2)
    fields.nested.a = 2
    logs.setGlobalLoggerProvider(loggerProvider)
    app.log('second')
    expect(exporter.records[0]?.attributes).toMatchObject({ list: [1], nested: { a: 1 } })
  })

  test('of more than replayLimit the newest are kept, the others counted and reported', () => {
    start({ replayLimit: 5 })
    for (let i = 0; i < 8; i++) app.log(`record ${i}`)
    expect(app.stats()).toMatchObject({ seen: 8, pending: 5, dropped: { overflow: 3 } })
    expect(told.some(({ message }) => message.includes('more than 5 records wait'))).toBe(true)
    logs.setGlobalLoggerProvider(loggerProvider)
    app.log('record 8')
    expect(exporter.bodies).toEqual([3, 4, 5, 6, 7, 8].map((i) => `record ${i}`))
    expect(app.stats()).toMatchObject({ seen: 9, emitted: 6, pending: 0, dropped: { overflow: 3 } })
  })

  test('a provider registered anew, after the shutdown of the first', async () => {
    start()
    logs.setGlobalLoggerProvider(loggerProvider)
    app.log('to the first')
    await loggerProvider.shutdown()
    logs.disable()
    app.log('meanwhile')
    expect(app.stats().pending).toBe(1)

    const next = new TestExporter()
    logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [simpleProcessor(next)] }))
    app.log('to the second')
    expect(exporter.bodies).toEqual(['to the first'])
    expect(next.bodies).toEqual(['meanwhile', 'to the second'])

    // Without a record in between: no logger of the old provider may be left.
    logs.disable()
    const last = new TestExporter()
    logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [simpleProcessor(last)] }))
    app.log('to the third')
    expect(next.bodies).toEqual(['meanwhile', 'to the second'])
    expect(last.bodies).toEqual(['to the third'])
  })

  test('logs.getLoggerProvider() from before the registration, injected', () => {
    start({ loggerProvider: logs.getLoggerProvider() })
    app.log('first')
    expect(app.stats()).toMatchObject({ emitted: 0, pending: 1 })
    logs.setGlobalLoggerProvider(loggerProvider)
    app.log('second')
    expect(exporter.bodies).toEqual(['first', 'second'])
  })

  test('an injected provider is used, not the global one, and never shut down', async () => {
    const global = new TestExporter()
    logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [simpleProcessor(global)] }))
    const shutdown = vi.spyOn(loggerProvider, 'shutdown')
    start({ loggerProvider })
    app.log('first')
    await app.close()
    expect(global.bodies).toEqual([])
    expect(exporter.bodies).toEqual(['first'])
    expect(shutdown).not.toHaveBeenCalled()
    loggerProvider.getLogger('the app’s own').emit({ body: 'still open' })
    expect(exporter.bodies).toEqual(['first', 'still open'])
  })

  test('the global provider is not shut down by close() either', async () => {
    logs.setGlobalLoggerProvider(loggerProvider)
    const shutdown = vi.spyOn(loggerProvider, 'shutdown')
    start()
    app.log('first')
    await app.close()
    expect(shutdown).not.toHaveBeenCalled()
  })

  test('what a replay causes is not bridged, and what waits is not lost in it', async () => {
    const looping = new TestExporter((batch, done) => {
      app.log('caused by a replay')
      setImmediate(() => {
        app.log('caused by a replay')
        done({ code: 0 })
      })
      succeed(batch, () => {})
    })
    start()
    for (let i = 0; i < 20; i++) app.log(`record ${i}`)
    logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [simpleProcessor(looping)] }))
    await until(() => looping.finished === 20, 'the replay')
    await settle()
    expect(looping.bodies).toEqual(Array.from({ length: 20 }, (_, i) => `record ${i}`))
    expect(app.stats().dropped.reentrant).toBe(40)
  })

  test('what waits is not suppressed by the place that flushes', async () => {
    start()
    app.log('first')
    logs.setGlobalLoggerProvider(loggerProvider)
    await withLogsSuppressed(() => app.flush())
    expect(exporter.bodies).toEqual(['first'])
  })

  test.each([1, 5])('a registration by code of the app, %i exports deep', async (exports) => {
    const late = kind.start()
    onTestFinished(() => late.close())
    late.log('first')
    const nesting = new TestExporter((batch, done) => {
      withLogsUnsuppressed(() => {
        if (nesting.started < exports) app.log('deeper')
        else {
          logs.setGlobalLoggerProvider(loggerProvider)
          void late.flush()
        }
      })
      succeed(batch, done)
    })
    start({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(nesting)] }) })
    app.log('an export begins')
    expect(nesting.started).toBe(exports)
    await late.flush()
    expect(exporter.bodies).toEqual(['first'])
    expect(late.stats()).toMatchObject({ seen: 1, emitted: 1 })
  })

  test('close() while records wait drops them, and says so', async () => {
    start()
    app.log('first')
    app.log('second')
    const entries = told.length
    await app.close()
    expect(app.stats()).toMatchObject({ seen: 2, pending: 0, dropped: { overflow: 2 } })
    expect(told.slice(entries).map(({ message }) => message)).toEqual([expect.stringContaining('2 records')])
  })
})

test('a provider of the other API generation, beside the API of this one', async () => {
  const fixture = new URL('../fixtures/sdk2/package.json', import.meta.url)
  const [path, name] = generation === 3 ? [fixture, '@opentelemetry/api-logs'] : [import.meta.url, '@opentelemetry/api']
  const other = createRequire(path)(name) as {
    logs: { setGlobalLoggerProvider(provider: unknown): unknown; disable(): void }
  }
  // An API refuses the globals of another version.
  const globals = globalThis as Record<symbol, unknown>
  const key = Symbol.for('opentelemetry.js.api.1')
  const own = globals[key]
  if (generation === 2) delete globals[key]
  const bridge = createBridge()
  try {
    bridge.emit({ body: 'first' })
    other.logs.setGlobalLoggerProvider(loggerProvider)
    bridge.emit({ body: 'second' })
    expect(exporter.bodies).toEqual(['first', 'second'])
  } finally {
    await bridge.close()
    other.logs.disable()
    if (generation === 2) globals[key] = own
  }
})

describe('while records wait', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
  })

  const noProvider = () => told.filter(({ kind }) => kind === 'no-provider').map(({ message }) => message)

  test('after 10 s one line says so, and what to do', () => {
    const bridges = [createBridge(), createBridge()]
    for (const bridge of bridges) onTestFinished(() => bridge.close())
    bridges[0]?.emit({ body: 1 })
    bridges[1]?.emit({ body: 2 })
    bridges[1]?.emit({ body: 3 })
    vi.advanceTimersByTime(9_900)
    expect(noProvider()).toEqual([])
    vi.advanceTimersByTime(200)
    expect(noProvider().length).toBe(1)
    expect(noProvider()[0]).toMatch(/^3 records wait for a LoggerProvider/)
    expect(noProvider()[0]).toContain('setGlobalLoggerProvider')
    expect(noProvider()[0]).toContain("'loggerProvider'")
    vi.advanceTimersByTime(120_000)
    expect(noProvider().length).toBe(1)
    // They are not given up.
    logs.setGlobalLoggerProvider(loggerProvider)
    vi.advanceTimersByTime(1000)
    expect([...exporter.bodies].sort()).toEqual([1, 2, 3])
  })

  test('a provider in time makes no line', () => {
    const bridge = createBridge()
    bridge.emit({ body: 1 })
    vi.advanceTimersByTime(9_000)
    logs.setGlobalLoggerProvider(loggerProvider)
    vi.advanceTimersByTime(60_000)
    expect(noProvider()).toEqual([])
    expect(exporter.bodies).toEqual([1])
  })

  test('nothing is left behind once they are replayed', () => {
    // What the internal logger holds for its rate limit is not meant.
    vi.advanceTimersByTime(60_000)
    const before = { timers: vi.getTimerCount(), listeners: process.listenerCount('exit') }
    const bridges = Array.from({ length: 20 }, () => createBridge())
    for (const bridge of bridges) bridge.emit({ body: 1 })
    expect(vi.getTimerCount()).toBeGreaterThan(before.timers)
    expect(process.listenerCount('exit')).toBeLessThanOrEqual(before.listeners + 1)
    logs.setGlobalLoggerProvider(loggerProvider)
    vi.advanceTimersByTime(1000)
    expect(exporter.bodies.length).toBe(20)
    expect({ timers: vi.getTimerCount(), listeners: process.listenerCount('exit') }).toEqual(before)
  })

  test('nothing is left behind by a bridge that is closed', async () => {
    const before = process.listenerCount('exit')
    const bridge = createBridge()
    bridge.emit({ body: 1 })
    await bridge.close()
    vi.advanceTimersByTime(60_000)
    expect(vi.getTimerCount()).toBe(0)
    expect(process.listenerCount('exit')).toBe(before)
  })

  test('a bridge that has no records waiting holds nothing', () => {
    const before = vi.getTimerCount()
    createBridge()
    createBridge({ replayLimit: 0 }).emit({ body: 1 })
    expect(vi.getTimerCount() - before).toBeLessThanOrEqual(1)
    vi.advanceTimersByTime(60_000)
    expect(vi.getTimerCount()).toBe(0)
    expect(noProvider()).toEqual([])
  })
})

describe('a process that ends while records wait', () => {
  const line = /^otel-log-bridge warn \[no-provider\] 2 records wait for a LoggerProvider/

  test('ends at once, and one line says so', async () => {
    const { code, stderr, milliseconds } = await runChild('internal-waiting', 'ends')
    expect(code).toBe(0)
    expect(milliseconds).toBeLessThan(8_000)
    expect(stderr).toMatch(line)
    expect(stderr.trimEnd().split('\n').length).toBe(1)
  })

  test('process.exit() keeps its code, and one line says so', async () => {
    const { code, stderr } = await runChild('internal-waiting', 'exits')
    expect(code).toBe(7)
    expect(stderr).toMatch(line)
    expect(stderr.trimEnd().split('\n').length).toBe(1)
  })

  test('an uncaught exception is the app’s own, and one line says so', async () => {
    const { code, stderr } = await runChild('internal-waiting', 'throws')
    expect(code).toBe(1)
    expect(stderr).toContain('the app failed')
    expect(stderr.split('\n').filter((text) => line.test(text)).length).toBe(1)
  })

  test.each(['registers and exits', 'registers in an exit listener'])('one that %s loses nothing', async (how) => {
    const { stdout, stderr } = await runChild('internal-waiting', how)
    expect(stdout).toBe('exported first\nexported second\n')
    expect(stderr).toBe('')
  })

  test('one that closes the bridge has its line already', async () => {
    const { stderr } = await runChild('internal-waiting', 'closes')
    expect(stderr).toMatch(/^otel-log-bridge warn \[no-provider\] 2 records/)
    expect(stderr.trimEnd().split('\n').length).toBe(1)
  })
})

test('the default keeps 1000, and replayLimit: 0 none', async () => {
  const bridge = createBridge()
  const none = createBridge({ replayLimit: 0 })
  for (let i = 0; i < 1003; i++) {
    bridge.emit({ body: i })
    none.emit({ body: i })
  }
  expect(bridge.stats()).toMatchObject({ pending: 1000, dropped: { overflow: 3 } })
  expect(none.stats()).toMatchObject({ pending: 0, dropped: { overflow: 1003 } })
  logs.setGlobalLoggerProvider(loggerProvider)
  await bridge.flush()
  expect(exporter.bodies).toEqual(Array.from({ length: 1000 }, (_, i) => i + 3))
})

test('pending counts what waits, for the whole process', () => {
  const before = bridgeStats().pending
  const bridges = [createBridge(), createBridge()]
  for (const bridge of bridges) onTestFinished(() => bridge.close())
  for (const bridge of bridges) bridge.emit({ body: 1 })
  expect(bridgeStats().pending).toBe(before + 2)
  logs.setGlobalLoggerProvider(loggerProvider)
  for (const bridge of bridges) bridge.emit({ body: 2 })
  expect(bridgeStats().pending).toBe(before)
})
