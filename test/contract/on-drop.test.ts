// The app is told of each record that is dropped, and nothing that it does then comes round.

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  bridgeStats,
  createBridge,
  type Drop,
  setInternalLogSink,
  withLogsSuppressed,
  withLogsUnsuppressed,
} from '../../src/index.ts'
import { type App, appKinds, settle, succeed, TestExporter, until } from '../support/feedback.ts'
import { LoggerProvider, logs, simpleProcessor } from '../support/otel.ts'

/** Drops after which a loop is proven. */
const FUSE = 20

let exporter: TestExporter
let loggerProvider: LoggerProvider
let told: string[]

beforeEach(() => {
  exporter = new TestExporter()
  loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
  told = []
  setInternalLogSink(({ kind, message }) => void told.push(`${kind}: ${message}`))
  onTestFinished(() => setInternalLogSink(undefined))
})

const refusing = { getLogger: () => ({ emit() {}, enabled: () => false }) }
const throwing = {
  getLogger: () => ({
    emit() {
      throw new Error('refused')
    },
  }),
}

describe.each(appKinds)('$name', (kind) => {
  let drops: Drop[]
  let app: App
  const onDrop = (drop: Drop) => void drops.push(drop)

  beforeEach(() => {
    drops = []
  })

  const fates: Record<string, { expected: Drop[]; run: () => unknown }> = {
    suppressed: {
      expected: [{ reason: 'suppressed', count: 1, severityNumber: 9 }],
      run: () => {
        app = kind.start({ loggerProvider, onDrop })
        withLogsSuppressed(() => app.log('x'))
      },
    },
    'caused by an emit': {
      expected: [{ reason: 'reentrant', count: 1, severityNumber: 9 }],
      run: () => {
        const causing = new TestExporter((batch, done) => {
          app.log('caused')
          succeed(batch, done)
        })
        app = kind.start({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(causing)] }), onDrop })
        app.log('x')
      },
    },
    filtered: {
      expected: [{ reason: 'filtered', count: 1, severityNumber: 9 }],
      run: () => {
        app = kind.start({ loggerProvider, onDrop, exclude: ['*'] })
        app.log('x')
      },
    },
    'not wanted by the Logger': {
      expected: [{ reason: 'disabled', count: 1, severityNumber: 9 }],
      run: () => {
        app = kind.start({ loggerProvider: refusing, onDrop })
        app.log('x')
      },
    },
    'thrown on by the provider': {
      expected: [{ reason: 'failed', count: 1, severityNumber: 9 }],
      run: () => {
        app = kind.start({ loggerProvider: throwing, onDrop })
        app.log('x')
      },
    },
    'pushed out while waiting, and then waiting in vain': {
      expected: [
        { reason: 'overflow', count: 1, severityNumber: 9 },
        { reason: 'overflow', count: 2 },
      ],
      run: async () => {
        app = kind.start({ replayLimit: 2, onDrop })
        for (let i = 0; i < 3; i++) app.log('x')
        await app.close()
      },
    },
    'not wanted, or thrown on, when the provider is there': {
      expected: [
        { reason: 'failed', count: 1, severityNumber: 9 },
        { reason: 'disabled', count: 1, severityNumber: 9 },
      ],
      run: async () => {
        app = kind.start({ onDrop })
        app.log('x')
        app.log('y')
        let asked = 0
        const emit = () => {
          throw new Error('refused')
        }
        logs.setGlobalLoggerProvider({ getLogger: () => ({ emit, enabled: () => asked++ === 0 }) })
        onTestFinished(() => logs.disable())
        await app.flush()
      },
    },
  }

  test.each(Object.entries(fates))('a record %s is told', async (_name, { expected, run }) => {
    await run()
    expect(drops).toEqual(expected)
    const { dropped } = app.stats()
    for (const reason of Object.keys(dropped) as Drop['reason'][]) {
      const told = drops.filter((drop) => drop.reason === reason).reduce((sum, { count }) => sum + count, 0)
      expect(dropped[reason], reason).toBe(told)
    }
  })

  test('a record that is bridged is not told', () => {
    app = kind.start({ loggerProvider, onDrop })
    app.log('x')
    expect(drops).toEqual([])
  })

  test('it is counted by then', () => {
    const seen: unknown[] = []
    app = kind.start({ loggerProvider: refusing, onDrop: () => void seen.push(app.stats(), bridgeStats().pending) })
    app.log('x')
    expect(seen).toEqual([expect.objectContaining({ seen: 1, pending: 0 }), 0])
    expect(seen[0]).toMatchObject({ dropped: { disabled: 1 } })
  })

  /** Ways in which the app logs when it is told. */
  const answers: Record<string, (log: () => void) => unknown> = {
    'at once': (log) => log(),
    'after an await': async (log) => {
      await null
      log()
    },
    'in a timer': (log) => void setTimeout(log, 1),
    'in a scope that is suppressed once more': (log) => withLogsSuppressed(log),
    'by the way out of suppression': (log) => withLogsUnsuppressed(log),
    'by the way out, later': (log) => withLogsUnsuppressed(() => void setImmediate(log)),
  }

  test.each(Object.entries(answers))('what it logs %s is neither bridged nor told', async (_name, answer) => {
    app = kind.start({
      loggerProvider,
      exclude: ['*'],
      onDrop(drop) {
        onDrop(drop)
        if (drops.length > FUSE) return
        answer(() => {
          app.log('dropped')
          other.log('dropped')
        })
      },
    })
    const other = kind.start({ loggerProvider, onDrop })
    app.log('x')
    await until(() => app.lines.length >= 2 && other.lines.length >= 1, 'what it logs')
    await settle()
    expect(exporter.bodies).toEqual([])
    expect(drops).toEqual([{ reason: 'filtered', count: 1, severityNumber: 9 }])
    expect(app.stats()).toMatchObject({ seen: 2, dropped: { filtered: 1, suppressed: 1 } })
    expect(other.stats()).toMatchObject({ seen: 1, dropped: { suppressed: 1 } })
  })

  test('an exporter that logs while it is flushed from there does not come round', async () => {
    const logging = new TestExporter((batch, done) => {
      app.log('caused')
      succeed(batch, done)
    })
    let flushes = 0
    const inner = new LoggerProvider({ processors: [simpleProcessor(logging)] })
    const provider = {
      getLogger: (name: string) => inner.getLogger(name),
      forceFlush: async () => app.log('caused by a flush'),
    }
    app = kind.start({
      loggerProvider: provider,
      onDrop: () => {
        if (++flushes <= FUSE) void app.flush()
      },
    })
    app.log('x')
    await settle()
    expect(flushes).toBe(1)
    expect([...app.lines].sort()).toEqual(['caused', 'caused by a flush', 'x'])
  })

  test.each(['throws', 'rejects'])('one that %s is reported once, and harms nothing', async (way) => {
    app = kind.start({
      loggerProvider: refusing,
      onDrop: () => {
        if (way === 'throws') throw new Error('no')
        return Promise.reject(new Error('no'))
      },
    })
    for (let i = 0; i < 3; i++) app.log('x')
    await settle()
    expect(told).toEqual(["on-drop: the option 'onDrop' has failed, which is told once: Error: no"])
    expect(app.lines.length).toBe(3)
    expect(app.stats()).toMatchObject({ seen: 3, pending: 0, dropped: { disabled: 3 } })
  })
})

test('it tells whose record it was', () => {
  const drops: Drop[] = []
  const bridge = createBridge({ loggerProvider, exclude: ['noise*'], onDrop: (drop) => void drops.push(drop) })
  bridge.emit({ loggerName: 'noise.http', severityNumber: 17, body: 'x' })
  bridge.emit({ loggerName: 'noise', body: 'x' })
  expect(drops).toEqual([
    { reason: 'filtered', count: 1, loggerName: 'noise.http', severityNumber: 17 },
    { reason: 'filtered', count: 1, loggerName: 'noise' },
  ])
})
