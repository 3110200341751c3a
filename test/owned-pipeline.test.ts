// The pipeline of a thread of our own, made here: what each configuration exports, and how each mistake is named.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createBridge, setInternalLogSink } from '../src/index.ts'
import { loadOptional } from '../src/pipeline/load.ts'
import { createOwnedPipeline, type ExportOptions } from '../src/pipeline/owned-pipeline.ts'
import { decodeJson } from './support/otlp-proto.ts'
import { type OtlpReceiver, startOtlpReceiver } from './support/otlp-receiver.ts'

let receiver: OtlpReceiver
let reports: string[]

beforeEach(async () => {
  receiver = await startOtlpReceiver()
  reports = []
  setInternalLogSink(({ kind, message }) => void reports.push(`${kind}: ${message}`))
})
afterEach(async () => {
  setInternalLogSink(undefined)
  await receiver.close()
})

async function start(options: ExportOptions = {}, env: Record<string, string> = {}) {
  const pipeline = await createOwnedPipeline(options, { ...receiver.env, ...env })
  const bridge = createBridge({ loggerProvider: pipeline.provider })
  return { pipeline, bridge, emit: (body: unknown) => bridge.emit({ body, loggerName: 'shop' }) }
}

test('records go out in batches, with the resource of options and environment', async () => {
  const { pipeline, emit } = await start(
    { resourceAttributes: { team: 'a' }, serviceName: 'from-options', maxExportBatchSize: 2 },
    { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=from-env,a%2Cb=c%3Dd%20e' },
  )
  for (let i = 0; i < 5; i++) emit(`record ${i}`)
  expect(await pipeline.close()).toEqual({ delivered: 5, dropped: 0, undelivered: 0 })
  expect(receiver.records.map(({ body }) => body)).toEqual(Array.from({ length: 5 }, (_, i) => `record ${i}`))
  expect(receiver.requests.length).toBe(3)
  expect(receiver.records[0]?.resource).toMatchObject({
    'service.name': 'from-options',
    'deployment.environment.name': 'test',
    'a,b': 'c=d e',
    'telemetry.sdk.name': 'otel-log-bridge',
    team: 'a',
  })
})

test.each(['gzip', 'none'] as const)('compression %s', async (compression) => {
  const { pipeline, emit } = await start({ compression })
  emit('hello')
  await pipeline.close()
  expect(receiver.records.map(({ body }) => body)).toEqual(['hello'])
})

test('headers are sent', async () => {
  let found: unknown
  receiver.misbehaviour = (_request, response) => {
    found = response.req.headers['x-team']
    response.writeHead(200).end()
  }
  const { pipeline, emit } = await start({ headers: { 'X-Team': 'a' } })
  emit('hello')
  expect(await pipeline.close()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
  expect(found).toBe('a')
})

test.each([503, 429])('%i is tried again when Retry-After says so', async (status) => {
  const answers: number[] = []
  receiver.misbehaviour = (_request, response) => {
    answers.push(Date.now())
    receiver.misbehaviour = undefined
    response.writeHead(status, { 'retry-after': '1' }).end()
  }
  const { pipeline, emit } = await start()
  emit('hello')
  expect(await pipeline.flush()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
  expect(Date.now() - (answers[0] ?? 0)).toBeGreaterThanOrEqual(990)
  expect(reports[0]).toMatch(new RegExp(`^retry: 1 record not accepted, next attempt in 1000 ms: HTTP ${status}`))
})

test('a reset connection and a closed port are tried again', async () => {
  receiver.misbehaviour = (_request, response) => {
    receiver.misbehaviour = undefined
    response.destroy()
  }
  const { pipeline, emit } = await start()
  emit('hello')
  expect(await pipeline.flush()).toEqual({ delivered: 1, dropped: 0, undelivered: 0 })
})

test('a record that the collector refuses with 400 costs itself alone', async () => {
  const check: NonNullable<OtlpReceiver['misbehaviour']> = (request, response) => {
    if (request.body.includes('poison')) response.writeHead(400).end('no poison')
    else response.writeHead(200).end()
  }
  receiver.misbehaviour = check
  const { pipeline, emit } = await start()
  for (let i = 0; i < 512; i++) emit(i === 300 ? 'poison' : `record ${i}`)
  expect(await pipeline.flush()).toEqual({ delivered: 511, dropped: 1, undelivered: 0 })
  expect(reports).toEqual(['rejected: 1 record dropped: HTTP 400 no poison'])
})

test.each<[string, string, Buffer]>([
  ['a google.rpc.Status', 'application/x-protobuf', Buffer.from('\x08\x10\x12\x09not today')],
  ['its own words', 'text/plain', Buffer.from('not today')],
  ['what is no message', 'application/x-protobuf', Buffer.from('not today')],
])('a refusal is told as it was explained: in %s', async (_, contentType, body) => {
  receiver.misbehaviour = (_request, response) =>
    void response.writeHead(402, { 'content-type': contentType }).end(body)
  const { pipeline, emit } = await start()
  emit({ body: 'hello' })
  await pipeline.flush()
  expect(reports).toEqual(['rejected: 1 record dropped: HTTP 402 not today'])
})

test('a partial success is counted and told', async () => {
  receiver.misbehaviour = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end('{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}')
  }
  const { pipeline, emit } = await start()
  for (let i = 0; i < 5; i++) emit(i)
  expect(await pipeline.flush()).toEqual({ delivered: 3, dropped: 2, undelivered: 0 })
  expect(reports).toEqual(['rejected: 2 records dropped: too old'])
})

test('asks for more until a batch is full, and then only for what keeps the exporter busy', async () => {
  const { pipeline, emit } = await start({ maxExportBatchSize: 300 })
  const text = 'x'.repeat(10_000)
  for (let i = 0; i < 299; i++) emit(text)
  // 3 MB, and nothing is under way.
  expect(pipeline.hasRoom()).toBe(true)
  emit(text)
  expect(pipeline.hasRoom()).toBe(false)
  expect(await pipeline.close()).toEqual({ delivered: 300, dropped: 0, undelivered: 0 })
})

test('a collector that never answers: close ends at its deadline and tells the truth', async () => {
  receiver.misbehaviour = () => {}
  const { pipeline, emit } = await start({ timeoutMillis: 100 })
  emit('hello')
  expect(await pipeline.close(500)).toEqual({ delivered: 0, dropped: 0, undelivered: 1 })
  expect(reports.some((line) => line.includes('no answer within 100 ms'))).toBe(true)
  expect(reports.at(-1)).toBe('undelivered: 1 record undelivered at the end')
})

test('provider: a module of the app makes the LoggerProvider', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'otel-log-bridge-'))
  const path = join(folder, 'provider.mjs')
  writeFileSync(
    path,
    'export const bodies = []\n' +
      'export default () => ({ getLogger: () => ({ emit: ({ body }) => bodies.push(body) }), forceFlush: async () => {} })\n',
  )
  const { pipeline, emit } = await start({ provider: path })
  emit('hello')
  await pipeline.flush()
  expect(((await import(path)) as { bodies: string[] }).bodies).toEqual(['hello'])
})

test.each([
  ['OTEL_SDK_DISABLED', { OTEL_SDK_DISABLED: 'true' }],
  ['OTEL_LOGS_EXPORTER=none', { OTEL_LOGS_EXPORTER: 'none' }],
] as [string, Record<string, string>][])(
  '%s: nothing is exported, and the records count as disabled',
  async (_name, env) => {
    const { pipeline, bridge, emit } = await start({}, env)
    emit('hello')
    await pipeline.close()
    expect(receiver.requests.length).toBe(0)
    expect(bridge.stats().dropped.disabled).toBe(1)
    expect(reports).toEqual([])
  },
)

test.each([
  [{ provider: 'no-such-package' }, {}, 'no-such-package'],
  [{ provider: '/no/such/file.js' }, {}, '/no/such/file.js'],
  [{}, { OTEL_LOGS_EXPORTER: 'pigeon' }, "OTEL_LOGS_EXPORTER: expected one of 'otlp', 'console', 'none', got 'pigeon'"],
  [{ certificate: '/no/such.pem' }, {}, "certificate: expected a readable file, got '/no/such.pem'"],
] as [ExportOptions, Record<string, string>, string][])(
  '%o %o is named in one line, and records are taken',
  async (options, env, expected) => {
    const { bridge, emit } = await start(options, env)
    emit('hello')
    expect(reports.length).toBe(1)
    expect(reports[0]).toMatch(/^not-exporting: no record will be exported: /)
    expect(reports[0]).toContain(expected)
    expect(bridge.stats().dropped.disabled).toBe(1)
  },
)

test('a missing package names itself and the command that installs it', async () => {
  await expect(loadOptional('no-such-package')).rejects.toThrow(
    "'no-such-package' could not be loaded; install it with: npm install no-such-package",
  )
})

test('the console exporter writes requests of OTLP/JSON to standard output, a line each, up to the exit', async () => {
  const child = spawn(process.execPath, [CONSOLE_APP])
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  expectThousandRecords(stdout)
  expect(code).toBe(3)
})

test('the console exporter waits for a reader that lets the pipe fill up', async () => {
  const child = spawn('sh', ['-c', '"$0" "$1" | (sleep 1; cat)', process.execPath, CONSOLE_APP])
  expectThousandRecords(await text(child.stdout))
})

const CONSOLE_APP = join(import.meta.dirname, 'children/console-exporter.ts')

function expectThousandRecords(stdout: string): void {
  const lines = stdout.trimEnd().split('\n')
  expect(lines.length).toBe(1)
  const bodies = lines.flatMap((line) => decodeJson(Buffer.from(line)).map(({ body }) => body))
  expect(bodies).toEqual(Array.from({ length: 1000 }, (_, i) => `record ${i}`))
}
