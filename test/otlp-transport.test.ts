// What the pipeline sends arrives: in all three protocols, over plain connections, TLS and mTLS, each field as it was
// logged, read by OTLP's own definitions; and what each answer of a collector leads to.

import { status } from '@grpc/grpc-js'
import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createPinoTransport } from '../adapters/pino/index.ts'
import { createBridge, type SourceRecord, setInternalLogSink } from '../src/index.ts'
import { targetOf } from '../src/pipeline/otlp-grpc.ts'
import { createOwnedPipeline, type ExportOptions } from '../src/pipeline/owned-pipeline.ts'
import type { EmittedRecord } from '../src/pipeline/worker-logger-provider.ts'
import { processState } from '../src/process-state.ts'
import { WorkerLoggerProvider } from '../src/worker.ts'
import { type Certificates, createCertificates } from './support/certificates.ts'
import { encodeRetryInfo, type WireRecord } from './support/otlp-proto.ts'
import {
  grpcReceiver,
  HTTP,
  PROTOCOLS,
  type Protocol,
  startHttpReceiver,
  startReceiver,
} from './support/protocol-receiver.ts'

let certificates: Certificates
let reports: string[]

beforeAll(() => {
  certificates = createCertificates()
})
afterAll(() => certificates.remove())
beforeEach(() => {
  reports = []
  // The internal logger limits its lines over all tests of a file.
  processState('internal-logger', () => ({ windows: new Map() })).windows.clear()
  setInternalLogSink(({ kind, message }) => void reports.push(`${kind}: ${message}`))
})
afterEach(() => {
  vi.unstubAllEnvs()
  setInternalLogSink(undefined)
})

const environment = (protocol: Protocol, { endpoint }: { endpoint: string }, env: Record<string, string> = {}) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  ...env,
})

async function start(
  protocol: Protocol,
  receiver: { endpoint: string },
  { options = {}, env = {} }: { options?: ExportOptions; env?: Record<string, string> } = {},
) {
  const pipeline = await createOwnedPipeline(options, environment(protocol, receiver, env))
  onTestFinished(async () => void (await pipeline.close(0)))
  const bridge = createBridge({ loggerProvider: pipeline.provider, scopeVersion: '1.2.3' })
  const emit = (record: SourceRecord) => bridge.emit({ loggerName: 'shop', ...record })
  return { pipeline, emit, emitBodies: (...bodies: unknown[]) => bodies.forEach((body) => void emit({ body })) }
}

const bodies = (records: readonly WireRecord[]) => records.map(({ body }) => body)
const retries = () => reports.filter((line) => line.startsWith('retry: '))

const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }
const logged: SourceRecord = {
  severityNumber: 17,
  severityText: 'error',
  timestamp: [1_700_000_000, 123_456_789],
  body: { text: 'ä漢🎉\n', list: [1, 'two', [true, null]] },
  attributes: {
    text: 'x'.repeat(300),
    empty: { text: '', list: [], map: {}, bytes: new Uint8Array() },
    yes: true,
    no: false,
    nothing: null,
    bytes: new Uint8Array([0, 1, 127, 128, 255]),
    doubles: [0.1, -1.5, 5e-324, Number.MAX_VALUE, 1e300, 2 ** 63],
    strange: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ints: [0, 1, -1, 127, 128, 2 ** 31, -(2 ** 31), 2 ** 32, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
    large: [2 ** 53, 2 ** 62, 2 ** 63 - 1024, -(2 ** 63)],
    nested: { a: { b: [{ c: new Uint8Array([7]) }, { d: Number.NaN }] } },
  },
  eventName: 'order.declined',
  context: trace.setSpanContext(ROOT_CONTEXT, span),
}
const expected: Omit<WireRecord, 'resource' | 'observedTime'> = {
  scope: { name: 'shop', version: '1.2.3', schemaUrl: '' },
  severityNumber: 17,
  severityText: 'error',
  time: 1_700_000_000_123_456_789n,
  body: { text: 'ä漢🎉\n', list: [1n, 'two', [true, null]] },
  attributes: {
    text: 'x'.repeat(300),
    empty: { text: '', list: [], map: {}, bytes: new Uint8Array() },
    yes: true,
    no: false,
    nothing: null,
    bytes: new Uint8Array([0, 1, 127, 128, 255]),
    doubles: [0.1, -1.5, 5e-324, Number.MAX_VALUE, 1e300, 2 ** 63],
    strange: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ints: [0, 1, -1, 127, 128, 2 ** 31, -(2 ** 31), 2 ** 32, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER].map(
      BigInt,
    ),
    large: [2n ** 53n, 2n ** 62n, 2n ** 63n - 1024n, -(2n ** 63n)],
    nested: { a: { b: [{ c: new Uint8Array([7]) }, { d: Number.NaN }] } },
  },
  droppedAttributesCount: 0,
  flags: 1,
  traceId: span.traceId,
  spanId: span.spanId,
  eventName: 'order.declined',
}

describe.each(PROTOCOLS)('%s', (protocol) => {
  test('every field arrives as it was logged', async () => {
    const receiver = await startReceiver(protocol)
    const resourceAttributes = { team: 'a', shard: 3, ratio: 0.5, canary: true }
    const { pipeline, emit } = await start(protocol, receiver, {
      options: { serviceName: 'checkout', resourceAttributes },
    })
    const before = BigInt(Date.now()) * 1_000_000n
    emit(logged)
    expect(await pipeline.close()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
    const [{ resource, observedTime, ...record } = {} as WireRecord] = receiver.records
    expect(record).toStrictEqual(expected)
    expect(resource).toMatchObject({ 'service.name': 'checkout', team: 'a', shard: 3n, ratio: 0.5, canary: true })
    expect(resource).toMatchObject({ 'telemetry.sdk.language': 'nodejs' })
    expect(observedTime).toBeGreaterThanOrEqual(before)
    expect(observedTime).toBeLessThanOrEqual(BigInt(Date.now()) * 1_000_000n)
    expect(reports).toEqual([])
  })

  test('a record with nothing in it', async () => {
    const receiver = await startReceiver(protocol)
    const { pipeline, emit } = await start(protocol, receiver)
    emit({ timestamp: 1_700_000_000_000 })
    await pipeline.close()
    expect(receiver.records).toMatchObject([
      { time: 1_700_000_000_000_000_000n, body: null, attributes: {}, severityNumber: 0, severityText: '' },
    ])
    expect(receiver.records).toMatchObject([{ traceId: '', spanId: '', flags: 0, eventName: '' }])
  })

  test('-0 keeps its sign', async () => {
    const receiver = await startReceiver(protocol)
    const { pipeline, emitBodies } = await start(protocol, receiver)
    emitBodies(-0)
    await pipeline.close()
    expect(bodies(receiver.records)).toEqual([-0])
  })

  test('records of several loggers keep their scopes', async () => {
    const receiver = await startReceiver(protocol)
    const { pipeline, emit } = await start(protocol, receiver)
    for (const loggerName of ['a', 'b', 'a', 'c', 'd', 'e']) emit({ loggerName, body: loggerName })
    await pipeline.close()
    expect(receiver.records.map(({ scope, body }) => `${scope.name}${body}`).sort()).toEqual([
      'aa',
      'aa',
      'bb',
      'cc',
      'dd',
      'ee',
    ])
  })

  test.each(['gzip', 'none'])('compression %s', async (compression) => {
    const receiver = await startReceiver(protocol)
    const { pipeline, emitBodies } = await start(protocol, receiver, {
      env: { OTEL_EXPORTER_OTLP_COMPRESSION: compression },
    })
    const body = 'much of the same '.repeat(6000)
    emitBodies(body)
    await pipeline.close()
    expect(bodies(receiver.records)).toEqual([body])
    if (compression === 'gzip') expect(receiver.bytesRead()).toBeLessThan(body.length / 10)
    else expect(receiver.bytesRead()).toBeGreaterThan(body.length)
  })

  test('headers arrive', async () => {
    const receiver = await startReceiver(protocol)
    const { pipeline, emitBodies } = await start(protocol, receiver, {
      options: { headers: { 'X-Team': 'a' } },
      env: { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20s3cret,x-team=b' },
    })
    emitBodies('hello')
    await pipeline.close()
    expect(receiver.header('authorization')).toBe('Bearer s3cret')
    expect(receiver.header('x-team')).toBe('a')
    expect(receiver.header('user-agent')).toContain('otel-log-bridge')
  })

  test('a header that cannot be sent is named at the start, and its value is not shown', async () => {
    await start(protocol, { endpoint: 'http://127.0.0.1:1' }, { options: { headers: { 'x-key': 's3cret\n' } } })
    expect(reports).toEqual([expect.stringMatching(/^not-exporting: .* headers: .* 'x-key' has characters that no /)])
    expect(reports[0]).not.toContain('s3cret')
  })

  test('TLS, with the authority of OTEL_EXPORTER_OTLP_CERTIFICATE', async () => {
    const receiver = await startReceiver(protocol, { certificates })
    const { pipeline, emitBodies } = await start(protocol, receiver, {
      env: { OTEL_EXPORTER_OTLP_CERTIFICATE: certificates.authority.certificate },
    })
    emitBodies('hello')
    expect(await pipeline.close()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
    expect(bodies(receiver.records)).toEqual(['hello'])
    expect(reports).toEqual([])
  })

  test.each(['gzip', 'none'])('mTLS, compression %s', async (compression) => {
    const receiver = await startReceiver(protocol, { certificates, mutual: true })
    const { pipeline, emitBodies } = await start(protocol, receiver, {
      env: {
        OTEL_EXPORTER_OTLP_CERTIFICATE: certificates.authority.certificate,
        OTEL_EXPORTER_OTLP_CLIENT_KEY: certificates.client.key,
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certificates.client.certificate,
        OTEL_EXPORTER_OTLP_COMPRESSION: compression,
      },
    })
    emitBodies('hello')
    expect(await pipeline.close()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
    expect(bodies(receiver.records)).toEqual(['hello'])
  })

  test.each([
    ['a server of another authority', () => ({ certificate: certificates.otherAuthority.certificate })],
    ['no client certificate where one is asked for', () => ({ certificate: certificates.authority.certificate })],
    [
      'a client certificate of another authority',
      () => ({
        certificate: certificates.authority.certificate,
        clientKey: certificates.otherClient.key,
        clientCertificate: certificates.otherClient.certificate,
      }),
    ],
  ])('%s: tried again, and undelivered at the deadline', async (_name, options) => {
    const receiver = await startReceiver(protocol, { certificates, mutual: true })
    const { pipeline, emitBodies } = await start(protocol, receiver, { options: options() })
    emitBodies('hello')
    void pipeline.flush()
    await vi.waitFor(() => expect(retries().length).toBeGreaterThan(1), { timeout: 10_000, interval: 20 })
    expect(retries()[0]).toMatch(/^retry: 1 record not accepted, next attempt in \d+ ms: ./)
    expect(await pipeline.close(50)).toEqual({ delivered: 0, dropped: 0, undelivered: 1 })
    expect(receiver.records).toEqual([])
    expect(reports.at(-1)).toBe('undelivered: 1 record undelivered at the end')
  })

  test('certificate files that hold none are named at the start', async () => {
    const { key } = certificates.client
    const endpoint = 'https://127.0.0.1:1'
    await start(protocol, { endpoint }, { options: { clientKey: key } })
    await start(protocol, { endpoint }, { options: { clientKey: key, clientCertificate: key } })
    expect(reports).toEqual([
      expect.stringContaining('clientKey, clientCertificate: expected both or neither'),
      expect.stringContaining('certificate, clientKey, clientCertificate: expected PEM files ('),
    ])
  })

  test('a partial success is counted and told', async () => {
    const receiver = await startReceiver(protocol)
    receiver.answerWith({ rejectedLogRecords: 2, errorMessage: 'too old' })
    const { pipeline, emitBodies } = await start(protocol, receiver)
    emitBodies(1, 2, 3, 4, 5)
    expect(await pipeline.flush()).toEqual({ delivered: 3, dropped: 2, undelivered: 0 })
    expect(reports).toEqual(['rejected: 2 records dropped: too old'])
  })

  test('a success with a warning is a success, and the warning is told', async () => {
    const receiver = await startReceiver(protocol)
    receiver.answerWith({ errorMessage: 'this endpoint moves' })
    const { pipeline, emitBodies } = await start(protocol, receiver)
    emitBodies(1, 2)
    expect(await pipeline.flush()).toEqual({ delivered: 2, dropped: 0, undelivered: 0 })
    expect(reports).toEqual(['collector-warning: the collector accepts the records, but says: this endpoint moves'])
  })

  test('from the thread of WorkerLoggerProvider', async () => {
    const receiver = await startReceiver(protocol, { certificates })
    for (const [name, value] of Object.entries(environment(protocol, receiver))) vi.stubEnv(name, value)
    const provider = new WorkerLoggerProvider({ certificate: certificates.authority.certificate })
    provider.getLogger('shop', '1.2.3').emit(logged as EmittedRecord)
    expect(await provider.close()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
    expect(receiver.records).toMatchObject([expected])
  })

  test('from the thread of createPinoTransport', async () => {
    const receiver = await startReceiver(protocol, { certificates })
    for (const [name, value] of Object.entries(environment(protocol, receiver))) vi.stubEnv(name, value)
    vi.stubEnv('OTEL_EXPORTER_OTLP_CERTIFICATE', certificates.authority.certificate)
    const transport = createPinoTransport({ compression: 'gzip' })
    pino({ name: 'shop' }, transport).error({ order: { id: 7, price: 1.5 } }, 'declined')
    expect(await transport.close()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
    expect(receiver.records).toMatchObject([
      {
        scope: { name: 'shop' },
        severityNumber: 17,
        severityText: 'error',
        body: 'declined',
        attributes: { order: { id: 7n, price: 1.5 } },
      },
    ])
  })
})

describe('gRPC answers', () => {
  test('UNAVAILABLE is tried again', async () => {
    const receiver = await grpcReceiver()
    receiver.misbehaviour = () => {
      receiver.misbehaviour = undefined
      return { code: status.UNAVAILABLE, details: 'one moment' }
    }
    const { pipeline, emitBodies } = await start('grpc', receiver)
    emitBodies('hello')
    expect(await pipeline.flush()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
    expect(reports).toEqual([
      expect.stringMatching(/^retry: 1 record not accepted, next attempt in \d+ ms: gRPC 14 one moment$/),
    ])
  })

  test.each([
    [status.RESOURCE_EXHAUSTED, { seconds: 0, nanos: 250_000_001 }, 251],
    [status.UNAVAILABLE, { seconds: 1, nanos: 5_000_000 }, 1005],
  ])('code %i with RetryInfo %j waits %i ms', async (code, delay, waited) => {
    const receiver = await grpcReceiver()
    receiver.misbehaviour = ({ metadata }) => {
      receiver.misbehaviour = undefined
      const trailer = metadata.clone()
      trailer.set('grpc-status-details-bin', encodeRetryInfo(code, delay))
      return { code, details: 'slow down', metadata: trailer }
    }
    const { pipeline, emitBodies } = await start('grpc', receiver)
    emitBodies('hello')
    expect(await pipeline.flush()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
    expect(retries()).toEqual([`retry: 1 record not accepted, next attempt in ${waited} ms: gRPC ${code} slow down`])
    const [first, second] = receiver.requests.map(({ at }) => at)
    // Timers of Node may be a millisecond early.
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(waited - 2)
  })

  test.each([
    ['of nothing', { seconds: 0, nanos: 0 }],
    ['below nothing', { seconds: -1, nanos: 0 }],
  ])('RetryInfo %s is no delay: the next attempt waits for a back-off', async (_name, delay) => {
    const receiver = await grpcReceiver()
    receiver.misbehaviour = ({ metadata }) => {
      receiver.misbehaviour = undefined
      const trailer = metadata.clone()
      trailer.set('grpc-status-details-bin', encodeRetryInfo(status.UNAVAILABLE, delay))
      return { code: status.UNAVAILABLE, details: 'now', metadata: trailer }
    }
    const { pipeline, emitBodies } = await start('grpc', receiver)
    emitBodies('hello')
    expect(await pipeline.flush()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
    expect(Number(/in (\d+) ms/.exec(retries()[0] ?? '')?.[1])).toSatisfy((ms: number) => ms >= 400 && ms <= 600)
  })

  test('INVALID_ARGUMENT costs the record that caused it alone', async () => {
    const receiver = await grpcReceiver()
    receiver.misbehaviour = ({ records }) =>
      bodies(records).includes('poison') ? { code: status.INVALID_ARGUMENT, details: 'no poison' } : undefined
    const { pipeline, emitBodies } = await start('grpc', receiver)
    emitBodies(...Array.from({ length: 512 }, (_, i) => (i === 300 ? 'poison' : i)))
    expect(await pipeline.flush()).toEqual({ delivered: 511, dropped: 1, undelivered: 0 })
    expect(bodies(receiver.records)).toEqual(Array.from({ length: 512 }, (_, i) => BigInt(i)).filter((i) => i !== 300n))
    expect(reports).toEqual(['rejected: 1 record dropped: gRPC 3 no poison'])
  })

  test('PERMISSION_DENIED drops the batch at once', async () => {
    const receiver = await grpcReceiver()
    receiver.misbehaviour = () => ({ code: status.PERMISSION_DENIED, details: 'not you' })
    const { pipeline, emitBodies } = await start('grpc', receiver)
    emitBodies(1, 2, 3)
    expect(await pipeline.flush()).toEqual({ delivered: 0, dropped: 3, undelivered: 0 })
    expect(receiver.requests.length).toBe(1)
    expect(reports).toEqual([
      expect.stringMatching(/^rejected: 3 records dropped: gRPC 7 not you; put the backend's key/),
    ])
  })

  test('no answer within the timeout is tried again', async () => {
    const receiver = await grpcReceiver()
    receiver.misbehaviour = () => {
      receiver.misbehaviour = undefined
      return 'none'
    }
    const { pipeline, emitBodies } = await start('grpc', receiver, {
      env: { OTEL_EXPORTER_OTLP_TIMEOUT: '300' },
    })
    emitBodies('hello')
    expect(await pipeline.flush()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
    expect(bodies(receiver.records)).toEqual(['hello'])
    expect(retries()[0]).toContain('gRPC 4 ')
  })

  test('a server that restarts in mid-stream gets every record once, in order', async () => {
    const receiver = await grpcReceiver()
    let restarted: Promise<void> | undefined
    receiver.misbehaviour = ({ records }) => {
      if (restarted !== undefined || !bodies(records).includes(25n)) return undefined
      restarted = receiver.restart()
      return 'none'
    }
    const { pipeline, emitBodies } = await start('grpc', receiver, { options: { maxExportBatchSize: 5 } })
    emitBodies(...Array.from({ length: 50 }, (_, i) => i))
    expect(await pipeline.flush()).toEqual({ delivered: 50, dropped: 0, undelivered: 0 })
    await restarted
    expect(bodies(receiver.records)).toEqual(Array.from({ length: 50 }, (_, i) => BigInt(i)))
    expect(retries().length).toBeGreaterThan(0)
  })

  test.each([
    ['http://collector:80', 'collector:80'],
    ['http://collector', 'collector:80'],
    ['https://collector:443/', 'collector:443'],
    ['http://[::1]:4317', '[::1]:4317'],
  ])('%s is the target %s', (url, target) => {
    expect(targetOf(new URL(url))).toBe(target)
  })

  test('a binary header arrives as bytes', async () => {
    const receiver = await grpcReceiver()
    const { pipeline, emitBodies } = await start('grpc', receiver, { options: { headers: { 'x-key-bin': 'AAH/' } } })
    emitBodies('hello')
    await pipeline.close()
    expect(receiver.requests[0]?.metadata.get('x-key-bin')).toEqual([Buffer.from([0, 1, 255])])
  })
})

test.each(HTTP)('%s: Retry-After of nothing is no delay: the next attempt waits for a back-off', async (protocol) => {
  const receiver = await startHttpReceiver()
  receiver.respond = (response) => {
    delete receiver.respond
    response.writeHead(503, { 'retry-after': '0' }).end()
  }
  const { pipeline, emitBodies } = await start(protocol, receiver)
  emitBodies('hello')
  expect(await pipeline.flush()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
  expect(Number(/in (\d+) ms/.exec(retries()[0] ?? '')?.[1])).toSatisfy((ms: number) => ms >= 400 && ms <= 600)
})

test.each(HTTP)('%s: an answer that stops in the middle is tried again', async (protocol) => {
  const receiver = await startHttpReceiver()
  receiver.respond = (response) => {
    delete receiver.respond
    response.writeHead(200, { 'content-length': 100 }).write('{')
  }
  const { pipeline, emitBodies } = await start(protocol, receiver, { options: { timeoutMillis: 200 } })
  emitBodies('hello')
  expect(await pipeline.flush()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
  expect(retries()[0]).toContain('no answer within 200 ms')
})

test('an endpoint whose scheme is not http or https is named', async () => {
  await createOwnedPipeline({ endpoint: 'localhost:4317', protocol: 'grpc' }, {})
  await createOwnedPipeline({}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://localhost:4317' })
  expect(reports).toEqual([
    expect.stringContaining("endpoint: expected a URL that begins with 'http://' or 'https://', got 'localhost:4317'"),
    expect.stringContaining(
      "OTEL_EXPORTER_OTLP_ENDPOINT: expected a URL that begins with 'http://' or 'https://', got 'grpc://localhost:4317'",
    ),
  ])
})
