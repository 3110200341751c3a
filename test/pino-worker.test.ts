// pino with a thread in between: pino's own transports and createPinoTransport(), up to a real OTLP receiver.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as immediate } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import pino, { type Logger } from 'pino'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createPinoTransport, otelMixin, type PinoTransport } from '../adapters/pino/index.ts'
import pinoTarget from '../adapters/pino/target.ts'
import { settlesWithin } from '../src/deadline.ts'
import {
  bridgeStats,
  createBridge,
  type InternalLogEntry,
  setInternalLogSink,
  suppressLogs,
  withLogsSuppressed,
} from '../src/index.ts'
import { createLogger, destinationOf, FORMS, type Form, type FormOptions, TARGET } from './children/pino-forms.ts'
import { TracerProvider, useContextManager } from './support/otel.ts'
import { type OtlpReceiver, type ReceivedRecord, startOtlpReceiver } from './support/otlp-receiver.ts'

let receiver: OtlpReceiver
let workers: Worker[]
let transports: { close(): Promise<unknown> }[]
/** Of pino's own threads. */
let streams: ReturnType<typeof destinationOf>[]
const keepWorker = (worker: Worker) => void workers.push(worker)
const CHILDREN = join(import.meta.dirname, 'children')
/** Under the time that a hook has. */
const THREAD_END_MS = 5_000

beforeEach(async () => {
  receiver = await startOtlpReceiver()
  for (const [name, value] of Object.entries(receiver.env)) vi.stubEnv(name, value)
  vi.stubEnv('OTEL_BLRP_SCHEDULE_DELAY', '20')
  workers = []
  transports = []
  streams = []
  process.on('worker', keepWorker)
})

afterEach(async () => {
  setInternalLogSink(undefined)
  process.off('worker', keepWorker)
  vi.unstubAllEnvs()
  const ends = [...transports.map((transport) => transport.close()), ...streams.map(ended)]
  await settlesWithin(THREAD_END_MS, Promise.all(ends))
  // The last resort.
  for (const worker of workers) await worker.terminate()
  await receiver.close()
})

/** The thread that was started last; Node announces it in the next tick. */
async function worker(): Promise<Worker> {
  await immediate()
  return workers.at(-1) as Worker
}

/** The internal logger's lines of this thread. */
function internalLines(): InternalLogEntry[] {
  const entries: InternalLogEntry[] = []
  setInternalLogSink((entry) => void entries.push(entry))
  return entries
}

/** Ends a thread of pino's own as an app does that ends: it sends what it holds, and goes. Killing is for tests of that. */
async function ended(stream: ReturnType<typeof destinationOf>): Promise<void> {
  stream.on('error', () => {})
  const closed = new Promise((resolve) => stream.once('close', resolve))
  // end() blocks this thread, and the receiver with it: by then there must be nothing left to send.
  await Promise.race([closed, flush(stream)])
  stream.end()
  await closed
}

function open<L extends string = never>(form: Form, options?: FormOptions<L>): Logger<L> {
  const logger = createLogger(form, options)
  const destination = destinationOf(logger)
  if (form === 'createPinoTransport') transports.push(destination)
  else streams.push(destination)
  return logger
}

const flush = (logger: { flush: Logger['flush'] }) => new Promise((resolve) => logger.flush(resolve))

const bodies = (records: readonly ReceivedRecord[]) => records.map(({ body }) => body)

/** Runs `fn` inside an emit, as code of an exporter is. */
function insideEmit(fn: () => void): void {
  createBridge({ loggerProvider: { getLogger: () => ({ emit: fn }) } }).emit({ body: 'outer' })
}

describe.each(FORMS)('%s', (form) => {
  test('exports what pino’s line says', async () => {
    vi.stubEnv('OTEL_SERVICE_NAME', 'shop-service')
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=test')
    const logger = open(form, { logger: { name: 'shop', redact: ['password'] }, target: { scopeVersion: '1.2.3' } })
    const before = BigInt(Date.now())
    const error = new RangeError('out of stock', { cause: new Error('wärehouse empty') })
    logger.child({ order: { id: 17 } }).error({ err: error, password: 'p', big: 2 ** 40 }, 'kaputt 漢字 🎉')
    const after = BigInt(Date.now())

    const [record] = await receiver.received(1)
    expect(record).toMatchObject({
      body: 'kaputt 漢字 🎉',
      severityNumber: 17,
      severityText: 'error',
      attributes: {
        order: { id: 17 },
        password: '[Redacted]',
        big: 2 ** 40,
        'exception.type': 'RangeError',
        'exception.message': 'out of stock: wärehouse empty',
        'exception.stacktrace': expect.stringContaining('Error: wärehouse empty'),
      },
      traceId: '',
      spanId: '',
      scopeName: 'shop',
      scopeVersion: '1.2.3',
      resource: { 'service.name': 'shop-service', 'deployment.environment.name': 'test' },
    })
    expect(Object.keys(record?.attributes ?? {})).not.toEqual(expect.arrayContaining(['pid']))
    expect((record?.time ?? 0n) / 1_000_000n).toBeGreaterThanOrEqual(before)
    expect((record?.time ?? 0n) / 1_000_000n).toBeLessThanOrEqual(after)
  })

  test('knows the keys and levels of the logger', async () => {
    const logger = open(form, {
      logger: { messageKey: 'message', errorKey: 'failure', customLevels: { audit: 35 }, nestedKey: 'payload' },
      target: { nestedKey: 'payload' },
    })
    // A round trip: pino's configuration, sent at construction, must not be lost on a line that comes late.
    await flush(logger)
    logger.audit({ failure: new TypeError('wrong'), a: 1 }, 'hello')

    const [record] = await receiver.received(1)
    expect(record).toMatchObject({
      body: 'hello',
      severityNumber: 11,
      severityText: 'audit',
      attributes: { payload: { a: 1 }, 'exception.type': 'TypeError', 'exception.message': 'wrong' },
    })
    expect(record?.attributes.payload).toEqual({ a: 1 })
  })

  test('options of the target come before what pino says', async () => {
    const logger = open(form, {
      logger: { messageKey: 'message' },
      target: { messageKey: 'text', severities: { info: 12 }, scopeName: 'fixed', limits: { attributeCount: 1 } },
    })
    logger.info({ text: 'hello', b: 2, c: 3 })

    const [record] = await receiver.received(1)
    expect(record).toMatchObject({ body: 'hello', severityNumber: 12, scopeName: 'fixed', attributes: { b: 2 } })
    expect(Object.keys(record?.attributes ?? {}).length).toBe(1)
  })

  test('keeps names, times and levels apart from fields that are called like them', async () => {
    const logger = open(form, { logger: { name: 'shop' } })
    const before = BigInt(Date.now())
    // Among targets pino itself goes by a field called level: the record would reach no target.
    const fields = { name: 'Alice', time: '1999-01-01T00:00:00Z', pid: 1, ...(form !== 'targets' && { level: 'high' }) }
    logger.warn(fields, 'hello')

    const [record] = await receiver.received(1)
    expect(record).toMatchObject({
      severityText: 'warn',
      scopeName: 'shop',
      attributes: fields,
    })
    expect((record?.time ?? 0n) / 1_000_000n).toBeGreaterThanOrEqual(before)
  })

  test('bridges only the loggers that include and exclude let through', async () => {
    const logger = open(form, { logger: { name: 'shop' }, target: { include: [/^shop/], exclude: ['shop.noise'] } })
    logger.info('yes')
    const noise = open(form, { logger: { name: 'shop.noise' }, target: { exclude: [/noise$/] } })
    noise.info('no')
    const other = open(form, { logger: { name: 'other' }, target: { include: ['shop', 'other'] } })
    other.info('other')

    await receiver.received(2)
    expect(bodies(receiver.records).sort()).toEqual(['other', 'yes'])
  })

  test.each([undefined, 'payload'])(
    'takes trace context and suppression where the app logs, nestedKey %s',
    async (nestedKey) => {
      onTestFinished(useContextManager())
      const { traceId, spanId } = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
      const inSpan = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1 })
      const folder = await mkdtemp(join(tmpdir(), 'otel-log-bridge-'))
      onTestFinished(() => rm(folder, { recursive: true }))
      const file = join(folder, 'app.log')
      const logger = open(form, {
        logger: nestedKey === undefined ? {} : { nestedKey },
        target: nestedKey === undefined ? {} : { nestedKey },
        file,
      })
      const inNested = (fields: object) => (nestedKey === undefined ? fields : { [nestedKey]: fields })

      context.with(inSpan, () => logger.info({ a: 1 }, 'in a span'))
      withLogsSuppressed(() => logger.info('held back: suppressed'))
      context.with(suppressTracing(inSpan), () => logger.info('held back: tracing suppressed'))
      context.with(suppressLogs(inSpan), () => logger.info('held back: by context'))
      insideEmit(() => logger.info('held back: inside emit'))
      await withLogsSuppressed(async () => {
        await immediate()
        logger.info('held back: later')
      })
      logger.info({ b: 2 }, 'outside')
      context.with(inSpan, () => logger.info({ trace_id: 'mine', otel_log_bridge: 'mine' }, 'fields of the app'))

      await receiver.received(3)
      expect(
        receiver.records.map((record) => [record.body, record.traceId, record.spanId, record.flags & 0xff]),
      ).toEqual([
        ['in a span', traceId, spanId, 1],
        ['outside', '', '', 0],
        ['fields of the app', ...(form === 'createPinoTransport' ? [traceId, spanId, 1] : ['', '', 0])],
      ])
      expect(receiver.records[0]?.attributes).toEqual(inNested({ a: 1 }))
      expect(receiver.records[1]?.attributes).toEqual(inNested({ b: 2 }))
      expect(receiver.records[2]?.attributes).toMatchObject(inNested({ trace_id: 'mine', otel_log_bridge: 'mine' }))
      if (form === 'targets') {
        // Held back from the bridge, not from the logger's other destinations.
        await vi.waitFor(async () => expect((await readFile(file, 'utf8')).match(/held back/g)?.length).toBe(5))
      }
    },
  )

  test('suppressTracing can be left to tracing', async () => {
    onTestFinished(useContextManager())
    const logger = open(form, {
      target: { honorSuppressTracing: false },
      mixin: { honorSuppressTracing: false },
    })
    context.with(suppressTracing(ROOT_CONTEXT), () => logger.info('hello'))
    context.with(suppressLogs(ROOT_CONTEXT), () => logger.info('held back'))
    logger.info('end')

    await receiver.received(2)
    expect(bodies(receiver.records)).toEqual(['hello', 'end'])
  })

  test('1000 concurrent contexts of 2 records each: 2000 right trace ids', async () => {
    onTestFinished(useContextManager())
    const tracer = new TracerProvider().getTracer('test')
    const logger = open(form)
    const request = (i: number) =>
      tracer.startActiveSpan(`request ${i}`, async (span) => {
        const { traceId, spanId } = span.spanContext()
        if (i % 3 === 0) await immediate()
        logger.info({ of: `${traceId} ${spanId}` }, 'first')
        await (i % 2 === 0 ? immediate() : Promise.resolve())
        logger.info({ of: `${traceId} ${spanId}` }, 'second')
        span.end()
      })
    await Promise.all(Array.from({ length: 1000 }, (_, i) => request(i)))

    const records = await receiver.received(2000)
    const right = records.filter(({ traceId, spanId, attributes }) => attributes.of === `${traceId} ${spanId}`)
    expect([records.length, right.length]).toEqual([2000, 2000])
    expect(new Set(records.map(({ traceId }) => traceId)).size).toBe(1000)
  })
})

describe('otelMixin', () => {
  const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }
  const fields = { trace_id: span.traceId, span_id: span.spanId, trace_flags: '01' }
  const inSpan = <T>(fn: () => T) => context.with(trace.setSpanContext(ROOT_CONTEXT, span), fn)

  function lines(options: pino.LoggerOptions, log: (logger: Logger) => void): Record<string, unknown>[] {
    const written: string[] = []
    log(pino({ base: null, timestamp: false, ...options }, { write: (line: string) => void written.push(line) }))
    return written.map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  beforeEach(() => onTestFinished(useContextManager()))

  test('adds the active span’s ids, and nothing where there is none', () => {
    const written = lines({ mixin: otelMixin() }, (logger) => {
      inSpan(() => logger.info('in'))
      logger.info('out')
    })
    expect(written).toEqual([
      { level: 30, ...fields, msg: 'in' },
      { level: 30, msg: 'out' },
    ])
  })

  test('calls the app’s own mixin with what pino gives it, and lets its fields win', () => {
    const calls: unknown[][] = []
    const mixin = (...args: unknown[]) => {
      calls.push(args)
      return { region: 'eu', trace_flags: 'mine' }
    }
    let made: Logger | undefined
    const [line] = lines({ mixin: otelMixin({ mixin }) }, (logger) => {
      made = logger
      inSpan(() => logger.warn({ a: 1 }, 'hello'))
    })
    expect(line).toEqual({ level: 40, ...fields, region: 'eu', trace_flags: 'mine', a: 1, msg: 'hello' })
    expect(calls.map(([merged, level, logger]) => [merged, level, logger === made])).toEqual([[{ a: 1 }, 40, true]])
  })

  test('marks what must not be bridged, and still calls the app’s mixin for the other destinations', () => {
    const written = lines({ mixin: otelMixin({ mixin: () => ({ region: 'eu' }) }) }, (logger) => {
      withLogsSuppressed(() => inSpan(() => logger.info('suppressed')))
      insideEmit(() => logger.info('inside'))
    })
    expect(written).toEqual([
      { level: 30, otel_log_bridge: 'suppressed', region: 'eu', msg: 'suppressed' },
      { level: 30, otel_log_bridge: 'reentrant', region: 'eu', msg: 'inside' },
    ])
  })

  test('its mark is found where a formatter has hidden it', async () => {
    const logger = open('target', { logger: { formatters: { log: (merged) => ({ deep: { deeper: merged } }) } } })
    withLogsSuppressed(() => logger.info({ a: 1 }, 'held back'))
    logger.info({ json: '{"otel_log_bridge":"suppressed"}' }, 'a text that holds the mark')

    await receiver.received(1)
    expect(bodies(receiver.records)).toEqual(['a text that holds the mark'])
  })
})

describe('createPinoTransport', () => {
  let transport: PinoTransport
  const start = (options?: Parameters<typeof createPinoTransport>[0]) => {
    transport = createPinoTransport(options)
    transports.push(transport)
    return transport
  }
  const flushed = () => transport.flush()

  test('no field of a record can hold the record back', async () => {
    const logger = pino(start())
    logger.info({ otel_log_bridge: 'suppressed', nested: { otel_log_bridge: 'reentrant' } }, 'hello')
    await flushed()
    expect(receiver.records).toMatchObject([{ body: 'hello', attributes: { otel_log_bridge: 'suppressed' } }])
  })

  test('is known to pino as its only argument', async () => {
    pino(start()).info('hello')

    await receiver.received(1)
    expect(bodies(receiver.records)).toEqual(['hello'])
  })

  test('its figures add up once flushed, and count for the process', async () => {
    const before = bridgeStats()
    const logger = pino(
      { name: 'shop', customLevels: { noise: 35 } },
      start({ exclude: ['shop.noise'], limits: { attributeCount: 5 } }),
    )
    for (let i = 0; i < 1000; i++) logger.info({ i }, 'hello')
    for (let i = 0; i < 10; i++) withLogsSuppressed(() => logger.info('suppressed'))
    for (let i = 0; i < 5; i++) insideEmit(() => logger.info('inside emit'))
    expect(transport.stats()).toMatchObject({ seen: 1015, emitted: 0, pending: 1000 })
    expect(await flushed()).toEqual({ delivered: 1000, dropped: 0, undelivered: 0 })

    const dropped = { reentrant: 5, suppressed: 10, filtered: 0, disabled: 0, overflow: 0, failed: 0 }
    expect(transport.stats()).toEqual({ seen: 1015, emitted: 1000, pending: 0, dropped })
    expect(receiver.records.length).toBe(1000)
    // The 5 outer records of insideEmit are bridged too.
    expect(bridgeStats().emitted - before.emitted).toBe(1005)
    expect(bridgeStats().pending).toBe(before.pending)

    await transport.close()
    logger.info('after close')
    expect(transport.stats()).toEqual({ seen: 1016, emitted: 1000, pending: 0, dropped: { ...dropped, disabled: 1 } })
  })

  test('records that the thread filters out are counted there', async () => {
    const logger = pino({ name: 'shop' }, start({ exclude: ['shop'] }))
    logger.info('hello')
    await flushed()

    expect(transport.stats()).toMatchObject({ seen: 1, emitted: 0, pending: 0, dropped: { filtered: 1 } })
  })

  test('sends protobuf where the environment asks for nothing else', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', '')
    vi.stubEnv('OTEL_EXPORTER_OTLP_LOGS_PROTOCOL', '')
    const logger = pino(start())
    logger.info('hello protobuf')
    await flushed()

    expect(receiver.requests.map(({ path, contentType }) => [path, contentType])).toEqual([
      ['/v1/logs', 'application/x-protobuf'],
    ])
    expect(receiver.requests[0]?.body.includes('hello protobuf')).toBe(true)
  })

  test('a field of the app that is called trace_id stays a field', async () => {
    onTestFinished(useContextManager())
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const logger = pino(start())
    context.with(trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: 'b7ad6b7169203331', traceFlags: 0 }), () =>
      logger.info({ trace_id: 'order-17' }, 'hello'),
    )
    await flushed()

    expect(receiver.records).toMatchObject([{ traceId, attributes: { trace_id: 'order-17' } }])
  })

  test('lines that a hook has made into something else are one record each', async () => {
    onTestFinished(useContextManager())
    const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }
    const texts = [
      'no end',
      'with {braces} inside\n',
      'two\n\nlines\n',
      '{\n  "msg": "pretty"\n}\n',
      '\n',
      '',
      '[1]\n',
      '}',
    ]
    let next = ''
    const logger = pino({ hooks: { streamWrite: () => next } }, start())
    for (const text of texts) {
      next = text
      context.with(trace.setSpanContext(ROOT_CONTEXT, span), () => logger.info('hello'))
    }
    await flushed()

    const expected = ['no end', 'with {braces} inside', 'two\n\nlines', 'pretty', '', '', '[1]', '}']
    expect(bodies(receiver.records)).toEqual(expected)
    expect(new Set(receiver.records.map(({ spanId }) => spanId))).toEqual(new Set([span.spanId]))
    expect(transport.stats()).toMatchObject({ seen: 8, emitted: 8, pending: 0 })
  })

  test('a line longer than the memory that the threads share arrives whole', async () => {
    const logger = pino(start({ limits: { recordBytes: 64 * 1024 * 1024 } }))
    const text = 'ä漢🎉'.repeat(1_000_000)
    logger.info({ text }, 'long')
    logger.info('after')
    await flushed()

    expect(bodies(receiver.records)).toEqual(['long', 'after'])
    expect(receiver.records[0]?.attributes.text === text).toBe(true)
  })

  test('after close() nothing of it is left', async () => {
    const before = process.listenerCount('exit')
    const logger = pino(start())
    logger.info('hello')
    const gone = once(await worker(), 'exit')
    await Promise.all([transport.close(), transport.close()])
    transport.end()
    await transport.close()

    expect(await gone).toEqual([0])
    expect(process.listenerCount('exit')).toBe(before)
    expect(bodies(receiver.records)).toEqual(['hello'])
    expect(await flushed()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
  })

  test('many flushes at once warn of no leak', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    const logger = pino(start())
    logger.info('hello')
    await Promise.all(Array.from({ length: 50 }, flushed))
    await immediate()
    process.off('warning', onWarning)

    expect(warnings).toEqual([])
  })

  test('a thread that dies is reported, and everything settles', async () => {
    const entries = internalLines()
    const logger = pino(start())
    logger.info('first')
    const thread = await worker()
    await flushed()
    logger.info('second')
    const flush = flushed()
    await thread.terminate()

    const result = { delivered: 1, dropped: 1, undelivered: 0 }
    expect(await flush).toEqual(result)
    expect(await transport.close()).toEqual(result)
    expect(transport.stats()).toMatchObject({ seen: 2, emitted: 1, pending: 0, dropped: { failed: 1 } })
    expect(entries.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['worker-failed', 'worker-lost']))
  })

  test('a thread that dies before it has started has nothing to lose: the next one gets it', async () => {
    const logger = pino(start())
    logger.info('first')
    const thread = await worker()
    logger.info('second')
    const flush = flushed()
    await thread.terminate()

    const result = { delivered: 2, dropped: 0, undelivered: 0 }
    expect(await flush).toEqual(result)
    expect(await transport.close()).toEqual(result)
    expect(bodies(receiver.records)).toEqual(['first', 'second'])
    expect(transport.stats()).toMatchObject({ seen: 2, emitted: 2, pending: 0 })
  })

  test('after a death a new thread takes the records, with pino’s configuration', async () => {
    const logger = pino({ messageKey: 'text' }, start())
    logger.info('first')
    await flushed()
    const thread = await worker()
    const gone = once(thread, 'exit')
    await thread.terminate()
    await gone
    // thread-stream says so in an immediate of its own.
    await immediate()
    await immediate()
    logger.info('second')

    expect(await flushed()).toEqual({ delivered: 2, dropped: 0, undelivered: 0 })
    expect(bodies(receiver.records)).toEqual(['first', 'second'])
    expect(transport.stats()).toMatchObject({ seen: 2, emitted: 2, pending: 0 })
  })

  test('a thread that cannot live is given up, and what is logged then is counted', async () => {
    const entries = internalLines()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const logger = pino(start())
    for (let life = 0; life <= 5; life++) {
      const thread = await worker()
      const gone = once(thread, 'exit')
      await thread.terminate()
      await gone
      await immediate()
      await vi.advanceTimersByTimeAsync(60_000)
    }
    logger.info('hello')
    await flushed()

    expect(transport.stats()).toMatchObject({ seen: 1, pending: 0, dropped: { disabled: 1 } })
    expect(entries.map(({ kind }) => kind)).toContain('worker-given-up')
  })

  test('what the main thread holds is bounded', async () => {
    const entries = internalLines()
    const logger = pino(start({ maxMainBytes: 1_000_000 }))
    await (await worker()).terminate()
    await immediate()
    for (let i = 0; i < 100_000; i++) logger.info('x'.repeat(100))
    const { seen, pending, dropped } = transport.stats()

    expect(seen).toBe(100_000)
    expect(dropped.overflow).toBeGreaterThan(0)
    expect(pending + dropped.overflow).toBe(seen)
    expect(pending * 100).toBeLessThan(6_000_000)
    expect(entries.map(({ kind }) => kind)).toContain('main-full')
    await transport.close(0)
  })

  test('close() waits for a collector that does not answer, but not for ever', async () => {
    const entries = internalLines()
    receiver.misbehaviour = () => {}
    const logger = pino(start())
    logger.info('hello')
    await receiver.until(() => receiver.requests.length > 0)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const closed = transport.close()
    const undelivered = () => entries.filter(({ kind }) => kind === 'undelivered')
    await vi.advanceTimersByTimeAsync(7_999)
    expect(undelivered()).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    vi.useRealTimers()

    expect(await closed).toEqual({ delivered: 0, dropped: 0, undelivered: 1 })
    expect(undelivered()).toMatchObject([
      { kind: 'undelivered', message: '1 records were not delivered within 8000 ms of the close' },
    ])
  })

  test('a provider that cannot be made costs no memory: the thread takes the records', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_LOGS_PROTOCOL', 'carrier pigeon')
    const logger = pino(start())
    for (let i = 0; i < 100; i++) logger.info('hello')
    await flushed()

    expect(transport.stats()).toMatchObject({ seen: 100, emitted: 0, pending: 0, dropped: { disabled: 100 } })
  })
})

describe('the target', () => {
  const line = (fields: object) =>
    `${JSON.stringify({ level: 30, time: Date.now(), pid: process.pid, hostname: hostname(), ...fields })}\n`

  async function write(chunks: readonly (string | Buffer)[]): Promise<void> {
    const target = await pinoTarget()
    for (const chunk of chunks) target.write(chunk)
    target.end()
    await once(target, 'close')
  }

  test('puts lines together wherever they are cut, inside characters too', async () => {
    const bytes = Buffer.from(line({ msg: 'ä漢🎉' }) + line({ msg: 'zwei', a: { b: 'ß' } }))
    await write(Array.from(bytes, (byte) => Buffer.of(byte)))

    expect(bodies(receiver.records)).toEqual(['ä漢🎉', 'zwei'])
    expect(receiver.records[1]?.attributes).toEqual({ a: { b: 'ß' } })
  })

  test('takes texts and bytes in turn', async () => {
    const [first, second] = [line({ msg: 'one' }), line({ msg: 'two' })]
    await write([first.slice(0, 20), Buffer.from(first.slice(20) + second.slice(0, 20)), second.slice(20)])

    expect(bodies(receiver.records)).toEqual(['one', 'two'])
  })

  test('takes a last line without an end, blank lines and carriage returns', async () => {
    await write(['\n\n', line({ msg: 'one' }).replace('\n', '\r\n'), '\n', line({ msg: 'two' }).trimEnd()])

    expect(bodies(receiver.records)).toEqual(['one', 'two'])
  })

  test('takes lines that are no JSON for what they are', async () => {
    await write([
      'INFO started\n',
      '{"level":50\n',
      'null\n',
      '"x"\n',
      '{"level":50,"msg":"json"}\n',
      '{"pid":1,"hostname":"h","name":"\\x"}\n',
    ])

    expect(bodies(receiver.records)).toEqual([
      'INFO started',
      '{"level":50',
      'null',
      '"x"',
      'json',
      '{"pid":1,"hostname":"h","name":"\\x"}',
    ])
    expect(receiver.records.map(({ severityNumber }) => severityNumber)).toEqual([0, 0, 0, 0, 17, 0])
  })

  test('takes a message or a field for no level', async () => {
    await write(['{"msg":"error"}\n', '{"count":50,"msg":"hello"}\n', '{"severity":"ERROR","time":1,"msg":"hello"}\n'])

    expect(receiver.records.map(({ severityText }) => severityText)).toEqual(['', 'error', 'error'])
  })

  test('takes times that are no numbers, under other names, and none', async () => {
    const iso = '2024-05-06T07:08:09.123456789Z'
    await write([
      `{"level":30,"time":"${iso}","msg":"iso"}\n`,
      `{"level":30,"ts":"${iso}","time":"noon","msg":"ts"}\n`,
      `{"level":30,"pid":1,"hostname":"h","time":5,"msg":"none"}\n`,
    ])

    const [first, second, third] = receiver.records
    expect([first?.time, second?.time]).toEqual([1714979289123456789n, 1714979289123456789n])
    expect(second?.attributes).toEqual({ time: 'noon' })
    expect(third?.attributes).toMatchObject({ time: 5 })
  })

  test('a line of many megabytes in small pieces is put together in no time', async () => {
    const text = line({ msg: 'x'.repeat(8_000_000) })
    const chunks = text.match(/[\s\S]{1,4096}/g) ?? []
    const started = performance.now()
    await write(chunks)

    expect(String(receiver.records[0]?.body).length).toBeGreaterThan(700_000)
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  test('leaves no timer behind', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const target = await pinoTarget()
    expect(vi.getTimerCount()).toBe(1)
    target.end(line({ msg: 'hello' }))
    await once(target, 'close')

    expect(vi.getTimerCount()).toBe(0)
  })

  test('sends what it holds when its stream is destroyed', async () => {
    const target = await pinoTarget()
    target.write(line({ msg: 'hello' }))
    target.destroy()
    await once(target, 'close')

    expect(bodies(receiver.records)).toEqual(['hello'])
  })

  test('an option that is wrong reaches the app as the transport’s error', async () => {
    const logger = pino({ transport: { target: TARGET, options: { scopeName: 5 } } })
    const [error] = await once(destinationOf(logger), 'error')

    expect(error).toMatchObject({
      name: 'TypeError',
      message: "otel-log-bridge/pino: option 'scopeName': expected a string, got 5",
    })
  })
})

describe('a process', () => {
  interface Ended {
    readonly code: number | null
    readonly out: string
    readonly err: string
  }

  /** Runs a program of test/children until it ends by itself. */
  async function run(
    program: string,
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    flags: string[] = [],
  ): Promise<Ended> {
    const child = spawn(process.execPath, [...flags, join(CHILDREN, program), ...args], {
      env: { ...process.env, NODE_OPTIONS: '', OTEL_BLRP_SCHEDULE_DELAY: '', ...receiver.env, ...env },
      timeout: 25_000,
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => {
      out += String(chunk)
    })
    child.stderr.on('data', (chunk) => {
      err += String(chunk)
    })
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, out, err }
  }

  const seen = () => new Set(receiver.records.map(({ attributes }) => attributes.i)).size

  describe.each(FORMS)('%s', (form) => {
    test.each([
      ['pino-log-then-end.ts', 0],
      ['pino-log-then-exit.ts', 3],
      ['pino-log-then-throw.ts', 1],
    ])('%s: all records arrive, and the exit code is right', async (program, expected) => {
      const { code, err } = await run(program, [form])

      expect([code, receiver.records.length, seen()]).toEqual([expected, 2000, 2000])
      if (expected !== 1) expect(err).toBe('')
    })

    test('a protocol that there is not is reported in one line, and the app goes on', async () => {
      const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'carrier\npigeon' }
      const { code, out, err } = await run('pino-go-on.ts', [form], env)

      expect([code, out]).toEqual([0, 'went on'])
      expect(err).toContain("OTEL_EXPORTER_OTLP_PROTOCOL: expected one of 'http/protobuf', 'http/json', 'grpc', got")
      expect(err.match(/\n/g)?.length).toBe(1)
    })

    test('a logger that is never used nor closed keeps no process alive', async () => {
      const { code, err } = await run('pino-never-log.ts', [form])

      expect([code, err]).toEqual([0, ''])
    })
  })

  test('that waits for close() is told before it ends', async () => {
    const { code, out, err } = await run('pino-log-then-close.ts')

    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toMatchObject({ seen: 2001, emitted: 2001, pending: 0 })
    expect(seen()).toBe(2001)
  })

  test('that exits without having logged does not wait for the thread', async () => {
    // A thread that has started would say so.
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'carrier pigeon' }
    const { code, err } = await run('pino-never-log.ts', ['createPinoTransport', 'exit'], env)

    expect([code, err]).toEqual([0, ''])
  })

  test('exits with its own code within the deadline where the collector does not answer, and says so', async () => {
    receiver.misbehaviour = () => {}
    const { code, err } = await run('pino-log-then-exit.ts', ['createPinoTransport'])

    expect(code).toBe(3)
    expect(err).toMatch(/otel-log-bridge error \[undelivered\] 20\d\d records/)
  })

  test.each([
    ['--import', {}, ['--import', join(CHILDREN, 'pino-preload.ts')]],
    ['NODE_OPTIONS', { NODE_OPTIONS: `--import ${join(CHILDREN, 'pino-preload.ts')} --no-warnings` }, []],
    ['NODE_OPTIONS in quotes', { NODE_OPTIONS: `--no-warnings --import="${join(CHILDREN, 'pino-preload.ts')}"` }, []],
  ])('a preload of the app (%s) does not run again in the bridge’s own thread', async (_, env, flags) => {
    const { code, out } = await run('pino-log-then-exit.ts', ['createPinoTransport'], env, flags)

    expect([code, out, seen()]).toEqual([3, '[main]', 2000])
  })
})
