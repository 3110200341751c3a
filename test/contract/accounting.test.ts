// Contract rule 11: seen = emitted + pending + each kind of dropped, at any moment, for one bridge and for the process.
// That it holds after every test of the suite is checked in support/setup.ts.

import { context, ROOT_CONTEXT } from '@opentelemetry/api'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import winston from 'winston'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import {
  type BridgeStats,
  bridgeStats,
  createBridge,
  setInternalLogSink,
  suppressLogs,
  withLogsSuppressed,
} from '../../src/index.ts'
import { type App, appKinds, settle, TestExporter, until } from '../support/feedback.ts'
import { LoggerProvider, logs, simpleProcessor } from '../support/otel.ts'

let exporter: TestExporter
let loggerProvider: LoggerProvider

beforeEach(() => {
  exporter = new TestExporter()
  loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
  setInternalLogSink(() => {})
  onTestFinished(() => setInternalLogSink(undefined))
})

function sum({ emitted, pending, dropped }: BridgeStats): number {
  return emitted + pending + Object.values(dropped).reduce((total, count) => total + count, 0)
}

/** What `fn` adds to the process's numbers, without those that stay the same. */
async function addedBy(fn: () => unknown): Promise<Record<string, number>> {
  const flat = ({ dropped, ...rest }: BridgeStats): Record<string, number> => ({ ...rest, ...dropped })
  const before = flat(bridgeStats())
  await fn()
  const after = Object.entries(flat(bridgeStats()))
  return Object.fromEntries(
    after.map(([name, value]) => [name, value - (before[name] ?? 0)] as const).filter(([, added]) => added !== 0),
  )
}

const processor = (onEmit: () => void) => ({ onEmit, forceFlush: async () => {}, shutdown: async () => {} })

describe.each(appKinds)('$name', (kind) => {
  /** One record each, and where it must be counted. */
  const fates: Record<string, { expected: Record<string, number>; run: () => unknown }> = {
    'a record that is bridged': {
      expected: { seen: 1, emitted: 1 },
      run: () => kind.start({ loggerProvider }).log('x'),
    },
    'a record that an emit causes': {
      expected: { seen: 2, emitted: 1, reentrant: 1 },
      run: () => {
        const provider = new LoggerProvider({ processors: [processor(() => app.log('caused'))] })
        const app = kind.start({ loggerProvider: provider })
        app.log('x')
      },
    },
    'a suppressed record': {
      expected: { seen: 1, suppressed: 1 },
      run: () => withLogsSuppressed(() => kind.start({ loggerProvider }).log('x')),
    },
    'a record of a logger that is not included': {
      expected: { seen: 1, filtered: 1 },
      run: () => kind.start({ loggerProvider, include: ['another'] }).log('x'),
    },
    'a record of a logger that is excluded': {
      expected: { seen: 1, filtered: 1 },
      run: () => kind.start({ loggerProvider, exclude: [/^$/] }).log('x'),
    },
    'a record that the Logger does not want': {
      expected: { seen: 1, disabled: 1 },
      run: () => kind.start({ loggerProvider: { getLogger: () => ({ emit() {}, enabled: () => false }) } }).log('x'),
    },
    'a record for a provider that is shut down': {
      expected: { seen: 1, disabled: 1 },
      run: async () => {
        await loggerProvider.shutdown()
        kind.start({ loggerProvider }).log('x')
      },
    },
    'a record that the provider throws on': {
      expected: { seen: 1, failed: 1 },
      run: () => {
        const fail = () => {
          throw new Error('refused')
        }
        kind.start({ loggerProvider: new LoggerProvider({ processors: [processor(fail)] }) }).log('x')
      },
    },
    'records pushed out while they wait': {
      expected: { seen: 3, emitted: 2, overflow: 1 },
      run: async () => {
        const app = kind.start({ replayLimit: 2 })
        for (let i = 0; i < 3; i++) app.log('x')
        logs.setGlobalLoggerProvider(loggerProvider)
        await app.flush()
        logs.disable()
      },
    },
    'records that wait in vain': {
      expected: { seen: 3, overflow: 3 },
      run: async () => {
        const app = kind.start()
        for (let i = 0; i < 3; i++) app.log('x')
        await app.close()
      },
    },
    'records that the provider, once there, does not want or throws on': {
      expected: { seen: 2, disabled: 1, failed: 1 },
      run: async () => {
        const app = kind.start()
        app.log('x')
        app.log('y')
        let asked = 0
        const emit = () => {
          throw new Error('refused')
        }
        logs.setGlobalLoggerProvider({ getLogger: () => ({ emit, enabled: () => asked++ > 0 }) })
        await app.flush()
        logs.disable()
      },
    },
  }

  test.each(Object.entries(fates))('%s is counted once', async (_name, { expected, run }) => {
    expect(await addedBy(run)).toEqual(expected)
  })

  test('the numbers of one bridge are its own', async () => {
    const first = kind.start({ loggerProvider })
    const second = kind.start({ loggerProvider })
    const added = await addedBy(() => {
      first.log('x')
      first.log('y')
      second.log('z')
    })
    expect(first.stats()).toMatchObject({ seen: 2, emitted: 2 })
    expect(second.stats()).toMatchObject({ seen: 1, emitted: 1 })
    expect(added).toEqual({ seen: 3, emitted: 3 })
  })

  test('they add up at every step of a record’s way', async () => {
    const moments: BridgeStats[] = []
    const note = () => void moments.push(bridgeStats(), app.stats())
    const noting = new TestExporter((_batch, done) => {
      note()
      app.log('caused')
      note()
      setImmediate(() => {
        note()
        done({ code: 0 })
      })
    })
    const provider = new LoggerProvider({ processors: [processor(note), simpleProcessor(noting)] })
    const app: App = kind.start({ loggerProvider: provider })
    const fields = {
      get value() {
        note()
        return 'read'
      },
    }
    note()
    app.log('x', fields)
    withLogsSuppressed(() => app.log('y', fields))
    note()
    await until(() => noting.finished === 1, 'the export')
    note()
    expect(moments.length).toBeGreaterThan(12)
    for (const stats of moments) expect(sum(stats)).toBe(stats.seen)
  })

  test('10 000 records with every fate', async () => {
    const provider = new LoggerProvider({
      processors: [
        processor(() => {
          app.log('caused')
          if (++emits % 10 === 0) throw new Error('refused')
        }),
      ],
    })
    let emits = 0
    const app = kind.start({ loggerProvider: provider })
    for (let i = 0; i < 10_000; i++) {
      if (i % 3 === 0) withLogsSuppressed(() => app.log('x'))
      else app.log('y')
      if (i % 1000 === 0) expect(sum(app.stats())).toBe(app.stats().seen)
    }
    await settle(0)
    expect(app.stats()).toEqual({
      seen: 10_000 + 6666,
      emitted: 6000,
      pending: 0,
      dropped: { reentrant: 6666, suppressed: 3334, filtered: 0, disabled: 0, overflow: 0, failed: 666 },
    })
  })

  test('what stats() and bridgeStats() return is a copy', () => {
    const app = kind.start({ loggerProvider })
    app.log('x')
    const own = app.stats()
    const all = bridgeStats()
    app.log('y')
    expect(own).toMatchObject({ seen: 1, emitted: 1 })
    for (const stats of [own, all]) Object.assign(stats.dropped, { failed: 1_000_000 })
    expect(app.stats().dropped.failed).toBe(0)
    expect(bridgeStats().dropped.failed).toBeLessThan(1_000_000)
  })
})

test('a record is pending while it is read', () => {
  const bridge = createBridge({ loggerProvider })
  let during: BridgeStats | undefined
  const attributes = {
    get value() {
      during = bridge.stats()
      return 'read'
    },
  }
  bridge.emit({ body: 'x', attributes })
  expect(during).toMatchObject({ seen: 1, emitted: 0, pending: 1 })
  expect(bridge.stats()).toMatchObject({ seen: 1, emitted: 1, pending: 0 })
})

test('a record that a winston format filters out is counted as that', () => {
  const transport = new OpenTelemetryTransport({ loggerProvider, format: winston.format(() => false)() })
  const logger = winston.createLogger({ transports: [transport] })
  logger.info('x')
  expect(transport.stats()).toMatchObject({ seen: 1, emitted: 0, dropped: { filtered: 1 } })
})

test('a record logged after close() is counted as disabled', async () => {
  const bridge = createBridge({ loggerProvider })
  await bridge.close()
  bridge.emit({ body: 'x' })
  expect(bridge.stats()).toMatchObject({ seen: 1, dropped: { disabled: 1 } })
  expect(exporter.bodies).toEqual([])
})

test('enabled() counts nothing, and says what emit() would do', async () => {
  const wanted = new Set([9])
  const bridge = createBridge({
    loggerProvider: {
      getLogger: () => ({ emit() {}, enabled: ({ severityNumber }) => wanted.has(severityNumber ?? 0) }),
    },
    exclude: ['noisy'],
  })
  const added = await addedBy(() => {
    expect(bridge.enabled({ severityNumber: 9 })).toBe(true)
    expect(bridge.enabled({ severityNumber: 5 })).toBe(false)
    expect(bridge.enabled({ severityNumber: 9, loggerName: 'noisy' })).toBe(false)
    expect(bridge.enabled({ severityNumber: 9, context: suppressLogs(ROOT_CONTEXT) })).toBe(false)
    expect(withLogsSuppressed(() => bridge.enabled({ severityNumber: 9 }))).toBe(false)
    expect(bridge.enabled({ severityNumber: 9, context: context.active() })).toBe(true)
  })
  expect(added).toEqual({})
  await bridge.close()
  expect(bridge.enabled({ severityNumber: 9 })).toBe(false)
})
