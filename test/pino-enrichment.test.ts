// What only the place of a log call knows, and what names choose, in the forms of pino that read their records in
// another thread, up to a real OTLP receiver.

import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import pino, { type Logger } from 'pino'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import winston from 'winston'
import {
  createPinoStream,
  createPinoTransport,
  otelMixin,
  type PinoTransport,
  type PinoTransportOptions,
} from '../adapters/pino/index.ts'
import pinoTarget from '../adapters/pino/target.ts'
import { OpenTelemetryTransport } from '../adapters/winston/index.ts'
import { type Drop, type EnrichmentOptions, setInternalLogSink, withLogsSuppressed } from '../src/index.ts'
import { WorkerLoggerProvider } from '../src/worker.ts'
import { destinationOf, TARGET } from './children/pino-forms.ts'
import { useContextManager } from './support/otel.ts'
import { decodeJson, decodeProtobuf } from './support/otlp-proto.ts'
import { type OtlpReceiver, type ReceivedRecord, startOtlpReceiver } from './support/otlp-receiver.ts'

const FILE = import.meta.filename
let receiver: OtlpReceiver
let closing: (() => Promise<unknown>)[]

beforeEach(async () => {
  receiver = await startOtlpReceiver()
  for (const [name, value] of Object.entries(receiver.env)) vi.stubEnv(name, value)
  vi.stubEnv('OTEL_BLRP_SCHEDULE_DELAY', '20')
  closing = []
  onTestFinished(useContextManager())
})

afterEach(async () => {
  await Promise.all(closing.map((close) => close()))
  setInternalLogSink(undefined)
  vi.unstubAllEnvs()
  await receiver.close()
})

function open(options: PinoTransportOptions): PinoTransport {
  const transport = createPinoTransport(options)
  closing.push(() => transport.close())
  return transport
}

function provider(): WorkerLoggerProvider {
  const loggerProvider = new WorkerLoggerProvider()
  closing.push(() => loggerProvider.close())
  return loggerProvider
}

/** Of pino's own thread. */
function target(options: object, mixin?: EnrichmentOptions, loggerOptions?: object): Logger {
  const logger = pino({ ...loggerOptions, mixin: otelMixin(mixin), transport: { target: TARGET, options } })
  closing.push(async () => {
    const stream = destinationOf(logger)
    const closed = new Promise((resolve) => stream.once('close', resolve))
    await new Promise((resolve) => logger.flush(resolve))
    stream.end()
    await closed
  })
  return logger
}

const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }

/** A request's Context: a span, and baggage that names it, its tenant and things that it should not. */
const REQUEST = propagation.setBaggage(
  trace.setSpanContext(ROOT_CONTEXT, span),
  propagation.createBaggage({
    tenant: { value: 'acme' },
    'user.id': { value: '漢字 "quoted"\n\u0004\u0001' },
    region: { value: 'baggage' },
    otel_log_bridge: { value: 'suppressed' },
    span_id: { value: '1'.repeat(16) },
  }),
)
const OF_BAGGAGE = { tenant: 'acme', 'user.id': '漢字 "quoted"\n\u0004\u0001' }

type Start = (options: EnrichmentOptions, loggerOptions?: pino.LoggerOptions) => Logger

const forms: Record<string, Start> = {
  createPinoTransport: (options, loggerOptions) => pino({ ...loggerOptions }, open(options)),
  'the plain target, with otelMixin': (options, loggerOptions) => target({}, options, loggerOptions),
  'createPinoStream with a WorkerLoggerProvider': (options, loggerOptions) =>
    pino({ ...loggerOptions }, createPinoStream({ ...options, loggerProvider: provider() })),
}

describe.each(Object.entries(forms))('%s', (form, start) => {
  const code = (records: readonly ReceivedRecord[]) =>
    records.map(({ attributes }) => [attributes['code.file.path'], attributes['code.function.name']])

  test('copies baggage, and what is the record’s or its logger’s own wins', async () => {
    const logger = start({ baggage: ['tenant', 'user.*', 'region'] }).child({ region: 'bound' })
    context.with(REQUEST, () => {
      logger.info({ a: 1 }, 'in')
      logger.info({ tenant: 'own' }, 'own')
    })
    logger.info('outside')
    await receiver.received(3)
    expect(receiver.records.map(({ body, attributes, spanId }) => ({ body, attributes, spanId }))).toEqual([
      { body: 'in', attributes: { a: 1, region: 'bound', ...OF_BAGGAGE }, spanId: span.spanId },
      { body: 'own', attributes: { region: 'bound', ...OF_BAGGAGE, tenant: 'own' }, spanId: span.spanId },
      { body: 'outside', attributes: { region: 'bound' }, spanId: '' },
    ])
  })

  test('baggage of a request holds no record back, and gives it no other span', async () => {
    const logger = start({ baggage: ['*'] })
    context.with(REQUEST, () => logger.info('in'))
    context.with(trace.deleteSpan(REQUEST), () => logger.info('without a span'))
    await receiver.received(2)
    expect(receiver.records.map(({ body, spanId }) => [body, spanId])).toEqual([
      ['in', span.spanId],
      ['without a span', ''],
    ])
    expect(receiver.records[1]?.attributes).toMatchObject({ ...OF_BAGGAGE, region: 'baggage' })
  })

  test('tells where the app logged', async () => {
    const logger = start({ code: true })
    function placeOrder() {
      logger.info({ a: 1 }, 'placed')
    }
    placeOrder()
    logger.child({ b: 2 }).error('of a child')
    await receiver.received(2)
    expect(code(receiver.records)).toEqual([
      [FILE, 'placeOrder'],
      [FILE, undefined],
    ])
    expect(receiver.records[0]?.attributes).toMatchObject({
      a: 1,
      'code.line.number': expect.any(Number),
      'code.column.number': expect.any(Number),
    })
  })

  test('with neither option a record has none of it', async () => {
    const logger = start({})
    context.with(REQUEST, () => logger.info({ a: 1 }, 'in'))
    const [record] = await receiver.received(1)
    expect(record?.attributes).toEqual({ a: 1 })
  })

  test('keeps both apart from a line that is none of JSON, and from line feeds in it', async () => {
    const written = form.startsWith('the plain') ? 'no JSON' : 'no JSON\nsecond line'
    const logger = start({ baggage: ['tenant'], code: true }, { hooks: { streamWrite: () => `${written}\n` } })
    context.with(REQUEST, () => logger.info('replaced'))
    const [record] = await receiver.received(1)
    expect(record?.body).toBe(written)
    if (!form.startsWith('the plain')) {
      expect(record?.attributes).toMatchObject({ tenant: 'acme', 'code.file.path': FILE })
      expect(record?.spanId).toBe(span.spanId)
    }
  })
})

test('createPinoTransport: the limits hold for what is added', async () => {
  const logger = pino({}, open({ baggage: ['*'], limits: { attributeCount: 2, attributeValueLength: 4 } }))
  const baggage = propagation.createBaggage({ long: { value: 'long enough' }, more: { value: 'dropped' } })
  context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () => logger.info({ a: 1 }, 'in'))
  const [record] = await receiver.received(1)
  expect(record?.attributes).toEqual({ a: 1, long: 'long' })
})

describe('what the thread cannot know', () => {
  test.each([
    ['code', true, /otelMixin.*createPinoTransport/],
    ['baggage', ['tenant'], /otelMixin.*createPinoTransport/],
    ['onDrop', 'no function', /function does not cross.*createPinoTransport/],
  ])('the plain target refuses %s, and says which form has it', async (name, value, reason) => {
    const refused = pinoTarget({ [name]: value } as never)
    await expect(refused).rejects.toThrow(TypeError)
    await expect(refused).rejects.toThrow(new RegExp(`^otel-log-bridge/pino: option '${name}' .*${reason.source}`))
  })

  test.each<[string, unknown]>([
    ['code', 1],
    ['baggage', 'tenant'],
    ['onDrop', true],
  ])('createPinoTransport checks %s', (name, value) => {
    const create = () => createPinoTransport({ [name]: value })
    expect(create).toThrow(new RegExp(`^createPinoTransport: option '${name}': expected .+, got`))
  })

  test.each<[string, unknown]>([
    ['code', 'yes'],
    ['baggage', [1]],
  ])('otelMixin checks %s', (name, value) => {
    expect(() => otelMixin({ [name]: value })).toThrow(new RegExp(`^otelMixin: option '${name}': expected .+, got`))
  })
})

describe('names', () => {
  const options = { include: ['http.*', /^shop/g, /pay/y], exclude: ['*.noise'] }
  const names = ['http', 'http.server', 'http.noise', 'shop', 'shop.a', 'payments', 'prepaid']
  const chosen = ['http.server', 'shop', 'shop.a', 'payments']

  test('createPinoTransport takes globs and expressions across to the thread', async () => {
    const transport = open(options)
    for (const name of names) for (const time of ['first', 'second']) pino({ name }, transport).info(time)
    await receiver.received(2 * chosen.length)
    expect(receiver.records.map(({ scopeName }) => scopeName)).toEqual(chosen.flatMap((name) => [name, name]))
  })

  test('so does the plain target', async () => {
    const logger = target(options, undefined, { name: 'http.noise' })
    logger.info('no')
    target(options, undefined, { name: 'http.server' }).info('yes')
    await receiver.received(1)
    expect(receiver.records.map(({ scopeName }) => scopeName)).toEqual(['http.server'])
  })
})

describe('schemaUrl', () => {
  const schemaUrl = 'https://opentelemetry.io/schemas/1.40.0'
  const records = () =>
    receiver.requests.flatMap(({ contentType, body }) =>
      contentType === 'application/json' ? decodeJson(body) : decodeProtobuf(body),
    )
  const logs: Record<string, () => void> = {
    createPinoTransport: () => pino({ name: 'shop' }, open({ schemaUrl })).info({ a: 1 }, 'x'),
    'the plain target': () => target({ schemaUrl }, undefined, { name: 'shop' }).info({ a: 1 }, 'x'),
    'createPinoStream, by the line': () =>
      pino({ name: 'shop' }, createPinoStream({ schemaUrl, loggerProvider: provider() })).info({ a: 1 }, 'x'),
    'createPinoStream, by the record': () =>
      pino({ name: 'shop', redact: ['b'] }, createPinoStream({ schemaUrl, loggerProvider: provider() })).info('x'),
    OpenTelemetryTransport: () => {
      const transport = new OpenTelemetryTransport({ schemaUrl, scopeName: 'shop', loggerProvider: provider() })
      winston.createLogger({ transports: [transport] }).info('x')
    },
  }

  test.each(
    Object.entries(logs).flatMap(([form, log]) =>
      ['http/json', 'http/protobuf'].map((protocol) => ({ form, log, protocol })),
    ),
  )('reaches the receiver: $form, $protocol', async ({ log, protocol }) => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', protocol)
    log()
    await receiver.until(() => records().length > 0)
    expect(records()).toMatchObject([{ body: 'x', scope: { name: 'shop', schemaUrl } }])
  })
})

describe('onDrop of createPinoTransport', () => {
  let drops: Drop[]
  const onDrop = (drop: Drop) => void drops.push(drop)

  beforeEach(() => {
    drops = []
    setInternalLogSink(() => {})
  })

  test('is told at once of what is held back where the app logs', () => {
    const logger = pino({}, open({ onDrop }))
    withLogsSuppressed(() => logger.info('x'))
    expect(drops).toEqual([{ reason: 'suppressed', count: 1 }])
  })

  test('is told by their number of those that the thread dropped', async () => {
    const transport = open({ onDrop, exclude: ['noise'] })
    const logger = pino({ name: 'noise' }, transport)
    for (let i = 0; i < 5; i++) logger.info('x')
    await transport.close()
    expect(drops.map(({ reason }) => reason)).toContain('filtered')
    expect(drops.reduce((sum, { count }) => sum + count, 0)).toBe(5)
    expect(transport.stats()).toMatchObject({ seen: 5, pending: 0, dropped: { filtered: 5 } })
  })

  test('is told of what the collector refuses', async () => {
    receiver.misbehaviour = (_request, response) => void response.writeHead(400).end()
    const transport = open({ onDrop })
    const logger = pino({}, transport)
    for (let i = 0; i < 3; i++) logger.info('x')
    await transport.close()
    expect(drops.every(({ reason }) => reason === 'failed')).toBe(true)
    expect(drops.reduce((sum, { count }) => sum + count, 0)).toBe(3)
  })

  test('is told of what comes after close()', async () => {
    const transport = open({ onDrop })
    await transport.close()
    pino({}, transport).info('x')
    expect(drops).toEqual([{ reason: 'disabled', count: 1 }])
  })

  test('what it logs is not bridged', async () => {
    const transport = open({
      onDrop(drop) {
        onDrop(drop)
        logger.info('dropped')
      },
    })
    const logger = pino({}, transport)
    withLogsSuppressed(() => logger.info('x'))
    logger.info('bridged')
    await receiver.received(1)
    await transport.close()
    expect(receiver.records.map(({ body }) => body)).toEqual(['bridged'])
    expect(drops).toEqual([{ reason: 'suppressed', count: 1 }])
    expect(transport.stats()).toMatchObject({ seen: 3, emitted: 1, dropped: { suppressed: 2 } })
  })
})
