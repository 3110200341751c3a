// What an APM hears on the diagnostics channels, and that listening does no harm: a subscriber that throws or logs costs
// no record, ends no process and starts no loop.

import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  bridgeStats,
  createBridge,
  type DeliveryMessage,
  type DropMessage,
  type InternalLogEntry,
  setInternalLogSink,
  withLogsSuppressed,
} from '../../src/index.ts'
import { internalLog } from '../../src/internal-logger.ts'
import { BufferedLogRecordProcessor } from '../../src/processor.ts'
import { WorkerLoggerProvider } from '../../src/worker.ts'
import { appKinds, settle, TestExporter, until } from '../support/feedback.ts'
import { LoggerProvider, simpleProcessor } from '../support/otel.ts'
import { startOtlpReceiver } from '../support/otlp-receiver.ts'

const DROP = 'otel-log-bridge:drop'
const INTERNAL_LOG = 'otel-log-bridge:internal-log'
const DELIVERY = 'otel-log-bridge:delivery'

let entries: InternalLogEntry[]

beforeEach(() => {
  entries = []
  setInternalLogSink((entry) => void entries.push(entry))
})
afterEach(() => setInternalLogSink(undefined))

function listen<T>(channel: string, listener: (message: T) => void): void {
  subscribe(channel, listener as ChannelListener)
  onTestFinished(() => void unsubscribe(channel, listener as ChannelListener))
}

/** What is published from now on. */
function messagesOf<T>(channel: string): T[] {
  const messages: T[] = []
  listen<T>(channel, (message) => void messages.push(message))
  return messages
}

/** An exporter in an SDK, behind our queue. */
function startBuffered(exporter: object, options = {}) {
  const processor = new BufferedLogRecordProcessor({ exporter: exporter as never, ...options })
  onTestFinished(() => void processor.close())
  return { processor, bridge: createBridge({ loggerProvider: new LoggerProvider({ processors: [processor] }) }) }
}

describe.each(appKinds)('$name', (kind) => {
  test('a record that is not bridged is told with its reason', () => {
    const messages = messagesOf<DropMessage>(DROP)
    const exporter = new TestExporter()
    const loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
    kind.start({ loggerProvider }).log('bridged')
    withLogsSuppressed(() => kind.start({ loggerProvider }).log('x'))
    kind.start({ loggerProvider, include: ['another'] }).log('x')
    expect(messages).toEqual([
      { stage: 'bridge', reason: 'suppressed', count: 1 },
      { stage: 'bridge', reason: 'filtered', count: 1 },
    ])
  })

  test('what a subscriber logs is not bridged, and tells itself of nothing', async () => {
    const exporter = new TestExporter()
    const app = kind.start({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(exporter)] }) })
    let told = 0
    listen(DROP, () => {
      told++
      app.log('by a subscriber')
      setImmediate(() => app.log('later, by a subscriber'))
    })
    withLogsSuppressed(() => app.log('x'))
    await settle()
    expect(told).toBe(1)
    expect(exporter.bodies).toEqual([])
    expect(app.lines.toSorted()).toEqual(['by a subscriber', 'later, by a subscriber', 'x'])
    expect(app.stats().dropped.suppressed).toBe(3)
  })

  test('what a subscriber throws costs nobody anything, and is told', async () => {
    const uncaught = vi.fn()
    process.on('uncaughtException', uncaught)
    onTestFinished(() => void process.off('uncaughtException', uncaught))
    listen(DROP, () => {
      throw new Error('broken')
    })
    const messages = messagesOf<DropMessage>(DROP)
    const app = kind.start()
    const before = bridgeStats().seen
    withLogsSuppressed(() => app.log('x'))
    await settle()
    expect(bridgeStats().seen).toBe(before + 1)
    expect(messages.length).toBe(1)
    expect(uncaught).not.toHaveBeenCalled()
    expect(entries.map(({ message }) => message)).toEqual([
      'a subscriber of a diagnostics channel threw: Error: broken',
    ])
  })
})

test('what a queue loses is told, with the pipeline’s name and the error.type of its metrics', async () => {
  const messages = messagesOf<DropMessage>(DROP)
  const refusing = new TestExporter((_batch, done) => {
    done({ code: 1, error: Object.assign(new Error('no'), { code: 401 }) })
  })
  const { processor, bridge } = startBuffered(refusing, { maxQueueSize: 2 })
  for (let i = 0; i < 3; i++) bridge.emit({ body: i })
  await processor.flush()
  await processor.close()
  bridge.emit({ body: 'late' })
  const component = expect.stringMatching(/^BufferedLogRecordProcessor\/\d+$/)
  expect(messages).toEqual([
    { stage: 'pipeline', component, reason: 'queue_full', count: 1 },
    { stage: 'pipeline', component, reason: '401', count: 2 },
    { stage: 'pipeline', component, reason: 'already_shutdown', count: 1 },
  ])
})

test('what is delivered is told as batches are settled', async () => {
  const messages = messagesOf<DeliveryMessage>(DELIVERY)
  const { processor, bridge } = startBuffered(new TestExporter(), { maxExportBatchSize: 2 })
  for (let i = 0; i < 4; i++) bridge.emit({ body: i })
  await processor.flush()
  const component = expect.stringMatching(/^BufferedLogRecordProcessor\/\d+$/)
  expect(messages).toEqual([
    { component, delivered: 2, dropped: 0, undelivered: 2 },
    { component, delivered: 4, dropped: 0, undelivered: 0 },
  ])
})

test('what a thread exports and loses is told on the main thread', async () => {
  const receiver = await startOtlpReceiver()
  onTestFinished(() => receiver.close())
  for (const [name, value] of Object.entries(receiver.env)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  receiver.misbehaviour = (_request, response) => void response.writeHead(401).end()
  const losses = messagesOf<DropMessage>(DROP)
  const messages = messagesOf<DeliveryMessage>(DELIVERY)
  const provider = new WorkerLoggerProvider()
  provider.getLogger('x').emit({ body: 'refused' })
  await provider.flush()
  const component = expect.stringMatching(/^WorkerLoggerProvider\/\d+$/)
  expect(losses).toEqual([{ stage: 'pipeline', component, reason: '401', count: 1 }])
  receiver.misbehaviour = undefined
  provider.getLogger('x').emit({ body: 'accepted' })
  const result = await provider.close()
  expect(messages.at(-1)).toEqual({ component, ...result })
  expect(result).toEqual({ delivered: 1, dropped: 1, undelivered: 0 })
})

test('every line of the internal logger is told, and the line itself stays as it is', () => {
  const messages = messagesOf<InternalLogEntry>(INTERNAL_LOG)
  listen<{ message: string }>(INTERNAL_LOG, (message) => {
    message.message = 'changed'
  })
  internalLog('warn', 'channel-test', 'hello\n')
  const entry = { level: 'warn', kind: 'channel-test', message: 'hello\\u000a', heldBack: 0 }
  expect(entries).toEqual([entry])
  expect(messages).toEqual([{ ...entry, message: 'changed' }])
})

test('a subscriber of the internal logger that throws, or makes it speak, is no loop', async () => {
  let told = 0
  listen(INTERNAL_LOG, () => {
    told++
    internalLog('warn', 'by-subscriber', 'because of a line')
    throw new Error('broken')
  })
  internalLog('warn', 'loop-test', 'hello')
  await settle()
  expect(told).toBe(1)
  expect(entries.map(({ kind }) => kind)).toEqual(['loop-test', 'by-subscriber', 'subscriber'])
})

test('a subscriber that logs each delivery delivers nothing more', async () => {
  const exporter = new TestExporter()
  const { processor, bridge } = startBuffered(exporter)
  listen(DELIVERY, () => bridge.emit({ body: 'delivered' }))
  bridge.emit({ body: 'first' })
  await processor.flush()
  await until(() => bridge.stats().dropped.suppressed === 1, 'the record of the subscriber')
  expect(exporter.bodies).toEqual(['first'])
})
