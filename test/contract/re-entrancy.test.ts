// Contract rule 1: from the moment a record is handed to Logger.emit, and in everything that this call starts, nothing
// that is logged is bridged.

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DiagLogLevel, diag } from '@opentelemetry/api'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type LoggerProvider as AnyLoggerProvider, type BridgeStats, withLogsSuppressed } from '../../src/index.ts'
import { runChild } from '../children/internal-spawn.ts'
import {
  type App,
  appKinds,
  type ExportBehaviour,
  fail,
  loggerKinds,
  routeDiag,
  settle,
  succeed,
  TestExporter,
  until,
} from '../support/feedback.ts'
import { batchProcessor, LoggerProvider, simpleProcessor, useContextManager } from '../support/otel.ts'

const APP_RECORD = 'the app logs'

class Money {
  readonly amount = 10
}
const circular: Record<string, unknown> = { name: 'loop' }
circular.self = circular

/** Fields of which the SDK's own cleaning would warn. */
const troubling: Record<string, object> = {
  'a Date': { value: { at: new Date(0) } },
  'an invalid Date': { value: new Date(Number.NaN) },
  'a BigInt': { value: 10n },
  'a class instance': { value: new Money() },
  'a Map': { value: new Map<unknown, unknown>([['a', new Map([[{}, 1]])]]) },
  'a Set': { value: new Set([1, new Set([2])]) },
  'a function': { value: { fn: () => 1 } },
  'a symbol': { value: { symbol: Symbol('s') } },
  'a RegExp': { value: [/x/g] },
  'an empty key': { '': 1, value: { '': 1 } },
  'more than 128 keys': Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`key${i}`, i])),
  'a circular object': { value: circular },
  'err: {}': { err: {} },
  'an error in an array': { value: [new Error('inner', { cause: new Error('deeper') })] },
}

/** Reports every record through diag, so that a test knows where diag leads. */
const warningProcessor = {
  onEmit: () => diag.warn('a processor warns'),
  forceFlush: async () => {},
  shutdown: async () => {},
}

describe.each(appKinds)('$name, with diag routed to it', (kind) => {
  describe.each(Object.entries(troubling))('%s', (_name, fields) => {
    test.each(kind.name === 'createBridge' ? ['record'] : ['record', 'bindings'])('on the %s', (place) => {
      const exporter = new TestExporter()
      const loggerProvider = new LoggerProvider({ processors: [warningProcessor, simpleProcessor(exporter)] })
      const app = kind.start({ loggerProvider, ...(place === 'bindings' && { bindings: fields }) })
      onTestFinished(routeDiag(app))

      app.log(APP_RECORD, place === 'record' ? fields : undefined)

      expect(exporter.bodies).toEqual([APP_RECORD])
      // The SDK itself found nothing to warn about.
      expect([...app.lines].sort()).toEqual(['a processor warns', APP_RECORD])
      expect(app.stats()).toMatchObject({ emitted: 1, dropped: { reentrant: 1 } })
    })
  })
})

const INTERVAL_MS = 2
const INTERVALS = 22

const exporters: Record<string, ExportBehaviour> = {
  healthy: (batch, done) => {
    diag.debug('items to be sent', batch.length)
    setTimeout(() => {
      diag.verbose('export succeeded')
      done({ code: 0 })
    }, 1)
  },
  slow: (_batch, done) => {
    diag.info('waiting for the collector')
    setTimeout(() => {
      diag.warn('the collector is slow')
      done({ code: 0 })
    }, 2 * INTERVAL_MS)
  },
  failing: (batch, done) => {
    diag.debug('items to be sent', batch.length)
    fail(batch, done)
  },
  throwing: () => {
    throw new Error('the exporter is broken')
  },
}
const processors = {
  simple: simpleProcessor,
  batch: (exporter: TestExporter) => batchProcessor(exporter, INTERVAL_MS),
}
const diagLevels = { ERROR: DiagLogLevel.ERROR, DEBUG: DiagLogLevel.DEBUG, ALL: DiagLogLevel.ALL }

/** Logs one record an export, over many of them. @returns what the app logged. */
async function logOverManyExports(app: App, exporter: TestExporter): Promise<string[]> {
  const logged: string[] = []
  while (exporter.finished < INTERVALS && exporter.started < 10 * INTERVALS) {
    const message = `record ${logged.length}`
    logged.push(message)
    const before = exporter.finished
    app.log(message)
    await until(() => exporter.finished > before, 'an export')
  }
  await until(() => exporter.finished === exporter.started, 'the last export')
  await settle(5 * INTERVAL_MS)
  return logged
}

describe.each(appKinds)('$name', (kind) => {
  describe.each(['with', 'without'])('%s a context manager', (contextManager) => {
    const levels = kind.name === 'createBridge' ? (['ALL'] as const) : (['ERROR', 'DEBUG', 'ALL'] as const)
    const cases = Object.entries(exporters).flatMap(([exporter, behaviour]) =>
      (Object.keys(processors) as (keyof typeof processors)[]).flatMap((processor) =>
        levels.map((level) => ({ exporter, behaviour, processor, level })),
      ),
    )

    test.each(cases)('a $exporter exporter, $processor processor, diag at $level', async (testCase) => {
      if (contextManager === 'with') onTestFinished(useContextManager())
      const exporter = new TestExporter(testCase.behaviour)
      const loggerProvider = new LoggerProvider({ processors: [processors[testCase.processor](exporter)] })
      const app = kind.start({ loggerProvider })
      onTestFinished(routeDiag(app, diagLevels[testCase.level]))

      const logged = await logOverManyExports(app, exporter)

      expect(exporter.bodies).toEqual(logged)
      expect(app.stats().emitted).toBe(logged.length)
      const speaks = testCase.level !== 'ERROR' || testCase.exporter === 'failing' || testCase.exporter === 'throwing'
      expect(app.lines.length > logged.length, 'diag reached the logger').toBe(speaks)
    })

    test.each(Object.keys(processors) as (keyof typeof processors)[])(
      'an exporter that logs with the app’s logger, before and after an await, %s processor',
      async (processor) => {
        if (contextManager === 'with') onTestFinished(useContextManager())
        const exporter = new TestExporter(async (batch, done) => {
          app.log(`sending ${batch.length}`)
          await new Promise((resolve) => setTimeout(resolve, 1))
          app.log('still sending')
          await null
          done({ code: 0 })
          app.log('sent')
          queueMicrotask(() => app.log('in a microtask'))
          process.nextTick(() => app.log('in the next tick'))
          setImmediate(() => app.log('a moment later'))
        })
        const loggerProvider = new LoggerProvider({ processors: [processors[processor](exporter)] })
        const app = kind.start({ loggerProvider })

        const logged = await logOverManyExports(app, exporter)

        expect(exporter.bodies).toEqual(logged)
        expect(app.lines).toContain('a moment later')
        expect(app.stats().dropped.reentrant).toBe(app.lines.length - logged.length)
      },
    )
  })

  test('a provider that logs in getLogger, enabled and emit, and a processor in onEmit', async () => {
    const exporter = new TestExporter()
    const processor = {
      ...warningProcessor,
      onEmit: () => logNowAndLater('onEmit'),
      enabled: () => {
        logNowAndLater('processor enabled')
        return true
      },
    }
    const sdk = new LoggerProvider({ processors: [processor, simpleProcessor(exporter)] })
    const loggerProvider: AnyLoggerProvider = {
      getLogger(name, version) {
        logNowAndLater('getLogger')
        const logger = sdk.getLogger(name, version)
        return {
          enabled: (options) => {
            logNowAndLater('enabled')
            return logger.enabled(options)
          },
          emit: (record) => {
            logNowAndLater('emit')
            logger.emit(record as Parameters<typeof logger.emit>[0])
          },
        }
      },
    }
    const app = kind.start({ loggerProvider })
    function logNowAndLater(place: string): void {
      app.log(`${place} logs`)
      setImmediate(() => app.log(`${place} logs later`))
      void Promise.resolve().then(() => app.log(`${place} logs soon`))
    }

    app.log('first')
    app.log('second')
    await settle()

    expect(exporter.bodies).toEqual(['first', 'second'])
    for (const place of ['getLogger', 'enabled', 'processor enabled', 'emit', 'onEmit']) {
      for (const when of ['', ' later', ' soon']) expect(app.lines).toContain(`${place} logs${when}`)
    }
  })

  test('an exporter that flushes the bridge it is fed by', async () => {
    const exporter = new TestExporter(async (_batch, done) => {
      await app.flush()
      app.log('flushed')
      done({ code: 0 })
    })
    const app = kind.start({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(exporter)] }) })
    app.log(APP_RECORD)
    await until(() => exporter.finished > 0, 'the export')
    await settle()
    expect(exporter.bodies).toEqual([APP_RECORD])
  })

  test('flush() of the bridge by the app, with a failing exporter that logs, and diag routed to the logger', async () => {
    const exporter: TestExporter = new TestExporter((batch, done) => {
      app.log(`sending ${batch.length}`)
      fail(batch, done)
    })
    const app = kind.start({ loggerProvider: new LoggerProvider({ processors: [batchProcessor(exporter, 60_000)] }) })
    onTestFinished(routeDiag(app))
    for (let i = 0; i < INTERVALS; i++) {
      app.log(`record ${i}`)
      await app.flush()
    }
    expect(exporter.bodies).toEqual(Array.from({ length: INTERVALS }, (_, i) => `record ${i}`))
    expect(app.lines.length).toBeGreaterThanOrEqual(3 * INTERVALS)
  })

  describe.each(Object.keys(processors) as (keyof typeof processors)[])(
    'a failing exporter whose exports the app itself starts, %s processor',
    (processor) => {
      let exporter: TestExporter
      let provider: LoggerProvider
      let app: App

      beforeEach(() => {
        exporter = new TestExporter(fail)
        provider = new LoggerProvider({ processors: [processors[processor](exporter)] })
        app = kind.start({ loggerProvider: provider })
        onTestFinished(routeDiag(app))
      })

      test('with forceFlush() of the provider', async () => {
        app.log(APP_RECORD)
        await provider.forceFlush()
        await until(() => exporter.finished > 0, 'the export')
        await settle(INTERVALS * INTERVAL_MS)
        expect(app.lines.length).toBeGreaterThan(1)
        expect(exporter.bodies).toEqual([APP_RECORD])
      })

      test('with a record of its own, given to the OTel API', async () => {
        app.log(APP_RECORD)
        await until(() => exporter.finished > 0, 'the export')
        await settle()
        provider.getLogger('the app’s own').emit({ body: 'its own' })
        await until(() => exporter.finished > 1, 'the next export')
        await settle(INTERVALS * INTERVAL_MS)
        expect(app.lines.length).toBeGreaterThan(2)
        expect(exporter.bodies).toEqual([APP_RECORD, 'its own'])
      })
    },
  )

  test('10 000 concurrent contexts, each with its own fate', async () => {
    onTestFinished(useContextManager())
    const exporter = new TestExporter()
    const chains: Promise<void>[] = []
    const processor = {
      ...warningProcessor,
      // Each emit starts a chain of its own, as an exporter's socket does.
      onEmit: ({ body }: { body?: unknown }) => {
        if (String(body).startsWith('emitting')) chains.push(logLater(`inside ${body}`))
      },
    }
    const app = kind.start({
      loggerProvider: new LoggerProvider({ processors: [processor, simpleProcessor(exporter)] }),
    })
    let turn = 0
    const pause = () => {
      const kindOfPause = turn++ % 4
      return new Promise<void>((resolve) => {
        if (kindOfPause === 0) setImmediate(resolve)
        else if (kindOfPause === 1) setTimeout(resolve, turn % 7)
        else if (kindOfPause === 2) process.nextTick(resolve)
        else queueMicrotask(resolve)
      })
    }
    async function logLater(name: string): Promise<void> {
      await pause()
      app.log(`${name} 1`)
      await pause()
      app.log(`${name} 2`)
    }
    const contexts = Array.from({ length: 10_000 }, (_, i) => i)

    await Promise.all(
      contexts.map(async (i) => {
        await pause()
        if (i % 3 === 0) await logLater(`plain ${i}`)
        else if (i % 3 === 1) await withLogsSuppressed(() => logLater(`suppressed ${i}`))
        else app.log(`emitting ${i}`)
      }),
    )
    await Promise.all(chains)

    const expected = contexts.flatMap((i) =>
      i % 3 === 0 ? [`plain ${i} 1`, `plain ${i} 2`] : i % 3 === 2 ? [`emitting ${i}`] : [],
    )
    expect(exporter.bodies.map(String).sort()).toEqual(expected.sort())
    expect(app.stats().dropped).toMatchObject({ suppressed: 2 * 3333, reentrant: 2 * 3333 })
  }, 60_000)
})

test('a record that one logger’s export causes is bridged by no other logger either', async () => {
  const exporters = appKinds.map(
    () =>
      new TestExporter((_batch, done) => {
        for (const app of apps) app.log('caused by an export')
        setImmediate(() => {
          for (const app of apps) app.log('caused by an export')
          done({ code: 0 })
        })
      }),
  )
  const apps = appKinds.map((kind, i) =>
    kind.start({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(exporters[i] as TestExporter)] }) }),
  )
  for (const app of apps) app.log(APP_RECORD)
  await until(() => exporters.every(({ finished }) => finished > 0), 'the exports')
  for (const exporter of exporters) expect(exporter.bodies).toEqual([APP_RECORD])
  for (const app of apps) expect(app.lines.length).toBe(1 + 2 * appKinds.length)
})

describe.each(loggerKinds)('$name', (kind) => {
  test('keeps bridging after a feedback that was stopped', async () => {
    const exporter = new TestExporter((batch, done) => {
      app.log(`${batch.length} failed`)
      succeed(batch, done)
    })
    const app = kind.start({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(exporter)] }) })
    for (let i = 0; i < 100; i++) app.log(`record ${i}`)
    expect(exporter.bodies).toEqual(Array.from({ length: 100 }, (_, i) => `record ${i}`))
    expect(app.lines.length).toBe(200)
  })
})

describe('the ESM build, the CJS build and the source in one process', () => {
  let report: Record<'loggers' | 'emitted' | 'suppressed' | 'nested' | 'sinkLines', string[]> & { stats: BridgeStats[] }

  beforeAll(async () => {
    const root = join(import.meta.dirname, '../..')
    // Inside the package, so that the builds find their dependencies.
    await mkdir(join(root, '.cache'), { recursive: true })
    const folder = await mkdtemp(join(root, '.cache/copies-'))
    try {
      const tsdown = join(root, 'node_modules/.bin/tsdown')
      await promisify(execFile)(tsdown, ['--out-dir', folder, '--no-dts', '--no-sourcemap'], { cwd: root })
      const { code, stdout, stderr } = await runChild('copies-shared', folder)
      if (code !== 0) throw new Error(`the child failed: ${stderr}`)
      report = JSON.parse(stdout) as typeof report
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }, 60_000)

  test('nothing that one causes is bridged by another', () => {
    expect(report.loggers.length).toBe(6)
    expect(report.emitted).toEqual(report.loggers)
  })

  test('suppression by one holds for all', () => {
    expect(report.suppressed).toEqual([])
  })

  test('records nested through all of them are bridged to a depth of 4', () => {
    expect(report.nested).toEqual(['depth 4', 'depth 3', 'depth 2', 'depth 1', 'depth 0'])
  })

  test('share the statistics and the sink of the internal logger', () => {
    expect(report.stats[0]).toMatchObject({ seen: expect.any(Number), emitted: 6 + 5 })
    expect(report.stats[1]).toEqual(report.stats[0])
    expect(report.stats[2]).toEqual(report.stats[0])
    expect(report.sinkLines).toEqual(['told by esm', 'told by cjs', 'told by source'])
  })
})
