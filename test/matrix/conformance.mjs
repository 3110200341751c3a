// The contract in short, for one combination of versions: what is loaded is given, as ESM or as CJS has loaded it.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { promisify } from 'node:util'

const run = promisify(execFile)
const SPAN = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }
const EXIT_RECORDS = 1000

/** By the rule or the form that is checked. */
const checks = {
  'every value': ({ pino, winston, pinoBridge, winstonBridge }, { sdk }) => {
    const circular = { at: new Date(0), big: 2n ** 40n, bytes: Buffer.from('abc'), map: new Map([['a', 1]]) }
    circular.self = circular
    const { loggerProvider, records } = sdk()
    pino({ name: 'shop' }, pinoBridge.createPinoStream({ loggerProvider })).error(new TypeError('declined'), 'payment')
    const transport = new winstonBridge.OpenTelemetryTransport({ loggerProvider })
    const logger = winston.createLogger({ defaultMeta: { at: new Date(0) }, transports: [transport] })
    logger.info('order placed', circular)
    const [error, order] = records()
    assert.equal(error.instrumentationScope.name, 'shop')
    assert.deepEqual([error.body, error.severityNumber, error.severityText], ['payment', 17, 'error'])
    assert.equal(error.attributes['exception.type'], 'TypeError')
    assert.equal(error.attributes['exception.message'], 'declined')
    assert.deepEqual([order.body, order.severityNumber], ['order placed', 9])
    assert.equal(order.attributes.at, '1970-01-01T00:00:00.000Z')
    assert.deepEqual(order.attributes.map, { a: 1 })
    assert.equal(Buffer.from(order.attributes.bytes).toString(), 'abc')
  },

  'no log call throws': ({ pino, bridge, pinoBridge }, { sdk }) => {
    const { loggerProvider, records } = sdk()
    const broken = {
      get field() {
        throw new Error('the app’s own')
      },
    }
    const throwing = { getLogger: () => ({ emit: () => assert.fail('the provider is broken') }) }
    pino({}, pinoBridge.createPinoStream({ loggerProvider: throwing })).info('hello')
    bridge.createBridge({ loggerProvider }).emit({ body: 'hello', attributes: broken })
    assert.deepEqual(
      records().map(({ body }) => body),
      ['hello'],
    )
  },

  feedback: async ({ pino, bridge, pinoBridge, sdk }) => {
    const before = bridge.bridgeStats()
    let exports = 0
    const exporter = {
      export(_records, done) {
        exports++
        logger.warn('exporting')
        setTimeout(() => {
          logger.warn('exported')
          done({ code: 0 })
        }, 1)
      },
      shutdown: async () => {},
      forceFlush: async () => {},
    }
    const loggerProvider = new sdk.LoggerProvider({ processors: [new sdk.SimpleLogRecordProcessor({ exporter })] })
    const logger = pino({}, pinoBridge.createPinoStream({ loggerProvider }))
    for (let i = 0; i < 3; i++) logger.info('by the app')
    await new Promise((resolve) => setTimeout(resolve, 100))
    const { seen, dropped } = bridge.bridgeStats()
    assert.deepEqual([exports, seen - before.seen, dropped.reentrant - before.dropped.reentrant], [3, 9, 6])
  },

  suppression: ({ pino, bridge, pinoBridge, api }, { sdk, inContext }) => {
    const { loggerProvider, records } = sdk()
    const logger = pino({}, pinoBridge.createPinoStream({ loggerProvider }))
    bridge.withLogsSuppressed(() => logger.info('by an exporter'))
    inContext(bridge.suppressLogs(api.ROOT_CONTEXT), () => logger.info('by an exporter'))
    logger.info('by the app')
    assert.equal(records().length, 1)
  },

  'trace context': ({ pino, winston, pinoBridge, winstonBridge, api }, { sdk, inContext }) => {
    const { loggerProvider, records } = sdk()
    const one = pino({}, pinoBridge.createPinoStream({ loggerProvider }))
    const transports = [new winstonBridge.OpenTelemetryTransport({ loggerProvider })]
    const other = winston.createLogger({ transports })
    inContext(api.trace.setSpanContext(api.ROOT_CONTEXT, SPAN), () => {
      one.info('in a span')
      other.info('in a span')
    })
    assert.deepEqual(
      records().map(({ spanContext }) => spanContext?.traceId),
      [SPAN.traceId, SPAN.traceId],
    )
  },

  'a provider that comes late': ({ pino, pinoBridge, logs }, { sdk }) => {
    const { loggerProvider, records } = sdk()
    const logger = pino({}, pinoBridge.createPinoStream())
    logger.info('before')
    logs.setGlobalLoggerProvider(loggerProvider)
    logger.info('after')
    logs.disable()
    assert.deepEqual(
      records().map(({ body }) => body),
      ['before', 'after'],
    )
  },

  createPinoTransport: async ({ pino, pinoBridge, api }, { receiver, inContext }) => {
    const transport = pinoBridge.createPinoTransport()
    const logger = pino({ name: 'shop' }, transport)
    inContext(api.trace.setSpanContext(api.ROOT_CONTEXT, SPAN), () => logger.info({ orderId: 17 }, 'order placed'))
    assert.deepEqual(await transport.close(), { delivered: 1, dropped: 0, undelivered: 0 })
    assert.deepEqual(receiver.take(), [['shop', 'order placed', 9, SPAN.traceId]])
  },

  'plain pino target': async ({ pino, pinoBridge, api, resolve }, { receiver, inContext }) => {
    const stream = pino.transport({ target: resolve('otel-log-bridge/pino') })
    const logger = pino({ name: 'shop', mixin: pinoBridge.otelMixin() }, stream)
    inContext(api.trace.setSpanContext(api.ROOT_CONTEXT, SPAN), () => logger.info('order placed'))
    // The end of the stream blocks this thread, which is the receiver's, too.
    await receiver.arrival()
    assert.deepEqual(receiver.take(), [['shop', 'order placed', 9, SPAN.traceId]])
    stream.end()
  },

  WorkerLoggerProvider: async ({ pino, winston, pinoBridge, winstonBridge, worker }, { receiver }) => {
    const loggerProvider = new worker.WorkerLoggerProvider({ protocol: 'http/protobuf' })
    pino({ name: 'shop' }, pinoBridge.createPinoStream({ loggerProvider })).info('by pino')
    const transports = [new winstonBridge.OpenTelemetryTransport({ loggerProvider, scopeName: 'till' })]
    winston.createLogger({ transports }).warn('by winston')
    assert.deepEqual(await loggerProvider.close(), { delivered: 2, dropped: 0, undelivered: 0 })
    const sent = receiver.takeBytes()
    for (const text of ['shop', 'by pino', 'till', 'by winston']) assert.ok(sent.includes(text), text)
  },

  BufferedLogRecordProcessor: async ({ pino, pinoBridge, processor, sdk }) => {
    const exporter = new sdk.InMemoryLogRecordExporter()
    const buffered = new processor.BufferedLogRecordProcessor({ exporter })
    const loggerProvider = new sdk.LoggerProvider({ processors: [buffered] })
    const logger = pino({}, pinoBridge.createPinoStream({ loggerProvider }))
    for (let i = 0; i < 5000; i++) logger.info({ i }, 'burst')
    await loggerProvider.forceFlush()
    assert.equal(exporter.getFinishedLogRecords().length, 5000)
    await loggerProvider.shutdown()
  },

  'process.exit()': async (_modules, { receiver }) => {
    const child = run(process.execPath, [process.argv[1], 'exit'], { env: { ...process.env, ...receiver.env } })
    await assert.rejects(child, { code: 3 })
    assert.equal(receiver.take().length, EXIT_RECORDS)
  },

  'without code': async (_modules, { receiver }) => {
    for (const preload of ['--import', '--require']) {
      const words = [preload, 'otel-log-bridge/register', process.argv[1], 'preloaded']
      await run(process.execPath, words, { env: { ...process.env, ...receiver.env } })
      const taken = receiver.take().map(([scope, body]) => `${scope}: ${body}`)
      assert.deepEqual(taken.sort(), ['otel-log-bridge: by winston', 'shop: by pino'])
    }
  },

  accounting: ({ bridge }) => {
    const { seen, emitted, pending, dropped } = bridge.bridgeStats()
    const total = Object.values(dropped).reduce((sum, count) => sum + count, emitted + pending)
    assert.ok(seen > 0)
    assert.equal(seen, total)
  },

  'the target is found by name': ({ resolve }) => assert.match(resolve('otel-log-bridge/pino'), /\.cjs$/),
}

function logAndExit({ pino, pinoBridge }) {
  const logger = pino({ name: 'shop' }, pinoBridge.createPinoTransport())
  for (let i = 0; i < EXIT_RECORDS; i++) logger.info({ i }, 'logged')
  process.exit(3)
}

function logWithoutBridge({ pino, winston }) {
  pino({ name: 'shop' }).info('by pino')
  winston.createLogger({ transports: [new winston.transports.Console()] }).info('by winston')
}

/** Prints what has failed, as JSON. */
export async function conformance(modules) {
  if (process.argv[2] === 'preloaded') return logWithoutBridge(modules)
  if (process.argv[2] === 'exit') logAndExit(modules)
  const receiver = await startReceiver()
  Object.assign(process.env, receiver.env)
  modules.bridge.setInternalLogSink(() => {})
  const manager = new modules.hooks.AsyncLocalStorageContextManager().enable()
  modules.api.context.setGlobalContextManager(manager)
  const tools = {
    receiver,
    inContext: (context, fn) => modules.api.context.with(context, fn),
    sdk() {
      const exporter = new modules.sdk.InMemoryLogRecordExporter()
      const processor = new modules.sdk.SimpleLogRecordProcessor({ exporter })
      const loggerProvider = new modules.sdk.LoggerProvider({ processors: [processor] })
      return { loggerProvider, records: () => exporter.getFinishedLogRecords() }
    },
  }
  const failures = []
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check(modules, tools)
    } catch (error) {
      failures.push(`${name}: ${error.stack}`)
    }
  }
  receiver.close()
  console.log(JSON.stringify({ checks: Object.keys(checks), failures }))
}

/** A collector that takes OTLP in JSON, and keeps other encodings as they are. */
async function startReceiver() {
  let records = []
  let bytes = ''
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const isJson = request.headers['content-type'] === 'application/json'
      if (isJson) records.push(...recordsOf(JSON.parse(body)))
      else bytes += body.toString('latin1')
      response.writeHead(200, { 'content-type': request.headers['content-type'] }).end(isJson ? '{}' : '')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.address().port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    },
    async arrival() {
      const deadline = Date.now() + 20_000
      while (records.length === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
    },
    take() {
      const taken = records
      records = []
      return taken
    },
    takeBytes: () => bytes,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function recordsOf({ resourceLogs }) {
  return resourceLogs.flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap(({ scope, logRecords }) =>
      logRecords.map(({ body, severityNumber, traceId }) => [scope.name, body.stringValue, severityNumber, traceId]),
    ),
  )
}
