// What the internal logger says without being asked, where records wait for a provider or are not accepted: the cause as
// far as it can be seen, and what to do.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { reasonOf } from '../src/internal-logger.ts'
import { whyNoProvider } from '../src/no-provider.ts'
import { adviceFor, withAdvice } from '../src/pipeline/advice.ts'
import { createAppFolder, olderModule } from './fixtures/cli/app-folder.ts'
import { cleanEnvironment } from './fixtures/cli/run-cli.ts'

const API = '@opentelemetry/api'
const run = promisify(execFile)

/** Runs an app that logs once and ends. @returns what it was told. */
async function toldOf(start: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const app = `
import { createRequire } from 'node:module'
import { createBridge } from 'otel-log-bridge'
const require = createRequire(import.meta.url)
${start}
createBridge().emit({ body: 'hello' })`
  const folder = createAppFolder({ packages: [API, '@opentelemetry/sdk-logs'], files: { 'app.js': app } })
  onTestFinished(folder.remove)
  const { stderr } = await run(process.execPath, ['app.js'], { cwd: folder.path, env: cleanEnvironment(env) })
  expect(stderr.trimEnd().split('\n').length).toBe(1)
  return stderr
}

const WAITS = 'otel-log-bridge warn [no-provider] 1 record waits for a LoggerProvider and none is registered: '
const START = "const { trace } = require('@opentelemetry/api'); trace.setGlobalTracerProvider({ getTracer() {} })"

test.each([
  ['nothing is registered', '', {}, 'call logs.setGlobalLoggerProvider()'],
  ['the SDK has started without logs', START, {}, 'the SDK has started without logs: give it a log record processor'],
  [
    'the SDK is disabled',
    '',
    { OTEL_SDK_DISABLED: 'true' },
    'OTEL_SDK_DISABLED is true, and so the SDK registers none: unset it',
  ],
  [
    'an older API was registered first',
    `require('${olderModule(API)}').trace.setGlobalTracerProvider({ getTracer() {} })
     const { logs } = require('@opentelemetry/api')
     const { LoggerProvider } = require('@opentelemetry/sdk-logs')
     if (logs.setGlobalLoggerProvider(new LoggerProvider())) throw new Error('registered')`,
    {},
    '@opentelemetry/api 1.9.1 was registered first, and refuses what another version registers',
  ],
])('no provider: %s', async (_how, start, env, advice) => {
  expect(await toldOf(start, env)).toContain(WAITS + advice)
})

test('no provider: the API of a major version that is not known', () => {
  const key = Symbol.for('opentelemetry.js.api.2')
  Reflect.set(globalThis, key, { version: '2.0.0' })
  onTestFinished(() => void Reflect.deleteProperty(globalThis, key))
  expect(whyNoProvider({})).toContain('@opentelemetry/api 2, which is not known here: update otel-log-bridge')
})

test.each([
  ['Error: connect ECONNREFUSED 127.0.0.1:4318', 'start the collector'],
  ['gRPC 14 No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1', 'start the collector'],
  ['Error: getaddrinfo ENOTFOUND collector', 'does not resolve'],
  ['gRPC 14 Name resolution failed for target dns:collector:4317', 'does not resolve'],
  ['Error: Parse Error: Expected HTTP/, RTSP/ or ICE/', 'OTEL_EXPORTER_OTLP_PROTOCOL=grpc'],
  ['gRPC 14 No connection established. Last error: Protocol error', 'OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf'],
  ['HTTP 404 page not found', '/v1/logs is added'],
  ['gRPC 12 unknown service', 'no pipeline for logs'],
  ['HTTP 401 Unauthorized', 'OTEL_EXPORTER_OTLP_HEADERS'],
  ['gRPC 16 missing key', 'OTEL_EXPORTER_OTLP_HEADERS'],
  ['Error: self-signed certificate in certificate chain', 'NODE_EXTRA_CA_CERTS'],
  ['CERT_HAS_EXPIRED: TLSv1.3', "renew the collector's certificate"],
  ["Error: Hostname/IP does not match certificate's altnames: IP: 10.0.0.1", 'other host names'],
  ['Error: write EPROTO 00:error:0A00010B:SSL routines:wrong version number', 'begin the endpoint with http://'],
  ['HTTP 400 Client sent an HTTP request to an HTTPS server.', 'begin the endpoint with https://'],
  ['Error: no answer within 10000 ms', 'firewalls'],
])('%s: what to do', (reason, advice) => {
  expect(adviceFor(reason)).toContain(advice)
  expect(withAdvice(reason).startsWith(`${reason}; `)).toBe(true)
})

test('what needs no advice, or has none, is left as it is', () => {
  expect(withAdvice('HTTP 503 busy')).toBe('HTTP 503 busy')
  expect(withAdvice('the queue of 10 bytes is full')).toBe('the queue of 10 bytes is full')
})

test('of a host with several addresses each failure is told', () => {
  const errors = [new Error('connect ECONNREFUSED ::1:4318'), new Error('connect ECONNREFUSED 127.0.0.1:4318')]
  expect(reasonOf(new AggregateError(errors))).toBe(
    'Error: connect ECONNREFUSED ::1:4318, Error: connect ECONNREFUSED 127.0.0.1:4318',
  )
})
