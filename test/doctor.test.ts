// `otel-log-bridge doctor`: an app that is wrong in one of the usual ways is told which, in one line, and what to do.

import { rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Check } from '../adapters/cli/check.ts'
import { type AppContents, createAppFolder, olderModule } from './fixtures/cli/app-folder.ts'
import { runCli } from './fixtures/cli/run-cli.ts'
import { type Certificates, createCertificates } from './support/certificates.ts'
import { type OtlpReceiver, startOtlpReceiver } from './support/otlp-receiver.ts'
import { grpcReceiver, startHttpReceiver } from './support/protocol-receiver.ts'

const API = '@opentelemetry/api'
const SDK = '@opentelemetry/sdk-logs'
const PACKAGES = [API, SDK, 'pino', 'winston']
const SERVICE = { OTEL_SERVICE_NAME: 'shop' }
let receiver: OtlpReceiver
/** All that the doctor has advised. */
const fixes = new Set<string | undefined>()

beforeEach(async () => {
  receiver = await startOtlpReceiver()
})
afterEach(() => receiver.close())

interface Examined {
  readonly code: number | null
  readonly ok: boolean
  readonly checks: readonly Check[]
  readonly output: string
}

interface App extends AppContents {
  readonly env?: NodeJS.ProcessEnv
  readonly prepare?: (folder: string) => void
}

/** Runs the doctor in the folder of an app whose collector is there. */
async function examine(app: App, ...args: string[]): Promise<Examined> {
  const folder = createAppFolder({ packages: PACKAGES, ...app })
  onTestFinished(folder.remove)
  app.prepare?.(folder.path)
  const env = { ...receiver.env, ...SERVICE, ...app.env }
  const main =
    app.copyWith === undefined
      ? {}
      : { main: join(folder.path, 'node_modules/otel-log-bridge/dist/adapters/cli/main.js') }
  const { code, stdout, stderr } = await runCli(['doctor', '--json', ...args], { cwd: folder.path, env, ...main })
  const output = stdout.toString()
  if (!output.startsWith('{')) throw new Error(`no JSON: ${output}${stderr}`)
  const found = JSON.parse(output) as Pick<Examined, 'ok' | 'checks'>
  for (const { fix } of found.checks) fixes.add(fix)
  return { code, output, ...found }
}

const of = ({ checks }: Examined, status: Check['status']) => checks.filter((check) => check.status === status)

/** @returns the one check that failed. */
function failureOf(examined: Examined): Check {
  const failed = of(examined, 'fail')
  expect(failed.map(({ name, message }) => `${name}: ${message}`)).toHaveLength(1)
  expect({ code: examined.code, ok: examined.ok }).toEqual({ code: 1, ok: false })
  return failed[0] as Check
}

/** An app that registers an SDK 3. */
const TELEMETRY = `
import { logs } from '@opentelemetry/api'
import { BatchLogRecordProcessor, LoggerProvider, InMemoryLogRecordExporter } from '@opentelemetry/sdk-logs'
const processors = [new BatchLogRecordProcessor({ exporter: new InMemoryLogRecordExporter() })]
logs.setGlobalLoggerProvider(new LoggerProvider({ processors }))
`

describe('an app that is well', () => {
  test('every check is ok, the probe arrives, and the exit code is 0', async () => {
    const examined = await examine({})
    expect(of(examined, 'fail')).toEqual([])
    expect(of(examined, 'warn')).toEqual([])
    expect({ code: examined.code, ok: examined.ok }).toEqual({ code: 0, ok: true })
    const [record] = await receiver.received(1)
    expect(record).toMatchObject({ scopeName: 'otel-log-bridge doctor', severityNumber: 9 })
    expect(record?.body).toContain('a probe of otel-log-bridge doctor')
    expect(record?.resource).toMatchObject({ 'service.name': 'shop' })
  })

  test('its provider is found by what it preloads, and takes a record', async () => {
    const examined = await examine({ files: { 'telemetry.js': TELEMETRY } }, '--import', './telemetry.js')
    expect(of(examined, 'fail')).toEqual([])
    const messages = examined.checks.map(({ name, message }) => `${name}: ${message}`)
    expect(messages).toContainEqual(
      expect.stringMatching(/^provider: a LoggerProvider is registered with @opentelemetry\/api 1\.10/),
    )
    expect(messages).toContainEqual(expect.stringMatching(/^provider-probe: it has taken a record/))
    expect(of(examined, 'warn').map(({ name }) => name)).toEqual(['context'])
  })

  test('of the generation before', async () => {
    const telemetry = TELEMETRY.replace("'@opentelemetry/api'", "'@opentelemetry/api-logs'")
    const app = {
      packages: ['@opentelemetry/api-logs', 'pino'],
      olderPackages: [API, SDK],
      files: { 'telemetry.js': telemetry },
    }
    const examined = await examine(app, '--import', './telemetry.js')
    expect(of(examined, 'fail')).toEqual([])
    const messages = examined.checks.map(({ name, message }) => `${name}: ${message}`)
    expect(messages).toContain(
      '@opentelemetry/sdk-logs: 0.223.1, whose logs go through @opentelemetry/api-logs 0.223.1',
    )
    expect(messages).toContain('provider: a LoggerProvider is registered with @opentelemetry/api-logs')
    // The bridge is linked from a tree that has the API of the other one.
    expect(messages).toContainEqual(
      expect.stringMatching(/^@opentelemetry\/api: the bridge finds 1\.10\..* your app 1\.9/),
    )
  })

  test('as lines for people, with the version of each package', async () => {
    const folder = createAppFolder({ packages: PACKAGES })
    onTestFinished(folder.remove)
    const { code, stdout } = await runCli(['doctor'], { cwd: folder.path, env: { ...receiver.env, ...SERVICE } })
    const lines = stdout.toString().trimEnd().split('\n')
    expect(code).toBe(0)
    for (const line of lines.slice(0, -2)) expect(line).toMatch(/^(?:ok {2}|warn|fail) {2}[\w@/-]+: ./)
    expect(lines).toContainEqual(expect.stringMatching(/^ok {4}pino: \d/))
    expect(lines.at(-2)).toBe('0 failed, 0 to look at')
    expect(lines.at(-1)).toContain('--import ./telemetry.js')
  })
})

describe('ten ways to get it wrong', () => {
  test('no provider: nothing is registered', async () => {
    const app = { files: { 'telemetry.js': 'export {}' } }
    const failed = failureOf(await examine(app, '--import', './telemetry.js'))
    expect(failed).toMatchObject({ name: 'provider', message: 'no LoggerProvider is registered' })
    expect(failed.fix).toContain('logs.setGlobalLoggerProvider()')
  })

  test('no provider: the SDK has started without logs', async () => {
    const telemetry = `
import { trace } from '@opentelemetry/api'
trace.setGlobalTracerProvider({ getTracer() {} })`
    const failed = failureOf(await examine({ files: { 'telemetry.js': telemetry } }, '--import', './telemetry.js'))
    expect(failed).toMatchObject({ name: 'provider' })
    expect(failed.fix).toContain('the SDK has started without logs: give it a log record processor')
  })

  test('the other generation: an older API was registered first, and refuses the provider', async () => {
    const telemetry = `
import { createRequire } from 'node:module'
createRequire(import.meta.url)('${olderModule(API)}').trace.setGlobalTracerProvider({ getTracer() {} })
${TELEMETRY}`
    const failed = failureOf(await examine({ files: { 'telemetry.js': telemetry } }, '--import', './telemetry.js'))
    expect(failed).toMatchObject({ name: 'provider' })
    expect(failed.fix).toMatch(
      /^@opentelemetry\/api 1\.9\.\d+ was registered first, and refuses what another version registers/,
    )
    expect(failed.fix).toContain('npm ls @opentelemetry/api')
  })

  test('the other generation: an SDK that finds the API of another', async () => {
    const older = { packages: ['pino'], olderPackages: [API] }
    const sdk = `{ "name": "${SDK}", "version": "3.1.1", "peerDependencies": { "${API}": ">=1.10.0 <1.11.0" } }`
    const failed = failureOf(await examine({ ...older, files: { [`node_modules/${SDK}/package.json`]: sdk } }))
    expect(failed).toMatchObject({ name: SDK, fix: `npm install ${API}@">=1.10.0 <1.11.0"` })
    expect(failed.message).toMatch(/^3\.1\.1 is of another generation than the @opentelemetry\/api 1\.9/)
  })

  test('a wrong endpoint: nothing listens', async () => {
    const failed = failureOf(await examine({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' } }))
    expect(failed).toMatchObject({ name: 'tcp', message: expect.stringContaining('ECONNREFUSED') })
    expect(failed.fix).toContain('start the collector, or set OTEL_EXPORTER_OTLP_ENDPOINT')
  })

  test('a wrong endpoint: a name that does not resolve', async () => {
    const failed = failureOf(await examine({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.invalid:4318' } }))
    expect(failed.name).toBe('dns')
    expect(failed.fix).toContain("the host's name does not resolve")
  })

  test('HTTP to a gRPC port', async () => {
    const collector = await grpcReceiver()
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: '' }
    const failed = failureOf(await examine({ env }))
    expect(failed.name).toBe('probe')
    expect(failed.fix).toContain('for a gRPC port (4317) set OTEL_EXPORTER_OTLP_PROTOCOL=grpc')
  })

  test('gRPC to an HTTP port', async () => {
    const failed = failureOf(await examine({ env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' } }))
    expect(failed.name).toBe('probe')
    expect(failed.fix).toContain('for an HTTP port (4318) set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf')
  })

  test.each([
    ['http/protobuf', '4317', '4317 is the port of gRPC'],
    ['grpc', '4318', '4318 is the port of HTTP'],
  ])('%s and port %s: the port alone tells', async (protocol, port, message) => {
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }
    expect(of(await examine({ env }), 'warn')).toMatchObject([
      {
        name: 'endpoint',
        message: expect.stringContaining(message),
        fix: expect.stringContaining('OTEL_EXPORTER_OTLP_PROTOCOL='),
      },
    ])
  })

  const OWN_DEPENDENCIES = ['thread-stream', 'real-require', 'winston-transport', API]

  test('the package for gRPC is missing', async () => {
    const collector = await grpcReceiver()
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }
    const failed = failureOf(await examine({ env, packages: ['pino'], copyWith: OWN_DEPENDENCIES }))
    expect(failed).toMatchObject({ name: 'grpc', fix: 'npm install @grpc/grpc-js' })
  })

  test("the package of the app's own exporter is missing", async () => {
    const files = { 'telemetry.js': "import '@opentelemetry/exporter-logs-otlp-grpc'" }
    const examined = await examine({ files }, '--import', './telemetry.js')
    expect(of(examined, 'fail')[0]).toMatchObject({
      name: 'preload',
      message: expect.stringContaining("Cannot find package '@opentelemetry/exporter-logs-otlp-grpc'"),
      fix: 'npm install @opentelemetry/exporter-logs-otlp-grpc',
    })
  })

  test('the file of the thread is not there', async () => {
    const file = 'node_modules/otel-log-bridge/dist/src/pipeline/record-target.js'
    const app = {
      packages: ['pino'],
      copyWith: OWN_DEPENDENCIES,
      prepare: (folder: string) => rmSync(join(folder, file)),
    }
    const failed = failureOf(await examine(app))
    expect(failed).toMatchObject({ name: 'thread', fix: 'npm install otel-log-bridge' })
    expect(failed.message).toContain(file)
  })

  test('contrib sends, too: it is installed beside', async () => {
    const examined = await examine({ packages: [...PACKAGES, '@opentelemetry/winston-transport'] })
    expect(of(examined, 'warn')).toMatchObject([
      { name: 'duplicate-route', message: expect.stringContaining('@opentelemetry/winston-transport 0.34.0') },
    ])
    expect(examined.code).toBe(0)
  })

  test('contrib sends, too: it is attached to the loggers', async () => {
    // What instrumentation-winston does.
    const telemetry = `
const winston = require('winston')
const { OpenTelemetryTransportV3 } = require('@opentelemetry/winston-transport')
const { createLogger } = winston
winston.createLogger = (options) => createLogger(options).add(new OpenTelemetryTransportV3())`
    const packages = [...PACKAGES, '@opentelemetry/winston-transport']
    const examined = await examine({ packages, files: { 'telemetry.cjs': telemetry } }, '--require', './telemetry.cjs')
    expect(of(examined, 'warn')).toContainEqual({
      name: 'attached',
      status: 'warn',
      message:
        'winston: loggers send through @opentelemetry/instrumentation-winston: with the bridge, each record arrives twice',
      fix: 'give @opentelemetry/instrumentation-winston { disableLogSending: true }',
    })
  })

  test('the level is filtered by the provider', async () => {
    const telemetry = TELEMETRY.replace(
      '{ processors }',
      '{ processors, loggerConfigurator: () => ({ enabled: true, minimumSeverity: 13, traceBased: false }) }',
    )
    const failed = failureOf(await examine({ files: { 'telemetry.js': telemetry } }, '--import', './telemetry.js'))
    expect(failed.name).toBe('provider-probe')
    expect(failed.message).toContain('takes no record below severity 13')
    expect(failed.fix).toContain('minimumSeverity')
  })

  test('the SDK is disabled', async () => {
    const failed = failureOf(await examine({ env: { OTEL_SDK_DISABLED: 'true' } }))
    expect(failed).toMatchObject({ name: 'environment', fix: 'unset OTEL_SDK_DISABLED' })
    expect(receiver.requests).toEqual([])
  })

  test('the exporter is none', async () => {
    const failed = failureOf(await examine({ env: { OTEL_LOGS_EXPORTER: 'none' } }))
    expect(failed).toMatchObject({ name: 'environment', fix: 'unset OTEL_LOGS_EXPORTER' })
  })
})

describe('the environment', () => {
  test.each([
    ['OTEL_EXPORTER_OLTP_ENDPOINT', 'it is OTEL_EXPORTER_OTLP_ENDPOINT that is read'],
    ['OTEL_EXPORTER_OTLP_LOG_ENDPOINT', 'it is OTEL_EXPORTER_OTLP_LOGS_ENDPOINT that is read'],
    ['OTEL_SERVICENAME', 'it is OTEL_SERVICE_NAME that is read'],
    ['OTEL_EXPORTER_OTLP_SOMETHING_ELSE', 'look for its name'],
  ])('nobody reads %s', async (name, fix) => {
    const examined = await examine({ env: { [name]: 'http://127.0.0.1:1' } })
    expect(of(examined, 'warn')).toEqual([
      { name: 'environment', status: 'warn', message: `nobody reads ${name}`, fix },
    ])
    expect(examined.code).toBe(0)
  })

  test('variables of the other signals and of the SDK are known', async () => {
    const env = {
      OTEL_BSP_SCHEDULE_DELAY: '1',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://a',
    }
    expect(of(await examine({ env }), 'warn')).toEqual([])
  })

  test('a value that cannot be used', async () => {
    const failed = failureOf(await examine({ env: { OTEL_EXPORTER_OTLP_TIMEOUT: 'soon' } }))
    expect(failed.message).toContain(
      "OTEL_EXPORTER_OTLP_TIMEOUT: expected a whole number above 0, or Infinity, got 'soon'",
    )
  })

  test('a value that is not used', async () => {
    const examined = await examine({ env: { OTEL_BLRP_MAX_QUEUE_SIZE: 'many' } })
    expect(of(examined, 'warn')).toMatchObject([
      { message: "OTEL_BLRP_MAX_QUEUE_SIZE: expected a whole number above 0, or Infinity, got 'many'; it is not used" },
    ])
  })

  test('a service without a name', async () => {
    const examined = await examine({ env: { OTEL_SERVICE_NAME: '' } })
    expect(of(examined, 'warn')).toMatchObject([{ name: 'service', fix: 'set OTEL_SERVICE_NAME' }])
  })

  test('the path of logs in the base endpoint', async () => {
    const examined = await examine({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.endpoint}/v1/logs` } })
    expect(of(examined, 'warn')).toMatchObject([{ name: 'endpoint', fix: 'leave it away there' }])
    const failed = failureOf(examined)
    expect(failed).toMatchObject({ name: 'probe', message: 'HTTP 404' })
    expect(failed.fix).toContain('is the base to which /v1/logs is added')
  })
})

describe('the collector', () => {
  test('refuses the credential, which nobody is shown', async () => {
    receiver.misbehaviour = (_request, response) => void response.writeHead(401).end('who are you')
    const env = {
      OTEL_EXPORTER_OTLP_HEADERS: 'x-honeycomb-team=s3cret,plain=s3cret',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint.replace('//', '//user:s3cret@'),
    }
    const examined = await examine({ env })
    const failed = failureOf(examined)
    expect(failed).toMatchObject({ name: 'probe', message: 'HTTP 401 who are you' })
    expect(failed.fix).toContain('OTEL_EXPORTER_OTLP_HEADERS')
    expect(examined.output).not.toContain('s3cret')
  })

  test('takes a part', async () => {
    const collector = await startHttpReceiver()
    collector.answerWith({ rejectedLogRecords: 1, errorMessage: 'too old' })
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint }
    expect(failureOf(await examine({ env }))).toMatchObject({ name: 'probe', message: 'too old' })
  })

  test('takes the connection, and never answers: that has an end', async () => {
    const server = createServer(() => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as { port: number }
    const failed = failureOf(await examine({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` } }))
    expect(failed).toMatchObject({ name: 'probe', message: 'no answer within 6000 ms' })
  })

  describe('with TLS', () => {
    let certificates: Certificates
    beforeEach(() => {
      certificates = createCertificates()
    })
    afterEach(() => certificates.remove())

    test('whose authority is not trusted here', async () => {
      const collector = await startHttpReceiver({ certificates })
      const failed = failureOf(await examine({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint } }))
      expect(failed.name).toBe('tls')
      expect(failed.message).toContain('a certificate for localhost by test authority')
      expect(failed.fix).toContain('OTEL_EXPORTER_OTLP_CERTIFICATE or NODE_EXTRA_CA_CERTS')
    })

    test('whose authority is named', async () => {
      const collector = await startHttpReceiver({ certificates })
      const env = {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_EXPORTER_OTLP_CERTIFICATE: certificates.authority.certificate,
      }
      const examined = await examine({ env })
      expect(of(examined, 'fail')).toEqual([])
      expect(examined.checks).toContainEqual(expect.objectContaining({ name: 'tls', status: 'ok' }))
    })

    test('on a port that has none', async () => {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint.replace('http:', 'https:') }
      const failed = failureOf(await examine({ env }))
      expect(failed).toMatchObject({ name: 'tls', fix: 'the port speaks no TLS: begin the endpoint with http://' })
    })

    test('on gRPC', async () => {
      const collector = await grpcReceiver({ certificates })
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }
      expect(failureOf(await examine({ env }))).toMatchObject({ name: 'tls' })
      const trusted = { ...env, OTEL_EXPORTER_OTLP_CERTIFICATE: certificates.authority.certificate }
      expect(of(await examine({ env: trusted }), 'fail')).toEqual([])
      expect(collector.records.length).toBe(1)
    })
  })
})

describe('packages', () => {
  test('one that the bridge finds, and the app does not', async () => {
    const examined = await examine({ packages: ['pino'] })
    expect(of(examined, 'warn')).toMatchObject([{ name: API, fix: `npm install ${API}` }])
  })

  test('a logger that is too old', async () => {
    const files = { 'node_modules/winston/package.json': '{ "name": "winston", "version": "2.4.7" }' }
    const failed = failureOf(await examine({ packages: [API], files }))
    expect(failed).toMatchObject({ name: 'winston', message: '2.4.7, and >=3.8 is supported' })
  })

  test('several versions of the API in one tree, however deep', async () => {
    const older = `{ "name": "${API}", "version": "1.9.0" }`
    const files = {
      [`node_modules/@scope/a/node_modules/b/node_modules/${API}/package.json`]: older,
      'node_modules/@scope/a/node_modules/b/package.json': '{}',
    }
    const examined = await examine({ files })
    expect(of(examined, 'warn')).toMatchObject([{ name: 'copies', message: expect.stringContaining('1.9.0 in') }])
  })

  test('another copy than the one that runs, or none', async () => {
    const folder = createAppFolder({})
    onTestFinished(folder.remove)
    rmSync(join(folder.path, 'node_modules'), { recursive: true })
    const { stdout } = await runCli(['doctor'], { cwd: folder.path, env: receiver.env })
    expect(stdout.toString()).toMatch(
      /^warn {2}otel-log-bridge: not installed for .* -> npm install otel-log-bridge @opentelemetry\/api/m,
    )
  })
})

describe('preloads', () => {
  test('that throw or print do not end the doctor', async () => {
    const files = { 'throws.js': "throw new Error('no configuration')", 'prints.cjs': "console.log('hello')" }
    const examined = await examine({ files }, '--require', './prints.cjs', '--import', './throws.js')
    expect(examined.checks).toContainEqual(expect.objectContaining({ message: '--require ./prints.cjs is loaded' }))
    expect(examined.checks).toContainEqual(
      expect.objectContaining({
        name: 'preload',
        status: 'fail',
        message: '--import ./throws.js: Error: no configuration',
      }),
    )
    expect(examined.code).toBe(1)
  })

  test('one that never ends is not waited for without end', async () => {
    const files = { 'hangs.js': 'await new Promise(() => {})' }
    const examined = await examine({ files }, '--import', './hangs.js')
    expect(of(examined, 'fail')[0]).toMatchObject({
      name: 'preload',
      message: '--import ./hangs.js has not loaded within 8000 ms',
    })
    await receiver.received(1)
  })

  test('an exporter that fails says so through the provider', async () => {
    const telemetry = TELEMETRY.replace(
      'new InMemoryLogRecordExporter()',
      "{ export: (_records, done) => done({ code: 1, error: new Error('connect ECONNREFUSED 127.0.0.1:4318') }), shutdown: async () => {}, forceFlush: async () => {} }",
    )
    const failed = failureOf(await examine({ files: { 'telemetry.js': telemetry } }, '--import', './telemetry.js'))
    expect(failed).toMatchObject({ name: 'provider-probe', message: 'connect ECONNREFUSED 127.0.0.1:4318' })
    expect(failed.fix).toContain('start the collector')
  })

  test('a context manager is seen', async () => {
    const telemetry = `
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
${TELEMETRY}`
    const app = { packages: [...PACKAGES, '@opentelemetry/context-async-hooks'], files: { 'telemetry.js': telemetry } }
    expect(of(await examine(app, '--import', './telemetry.js'), 'warn')).toEqual([])
  })
})

test('the troubleshooting page quotes what the doctor has said in the tests above', async () => {
  const page = await readFile(join(import.meta.dirname, '../docs/troubleshooting.md'), 'utf8')
  const quoted = [...page.matchAll(/^(?:fail|warn) {2}.* -> (.*)$/gm)].map(([, fix]) => fix)
  expect(quoted.length).toBeGreaterThan(10)
  for (const fix of quoted) expect([...fixes]).toContain(fix)
})
