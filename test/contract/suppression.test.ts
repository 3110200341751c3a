// Contract rule 3: nothing logged in a suppressed scope, or in anything that it starts, is bridged.

import { EventEmitter } from 'node:events'
import { type Context, context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { isTracingSuppressed, suppressTracing, unsuppressTracing } from '@opentelemetry/core'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  areLogsSuppressed,
  createBridge,
  suppressedExporter,
  suppressionCarrier,
  suppressLogs,
  unsuppressLogs,
  withLogsSuppressed,
  withLogsUnsuppressed,
  withSuppressionCarrier,
} from '../../src/index.ts'
import { type App, appKinds, fail, settle, succeed, TestExporter, until } from '../support/feedback.ts'
import { batchProcessor, LoggerProvider, simpleProcessor, useContextManager } from '../support/otel.ts'

let exporter: TestExporter
let loggerProvider: LoggerProvider

beforeEach(() => {
  exporter = new TestExporter()
  loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
})

/** Ways in which a scope goes on after its function has returned. */
const continuations: Record<string, (fn: () => void) => void> = {
  'at once': (fn) => fn(),
  'in a promise': (fn) => void Promise.resolve().then(fn),
  'after awaits': async (fn) => {
    await null
    await new Promise((resolve) => setImmediate(resolve))
    fn()
  },
  'in a microtask': (fn) => queueMicrotask(fn),
  'in the next tick': (fn) => process.nextTick(fn),
  'in a timer': (fn) => void setTimeout(fn, 1),
  'in an immediate': (fn) => void setImmediate(fn),
  'in an interval': (fn) => {
    const interval = setInterval(() => {
      clearInterval(interval)
      fn()
    }, 1)
  },
}

describe.each(appKinds)('$name', (kind) => {
  describe.each(['with', 'without'])('%s a context manager', (contextManager) => {
    let app: App

    beforeEach(() => {
      if (contextManager === 'with') onTestFinished(useContextManager())
      app = kind.start({ loggerProvider })
    })

    test.each(Object.entries(continuations))('withLogsSuppressed holds %s', async (_name, go) => {
      withLogsSuppressed(() => go(() => app.log('suppressed')))
      app.log('outside')
      await until(() => app.lines.length === 2, 'both records')
      expect(exporter.bodies).toEqual(['outside'])
      expect(app.stats()).toMatchObject({ emitted: 1, dropped: { suppressed: 1 } })
    })

    test.each(Object.entries(continuations))('withLogsUnsuppressed lifts it %s', async (_name, go) => {
      withLogsSuppressed(() => withLogsUnsuppressed(() => go(() => app.log('lifted'))))
      await until(() => app.lines.length === 1, 'the record')
      expect(exporter.bodies).toEqual(['lifted'])
    })

    test('the innermost of nested scopes decides', () => {
      withLogsSuppressed(() => {
        app.log('no 1')
        withLogsUnsuppressed(() => {
          app.log('yes 1')
          withLogsSuppressed(() => {
            withLogsSuppressed(() => app.log('no 2'))
            app.log('no 3')
          })
          app.log('yes 2')
        })
        app.log('no 4')
      })
      app.log('yes 3')
      expect(exporter.bodies).toEqual(['yes 1', 'yes 2', 'yes 3'])
      expect(app.lines.length).toBe(7)
    })

    test('a scope ends with what it throws', () => {
      const error = new Error('thrown inside')
      for (const scope of [withLogsSuppressed, withLogsUnsuppressed]) {
        expect(() =>
          scope(() => {
            throw error
          }),
        ).toThrow(error)
      }
      app.log('outside')
      expect(exporter.bodies).toEqual(['outside'])
    })

    test('a listener belongs to the scope that emits the event', () => {
      const emitter = new EventEmitter()
      emitter.on('event', () => app.log('heard'))
      withLogsSuppressed(() => emitter.emit('event'))
      expect(exporter.bodies).toEqual([])
      emitter.emit('event')
      expect(exporter.bodies).toEqual(['heard'])
    })

    test('an exporter that lets the app log: each record’s own export does so again, 4 times', async () => {
      for (const [way, go] of Object.entries(continuations)) {
        const looping = new TestExporter((batch, done) => {
          withLogsUnsuppressed(() => go(() => loop.log(`${batch[0]?.body}+`)))
          succeed(batch, done)
        })
        const loop = kind.start({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(looping)] }) })
        loop.log('first')
        await until(() => loop.lines.length === 6, `the deepest record, ${way}`)
        await settle()
        expect(looping.bodies, way).toEqual(['first', 'first+', 'first++', 'first+++', 'first++++'])
        expect(loop.stats(), way).toMatchObject({ seen: 6, emitted: 5, dropped: { reentrant: 1 } })
      }
    })

    test('an exporter that lets the app log at each export of a batch gains no speed by it', async () => {
      const looping = new TestExporter((_batch, done) => {
        withLogsUnsuppressed(() => loop.log('an export'))
        setImmediate(() => done({ code: 0 }))
      })
      const loop = kind.start({ loggerProvider: new LoggerProvider({ processors: [batchProcessor(looping, 1)] }) })
      loop.log('first')
      await until(() => looping.started === 20, '20 exports')
      expect(looping.records.length).toBe(20)
      await loop.close()
      await settle()
      expect(looping.records.length).toBeLessThanOrEqual(looping.started)
      const { started } = looping
      await settle()
      expect(looping.started).toBe(started)
    })
  })

  describe('a Context', () => {
    let app: App

    beforeEach(() => {
      onTestFinished(useContextManager())
      app = kind.start({ loggerProvider })
    })

    test('of suppressLogs', async () => {
      await context.with(suppressLogs(context.active()), async () => {
        app.log('no 1')
        await settle(1)
        app.log('no 2')
        context.with(unsuppressLogs(context.active()), () => app.log('yes 1'))
        withLogsUnsuppressed(() => app.log('yes 2'))
        app.log('no 3')
      })
      app.log('yes 3')
      expect(exporter.bodies).toEqual(['yes 1', 'yes 2', 'yes 3'])
      expect(app.stats().dropped.suppressed).toBe(3)
    })

    test('of suppressTracing', () => {
      context.with(suppressTracing(context.active()), () => {
        app.log('no')
        context.with(unsuppressTracing(context.active()), () => app.log('yes 1'))
        context.with(unsuppressLogs(context.active()), () => {
          app.log('yes 2')
          expect(isTracingSuppressed(context.active())).toBe(true)
        })
        withLogsUnsuppressed(() => {
          app.log('yes 3')
          expect(isTracingSuppressed(context.active())).toBe(true)
        })
      })
      expect(exporter.bodies).toEqual(['yes 1', 'yes 2', 'yes 3'])
    })

    test('of suppressTracing inside unsuppressLogs does not bring suppression back', () => {
      const active = suppressTracing(unsuppressLogs(suppressTracing(context.active())))
      context.with(active, () => app.log('yes'))
      expect(exporter.bodies).toEqual(['yes'])
    })

    test('of suppressTracing, with honorSuppressTracing: false', () => {
      const deaf = kind.start({ loggerProvider, honorSuppressTracing: false })
      context.with(suppressTracing(context.active()), () => {
        deaf.log('yes')
        context.with(suppressLogs(context.active()), () => deaf.log('no 1'))
        withLogsSuppressed(() => deaf.log('no 2'))
      })
      expect(exporter.bodies).toEqual(['yes'])
    })

    test('does not open a scope that is suppressed', () => {
      withLogsSuppressed(() => context.with(unsuppressLogs(context.active()), () => app.log('no')))
      expect(exporter.bodies).toEqual([])
    })
  })
})

test('a Context given with the record decides without a context manager', () => {
  const bridge = createBridge({ loggerProvider })
  bridge.emit({ body: 'no 1', context: suppressLogs(ROOT_CONTEXT) })
  bridge.emit({ body: 'no 2', context: suppressTracing(ROOT_CONTEXT) })
  const spanContext = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }
  bridge.emit({ body: 'yes', context: trace.setSpanContext(ROOT_CONTEXT, spanContext) })
  expect(exporter.bodies).toEqual(['yes'])
  expect(exporter.records[0]?.spanContext).toMatchObject(spanContext)
  expect(bridge.enabled({ context: suppressLogs(ROOT_CONTEXT) })).toBe(false)
  expect(bridge.enabled({ context: ROOT_CONTEXT })).toBe(true)
})

describe('areLogsSuppressed', () => {
  test('says what would become of a record logged here', () => {
    onTestFinished(useContextManager())
    expect(areLogsSuppressed()).toBe(false)
    withLogsSuppressed(() => {
      expect(areLogsSuppressed()).toBe(true)
      withLogsUnsuppressed(() => expect(areLogsSuppressed()).toBe(false))
    })
    context.with(suppressLogs(context.active()), () => expect(areLogsSuppressed()).toBe(true))
    context.with(suppressTracing(context.active()), () => expect(areLogsSuppressed()).toBe(true))
    expect(areLogsSuppressed()).toBe(false)
  })

  test('is true inside an export, until the app’s way out goes too deep', async () => {
    const seen: boolean[] = []
    const looping = new TestExporter((batch, done) => {
      seen.push(areLogsSuppressed())
      withLogsUnsuppressed(() => {
        seen.push(areLogsSuppressed())
        bridge.emit({ body: 'again' })
      })
      succeed(batch, done)
    })
    const bridge = createBridge({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(looping)] }) })
    bridge.emit({ body: 'first' })
    expect(looping.bodies.length).toBe(5)
    expect(seen).toEqual([true, false, true, false, true, false, true, false, true, true])
  })

  test('tells of a given Context alone', () => {
    const other = ROOT_CONTEXT.setValue(createContextKey('other'), 1)
    withLogsSuppressed(() => expect(areLogsSuppressed(other)).toBe(false))
    expect(areLogsSuppressed(suppressLogs(other))).toBe(true)
    expect(areLogsSuppressed(unsuppressLogs(suppressLogs(other)))).toBe(false)
    expect(areLogsSuppressed(suppressTracing(other))).toBe(true)
    expect(areLogsSuppressed(unsuppressLogs(suppressTracing(other)))).toBe(false)
  })
})

test('what scopes return is passed on', async () => {
  expect(withLogsSuppressed(() => 1)).toBe(1)
  expect(withLogsUnsuppressed(() => 2)).toBe(2)
  await expect(withLogsSuppressed(async () => 3)).resolves.toBe(3)
  await expect(withLogsSuppressed(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(withSuppressionCarrier({ suppressed: true }, () => 4)).toBe(4)
  expect(withSuppressionCarrier({ suppressed: false }, () => 5)).toBe(5)
})

test('wrong arguments are named', () => {
  const wrong = 'no function' as unknown as () => void
  expect(() => withLogsSuppressed(wrong)).toThrow("withLogsSuppressed: expected a function, got 'no function'")
  expect(() => withLogsUnsuppressed(wrong)).toThrow("withLogsUnsuppressed: expected a function, got 'no function'")
  expect(() => withSuppressionCarrier({ suppressed: true }, wrong)).toThrow(
    "withSuppressionCarrier: expected a function, got 'no function'",
  )
  for (const carrier of [undefined, null, 'suppressed', { suppressed: 'yes' }] as unknown as {
    suppressed: boolean
  }[]) {
    expect(() => withSuppressionCarrier(carrier, () => 1)).toThrow(/^withSuppressionCarrier: expected .*carrier/)
  }
  for (const none of [undefined, null, 'exporter'] as unknown as object[]) {
    expect(() => suppressedExporter(none)).toThrow(/^suppressedExporter: expected an exporter, got/)
  }
})

describe('a carrier', () => {
  test('a carrier survives JSON', () => {
    const carrier = JSON.parse(JSON.stringify(withLogsSuppressed(suppressionCarrier)))
    const bridge = createBridge({ loggerProvider })
    withSuppressionCarrier(carrier, () => bridge.emit({ body: 'no' }))
    expect(exporter.bodies).toEqual([])
  })

  test('a carrier of an open scope does not open a suppressed one', () => {
    const carrier = suppressionCarrier()
    const bridge = createBridge({ loggerProvider })
    withLogsSuppressed(() => withSuppressionCarrier(carrier, () => bridge.emit({ body: 'no' })))
    expect(exporter.bodies).toEqual([])
  })
})

describe('suppressedExporter', () => {
  let log: (body: string) => void

  beforeEach(() => {
    const bridge = createBridge({ loggerProvider })
    log = (body) => bridge.emit({ body })
  })

  /** As the OTLP exporters of spans, metrics and logs are: state in private fields, work behind awaits. */
  class ChattyExporter {
    readonly #batches: unknown[][] = []
    readonly callback: boolean
    failing = false

    constructor(callback: boolean) {
      this.callback = callback
    }

    get batches(): number {
      log('in a getter of the exporter’s own')
      return this.#batches.length
    }

    export(batch: unknown[], done?: (result: { code: number; error?: Error }) => void): Promise<void> | undefined {
      log('sending')
      const sent = this.#send(batch)
      if (!this.callback) return sent
      sent.then(
        () => done?.({ code: 0 }),
        (error: Error) => done?.({ code: 1, error }),
      )
      return undefined
    }

    async forceFlush(): Promise<void> {
      log('flushing')
      await settle(1)
      log('flushed')
    }

    async shutdown(): Promise<void> {
      log('shutting down')
      await settle(1)
      log('shut down')
    }

    selectAggregationTemporality(): number {
      log('asked for the temporality')
      return 1
    }

    async #send(batch: unknown[]): Promise<void> {
      await settle(1)
      log('sent')
      this.#batches.push(batch)
      if (this.failing) throw new Error('the collector is gone')
    }
  }

  describe.each(['callback', 'promise'])('%s form', (form) => {
    test.each(['healthy', 'failing'])('nothing that a %s exporter logs is bridged', async (health) => {
      const original = new ChattyExporter(form === 'callback')
      const wrapped = suppressedExporter(original)
      wrapped.failing = health === 'failing'
      const result = await new Promise((resolve) => {
        const promise = wrapped.export([1], resolve)
        promise?.then(
          () => resolve({ code: 0 }),
          (error) => resolve({ code: 1, error }),
        )
      })
      expect(result).toMatchObject({ code: health === 'failing' ? 1 : 0 })
      await wrapped.forceFlush()
      expect(wrapped.selectAggregationTemporality()).toBe(1)
      await wrapped.shutdown()
      expect(exporter.bodies).toEqual([])
      expect(original.failing).toBe(health === 'failing')
    })
  })

  test('the app that awaits it stays unsuppressed', async () => {
    const wrapped = suppressedExporter(new ChattyExporter(false))
    await wrapped.export([1])
    log('the app goes on')
    expect(exporter.bodies).toEqual(['the app goes on'])
  })

  test('what reads like the exporter: class, fields, getters, methods, names', () => {
    const original = Object.assign(new ChattyExporter(true), { extra: { nested: true } })
    const wrapped = suppressedExporter(original)
    expect(wrapped).toBeInstanceOf(ChattyExporter)
    expect(wrapped.constructor).toBe(ChattyExporter)
    expect(wrapped.extra).toBe(original.extra)
    expect(wrapped.export).toBe(wrapped.export)
    expect('forceFlush' in wrapped).toBe(true)
    expect('absent' in wrapped).toBe(false)
    expect(wrapped.batches).toBe(0)
    wrapped.failing = true
    expect(original.failing).toBe(true)
  })

  test('a getter of the exporter runs suppressed', () => {
    expect(suppressedExporter(new ChattyExporter(true)).batches).toBe(0)
    expect(exporter.bodies).toEqual([])
  })

  test('a frozen exporter', async () => {
    const frozen = Object.freeze({
      async export(): Promise<void> {
        log('sending')
      },
      forceFlush: () => {
        log('flushing')
        return Promise.resolve()
      },
    })
    const wrapped = suppressedExporter(frozen)
    await wrapped.export()
    await wrapped.forceFlush()
    expect(exporter.bodies).toEqual([])
  })

  test('a method that the exporter gets later, and one that a test replaces', () => {
    const original: { export: () => string; extra?: () => string } = { export: () => 'first' }
    const wrapped = suppressedExporter(original)
    expect(wrapped.export()).toBe('first')
    original.export = () => {
      log('second')
      return 'second'
    }
    expect(wrapped.export()).toBe('second')
    wrapped.extra = () => {
      log('extra')
      return 'extra'
    }
    expect(wrapped.extra()).toBe('extra')
    expect(exporter.bodies).toEqual([])
  })

  test('what a method throws is thrown on', () => {
    const wrapped = suppressedExporter({
      export: () => {
        throw new Error('broken')
      },
    })
    expect(() => wrapped.export()).toThrow('broken')
  })

  test('wrapped twice works as wrapped once', async () => {
    const wrapped = suppressedExporter(suppressedExporter(new ChattyExporter(false)))
    await wrapped.export([1])
    expect(exporter.bodies).toEqual([])
    expect(wrapped.batches).toBe(1)
  })

  describe.each(appKinds)('in the app’s own log pipeline, with $name', (kind) => {
    test.each(['healthy', 'failing'])('a %s exporter that logs, fed by the OTel API itself', async (health) => {
      const chatty = new TestExporter(async (batch, done) => {
        app.log('sending')
        await settle(1)
        app.log('sent')
        if (health === 'failing') fail(batch, done)
        else done({ code: 0 })
      })
      const provider = new LoggerProvider({ processors: [batchProcessor(suppressedExporter(chatty), 1)] })
      const app = kind.start({ loggerProvider: provider })
      const logger = provider.getLogger('the app’s own')
      for (let i = 0; i < 20; i++) {
        logger.emit({ body: `record ${i}` })
        await until(() => chatty.finished > i, 'the export')
        await provider.forceFlush()
      }
      await settle()
      expect(chatty.bodies).toEqual(Array.from({ length: 20 }, (_, i) => `record ${i}`))
      expect(app.lines.length).toBeGreaterThanOrEqual(40)
    })
  })
})

test('keys are those of every copy of the package and of OTel’s core', () => {
  const key = Symbol.for('otel-log-bridge SUPPRESS_LOGS') as unknown as Parameters<Context['getValue']>[0]
  expect(suppressLogs(ROOT_CONTEXT).getValue(key)).toBe(true)
})
