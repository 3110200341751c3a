// pino in process: what is bridged is what pino's own line says, whatever the logger's configuration.

import { hostname } from 'node:os'
import { Writable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import pino, { type Logger, type LoggerOptions } from 'pino'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createPinoStream, createPinoTransport, otelMixin, type PinoStream } from '../adapters/pino/index.ts'
import pinoTarget from '../adapters/pino/target.ts'
import { type InternalLogEntry, setInternalLogSink, withLogsSuppressed } from '../src/index.ts'
import { InMemoryLogRecordExporter, LoggerProvider, type ReadableLogRecord, simpleProcessor } from './support/otel.ts'

type Fields = Record<string, unknown>

interface Bridged {
  readonly stream: PinoStream
  /** Everything that pino wrote, as it wrote it. */
  readonly lines: string[]
  records(): readonly ReadableLogRecord[]
}

/** A bridge stream that shows the lines that it is given. */
function bridgeStream(options: Parameters<typeof createPinoStream>[0] = {}): Bridged {
  const exporter = new InMemoryLogRecordExporter()
  const loggerProvider = new LoggerProvider({ processors: [simpleProcessor(exporter)] })
  const stream = createPinoStream({ loggerProvider, ...options })
  const lines: string[] = []
  const { write } = stream
  stream.write = (line) => {
    lines.push(line)
    write.call(stream, line)
  }
  return { stream, lines, records: () => exporter.getFinishedLogRecords() }
}

/** Logs with a bridged logger. @returns its one record and its one line. */
function bridge<L extends string = never>(options: LoggerOptions<L>, log: (logger: Logger<L>) => void) {
  const bridged = bridgeStream()
  log(pino<L>(options, bridged.stream))
  const { lines } = bridged
  const [record, ...further] = bridged.records()
  if (record === undefined || further.length > 0 || lines.length !== 1) {
    throw new Error(`expected 1 record of 1 line, got ${further.length + (record ? 1 : 0)} of ${lines.length}`)
  }
  return { record, line: lines[0] as string }
}

/** A level that the logger's type does not know. */
const levelOf = (logger: object, level: string) =>
  (logger as Record<string, pino.LogFn>)[level]?.bind(logger) as pino.LogFn

const millisOf = ({ hrTime: [seconds, nanos] }: ReadableLogRecord) => seconds * 1000 + nanos / 1e6

interface Case {
  readonly title: string
  readonly options?: LoggerOptions<string>
  readonly log: (logger: Logger<string>) => void
  readonly body?: unknown
  readonly severity?: readonly [number: number, text: string | undefined]
  readonly attributes?: Fields
  readonly scope?: string
}

const circular: Fields = { id: 1 }
circular.self = circular

let deep: Fields = {}
for (let depth = 0; depth < 20_000; depth++) deep = { next: deep }

/** By default the call is `info(fields, 'hello')`, at info. */
const cases: Case[] = [
  { title: 'a message alone', log: (l) => l.info('hello') },
  { title: 'printf arguments', log: (l) => l.info('hel%s', 'lo') },
  { title: 'fields alone', log: (l) => l.info({ a: 1 }), body: undefined, attributes: { a: 1 } },
  { title: 'no message at all', log: (l) => l.info(null as never), body: null },
  {
    title: 'nested fields',
    log: (l) => l.info({ a: { b: [1, 'x', null, { c: true }] } }, 'hello'),
    attributes: { a: { b: [1, 'x', null, { c: true }] } },
  },
  {
    title: 'redact with a censor',
    options: { redact: { paths: ['password', 'user.token'], censor: '***' } },
    log: (l) => l.info({ password: 'p', user: { token: 't', id: 1 } }, 'hello'),
    attributes: { password: '***', user: { token: '***', id: 1 } },
  },
  {
    title: 'redact that removes',
    options: { redact: { paths: ['password', '*.token'], remove: true } },
    log: (l) => l.info({ password: 'p', user: { token: 't', id: 1 } }, 'hello'),
    attributes: { user: { id: 1 } },
  },
  {
    title: 'redact of a binding',
    options: { redact: ['key'] },
    log: (l) => l.child({ key: 'secret' }).info('hello'),
    attributes: { key: '[Redacted]' },
  },
  {
    title: 'serializers',
    options: { serializers: { user: (user: { id: number }) => `user ${user.id}` } },
    log: (l) => l.info({ user: { id: 7, mail: 'x@y' } }, 'hello'),
    attributes: { user: 'user 7' },
  },
  {
    title: 'formatters.log',
    options: { formatters: { log: (fields) => ({ data: fields }) } },
    log: (l) => l.info({ a: 1 }, 'hello'),
    attributes: { data: { a: 1 } },
  },
  {
    title: 'formatters.bindings',
    options: { formatters: { bindings: ({ pid }) => ({ process: pid === process.pid }) } },
    log: (l) => l.info('hello'),
    attributes: { process: true },
  },
  {
    title: 'formatters.level with the label',
    options: { formatters: { level: (level) => ({ level }) } },
    log: (l) => l.warn('hello'),
    severity: [13, 'warn'],
  },
  {
    title: 'formatters.level with an upper-case severity',
    options: { formatters: { level: (label) => ({ severity: label.toUpperCase() }) } },
    log: (l) => l.error({ 0: 'x' }, 'hello'),
    severity: [17, 'error'],
    attributes: { 0: 'x' },
  },
  {
    title: 'formatters.level with another word than the label',
    options: { formatters: { level: (_, level) => ({ severity: 'WARNING', level }) } },
    log: (l) => l.warn('hello'),
    severity: [13, 'warn'],
    attributes: { severity: 'WARNING' },
  },
  {
    title: 'mixin',
    options: { mixin: (_, level) => ({ region: 'eu', level_seen: level }) },
    log: (l) => l.info({ a: 1 }, 'hello'),
    attributes: { region: 'eu', level_seen: 30, a: 1 },
  },
  {
    title: 'mixinMergeStrategy',
    options: { mixin: () => ({ a: 'mixin' }), mixinMergeStrategy: (fields, mixed) => ({ ...fields, ...mixed }) },
    log: (l) => l.info({ a: 'call', b: 1 }, 'hello'),
    attributes: { a: 'mixin', b: 1 },
  },
  {
    title: 'nestedKey',
    options: { nestedKey: 'payload', mixin: () => ({ region: 'eu' }) },
    log: (l) => l.child({ bound: 1 }).info({ a: 1, msg: 'inner', level: 'high' }, 'hello'),
    attributes: { bound: 1, payload: { region: 'eu', a: 1, msg: 'inner', level: 'high' } },
  },
  {
    title: 'messageKey',
    options: { messageKey: 'message' },
    log: (l) => l.info({ msg: 'a field' }, 'hello'),
    attributes: { msg: 'a field' },
  },
  {
    title: 'a message that is an object',
    log: (l) => l.info({ msg: { text: 'hello' } }),
    body: { text: 'hello' },
  },
  {
    title: 'customLevels between the standard ones',
    options: { customLevels: { notify: 35 } },
    log: (l) => levelOf(l, 'notify')('hello'),
    severity: [11, 'notify'],
  },
  {
    title: 'customLevels named as syslog names them',
    options: { customLevels: { alert: 57 } },
    log: (l) => levelOf(l, 'alert')('hello'),
    severity: [19, 'alert'],
  },
  {
    title: 'useOnlyCustomLevels',
    options: { customLevels: { low: 1, high: 99 }, useOnlyCustomLevels: true, level: 'low' },
    log: (l) => levelOf(l, 'high')('hello'),
    severity: [24, 'high'],
  },
  {
    title: 'levels that count downwards',
    options: {
      customLevels: { error: 1, warn: 2, info: 3, debug: 4 },
      useOnlyCustomLevels: true,
      level: 'info',
      levelComparison: 'DESC',
    },
    log(l) {
      l.debug('not logged')
      l.error('hello')
    },
    severity: [17, 'error'],
  },
  {
    title: 'child bindings',
    log: (l) =>
      l
        .child({ module: 'a' })
        .child({ request: { id: 1 } })
        .info({ b: 2 }, 'hello'),
    attributes: { module: 'a', request: { id: 1 }, b: 2 },
  },
  {
    title: 'a field that repeats a binding',
    log: (l) => l.child({ a: 1 }).info({ a: 2 }, 'hello'),
    attributes: { a: 2 },
  },
  {
    title: 'setBindings',
    log(l) {
      const child = l.child({ a: 1 })
      child.setBindings({ b: 2 })
      child.info('hello')
    },
    attributes: { a: 1, b: 2 },
  },
  {
    title: 'a child with serializers, redaction, a prefix, a level and levels of its own',
    log(l) {
      const child = l.child(
        { user: { id: 1 } },
        {
          serializers: { user: ({ id }: { id: number }) => `user ${id}` },
          redact: ['token'],
          msgPrefix: '[child] ',
          level: 'debug',
          customLevels: { chat: 22 },
        },
      )
      levelOf(child, 'chat')({ token: 't' }, 'hello')
    },
    body: '[child] hello',
    severity: [5, 'chat'],
    attributes: { user: 'user 1', token: '[Redacted]' },
  },
  { title: 'msgPrefix', options: { msgPrefix: 'app: ' }, log: (l) => l.info('hello'), body: 'app: hello' },
  { title: 'base null', options: { base: null }, log: (l) => l.info({ a: 1 }, 'hello'), attributes: { a: 1 } },
  {
    title: 'another base',
    options: { base: { service: 'shop', pid: 1, hostname: 'elsewhere' } },
    log: (l) => l.info('hello'),
    attributes: { service: 'shop', pid: 1, hostname: 'elsewhere' },
  },
  { title: 'name', options: { name: 'shop' }, log: (l) => l.info('hello'), scope: 'shop' },
  {
    title: 'a child with a name of its own',
    options: { name: 'shop' },
    log: (l) => l.child({ name: 'shop.db' }).info('hello'),
    scope: 'shop.db',
  },
  {
    title: 'a name that comes with setBindings',
    log(l) {
      const child = l.child({})
      child.info({ name: 'Alice' }, 'hello')
    },
    attributes: { name: 'Alice' },
  },
  { title: 'crlf', options: { crlf: true }, log: (l) => l.info({ a: 1 }, 'hello'), attributes: { a: 1 } },
  {
    title: 'hooks.logMethod',
    options: {
      hooks: {
        logMethod(args, method) {
          method.apply(this, [{ hooked: true }, String(args[0])])
        },
      },
    },
    log: (l) => l.info('hello'),
    attributes: { hooked: true },
  },
  {
    title: 'hooks.streamWrite that edits the JSON',
    options: { hooks: { streamWrite: (line) => line.replace('secret', '[gone]') } },
    log: (l) => l.info({ key: 'secret' }, 'hello'),
    attributes: { key: '[gone]' },
  },
  {
    title: 'hooks.streamWrite that writes text',
    options: { hooks: { streamWrite: () => 'INFO {hello}\n  second line\n' } },
    log: (l) => l.info({ a: 1 }, 'hello'),
    body: 'INFO {hello}\n  second line',
  },
  {
    title: 'hooks.streamWrite that writes JSON that is no object',
    options: { hooks: { streamWrite: () => '["hello"]\n' } },
    log: (l) => l.info('hello'),
    body: '["hello"]',
  },
  {
    title: 'depthLimit and edgeLimit',
    options: { depthLimit: 1, edgeLimit: 1 },
    log: (l) => l.info({ a: { self: circular, x: 1, y: 2 } }, 'hello'),
    attributes: { a: { self: '[Object]', '...': '2 items not stringified' } },
  },
  {
    title: 'circular fields',
    log: (l) => l.info({ circular }, 'hello'),
    attributes: { circular: { id: 1, self: '[Circular]' } },
  },
  {
    title: 'BigInt',
    log: (l) => l.info({ n: 12345678901n, list: [1n] }, 'hello'),
    attributes: { n: 12345678901, list: [1] },
  },
  {
    title: 'values that JSON has no word for',
    log: (l) =>
      l.info({ date: new Date(0), map: new Map([['a', 1]]), nan: Number.NaN, fn() {}, u: undefined }, 'hello'),
    attributes: { date: '1970-01-01T00:00:00.000Z', map: {}, nan: null },
  },
  {
    title: 'request and response as pino-http logs them',
    options: { serializers: { req: pino.stdSerializers.req, res: pino.stdSerializers.res } },
    log: (l) =>
      l.info(
        {
          req: {
            id: 1,
            method: 'GET',
            url: '/a',
            headers: { host: 'h' },
            socket: { remoteAddress: '::1', remotePort: 9 },
          },
          res: { headersSent: true, statusCode: 204, getHeaders: () => ({ etag: 'e' }) },
          responseTime: 3,
        },
        'hello',
      ),
    attributes: {
      req: { id: 1, method: 'GET', url: '/a', headers: { host: 'h' }, remoteAddress: '::1', remotePort: 9 },
      res: { statusCode: 204, headers: { etag: 'e' } },
      responseTime: 3,
    },
  },
  {
    title: 'otel.event.name',
    log: (l) => l.info({ 'otel.event.name': 'order.placed', id: 1 }, 'hello'),
    attributes: { id: 1 },
  },
  {
    title: 'more fields than the first few, with numbers for names',
    log: (l) => l.info({ 0: 'a', 1: 'b', 2: 'c', 3: 'd', 4: 'e', z: 1 }, 'hello'),
    attributes: { 0: 'a', 1: 'b', 2: 'c', 3: 'd', 4: 'e', z: 1 },
  },
  {
    title: 'depth beyond what JSON.stringify can do',
    log: (l) => l.info({ deep }, 'hello'),
    attributes: { deep: { next: { next: { next: { next: { next: '[Object]' } } } } } },
  },
]

describe('what is bridged is what the line says', () => {
  test.each(cases)('$title', ({ options = {}, log, severity = [9, 'info'], attributes = {}, ...expected }) => {
    const { record, line } = bridge(options, log)

    expect(record.body).toEqual('body' in expected ? expected.body : 'hello')
    expect([record.severityNumber, record.severityText]).toEqual(severity)
    expect(record.attributes).toEqual(attributes)
    expect(record.instrumentationScope.name).toBe(expected.scope ?? 'otel-log-bridge')
    if (line.startsWith('{')) expect(millisOf(record)).toBe((JSON.parse(line) as { time: number }).time)
  })
})

describe('pino writes the same with the bridge as without', () => {
  afterEach(() => vi.useRealTimers())

  test.each(cases)('$title', ({ options = {}, log }) => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 })
    const bridged = bridgeStream()
    const plain: string[] = []
    log(pino(options, bridged.stream))
    log(pino(options, { write: (line: string) => void plain.push(line) }))

    expect(bridged.lines).toEqual(plain)
  })
})

describe('levels', () => {
  test('the standard ones', () => {
    const { stream, records } = bridgeStream()
    const logger = pino({ level: 'trace' }, stream)
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) logger[level]('hello')

    expect(records().map(({ severityNumber, severityText }) => [severityNumber, severityText])).toEqual([
      [1, 'trace'],
      [5, 'debug'],
      [9, 'info'],
      [13, 'warn'],
      [17, 'error'],
      [21, 'fatal'],
    ])
  })

  test('severities of the app come first', () => {
    const { stream, records } = bridgeStream({ severities: { audit: 12, info: 10 } })
    const logger = pino({ customLevels: { audit: 33, constructor: 34 } }, stream)
    logger.audit('hello')
    logger.info('hello')
    levelOf(logger, 'constructor')('hello')

    expect(records().map(({ severityNumber }) => severityNumber)).toEqual([12, 10, 10])
  })
})

test('numbers that JSON does not have, as pino writes those of a typed array beside a circular object, cost no field', () => {
  const circular: Fields = { numbers: new Float64Array([Number.POSITIVE_INFINITY, Number.NaN, -Infinity, 1.5]) }
  circular.self = circular
  const { record } = bridge({}, (logger) => logger.info({ circular, text: '"NaN":Infinity,' }, 'hello'))

  expect(record.body).toBe('hello')
  expect(record.attributes).toEqual({
    circular: { numbers: { 0: Number.POSITIVE_INFINITY, 1: null, 2: -Infinity, 3: 1.5 }, self: '[Circular]' },
    text: '"NaN":Infinity,',
  })
})

describe('time', () => {
  afterEach(() => vi.useRealTimers())
  const now = 1_700_000_000_123
  const iso = new Date(now).toISOString()
  const inMillis = [1_700_000_000, 123_000_000]
  const inSeconds = [1_700_000_000, 0]

  const times: [string, LoggerOptions['timestamp'], hrTime: number[]][] = [
    ['true', true, inMillis],
    ['epochTime', pino.stdTimeFunctions.epochTime, inMillis],
    ['unixTime', pino.stdTimeFunctions.unixTime, inSeconds],
    ['isoTime', pino.stdTimeFunctions.isoTime, inMillis],
    ['a key of its own', () => `,"timestamp":"${iso}"`, inMillis],
    ['a key that no one would guess', () => `,"when":${now}`, inMillis],
    ['nanoseconds as text', () => `,"time":"${now}456789"`, [1_700_000_000, 123_456_789]],
    ['ISO 8601 with nanoseconds', () => `,"ts":"${iso.slice(0, -1)}456789Z"`, [1_700_000_000, 123_456_789]],
    ['blanks around it', () => `, "time": "${iso}"`, inMillis],
  ]

  test.each(times)('%s', (_, timestamp, hrTime) => {
    vi.useFakeTimers({ toFake: ['Date'], now })
    // Engines sort such names before all others.
    const fields = { a: 1, 0: 'x', 1: 'x', 2: 'x', 3: 'x', 4: 'x' }
    const { record } = bridge({ timestamp: timestamp as true }, (logger) => logger.info(fields, 'hello'))

    expect(record.hrTime).toEqual(hrTime)
    expect(record.attributes).toEqual(fields)
  })

  test('isoTimeNano keeps its nanoseconds', () => {
    const { record, line } = bridge({ timestamp: pino.stdTimeFunctions.isoTimeNano }, (logger) => logger.info('hello'))
    const { time } = JSON.parse(line) as { time: string }

    expect(record.hrTime[1]).toBe(Number(time.slice(20, 29)))
    expect(record.attributes).toEqual({})
  })

  test('a second field behind the time stays a field', () => {
    const { record } = bridge({ timestamp: () => `,"time":${now},"zone":"UTC"` }, (logger) => logger.info('hello'))

    expect([record.hrTime, record.attributes]).toEqual([inMillis, { zone: 'UTC' }])
  })

  test.each([
    ['nullTime', pino.stdTimeFunctions.nullTime],
    ['false', false as const],
  ])('%s: the record has the time when it was seen', (_, timestamp) => {
    const before = Date.now()
    const { record } = bridge({ timestamp }, (logger) => logger.info({ time: 12, ts: 1_000_000_000 }, 'hello'))

    expect(millisOf(record)).toBeGreaterThanOrEqual(before)
    expect(record.attributes).toEqual({ time: 12, ts: 1_000_000_000 })
  })

  test('a field that is called like the time does not change it', () => {
    const timestamp = () => `,"time":${now}`
    const { record } = bridge({ timestamp }, (logger) => logger.info({ time: '1999-01-01T00:00:00Z' }, 'hello'))

    expect([record.hrTime, record.attributes]).toEqual([inMillis, { time: '1999-01-01T00:00:00Z' }])
  })
})

describe('fields with the names of pino’s own', () => {
  const fields: Fields = {
    name: 'Alice',
    level: 'high',
    pid: 1,
    hostname: 'elsewhere',
    v: 1,
    type: 'Error',
    stack: 's',
  }

  test('stay fields', () => {
    const { record } = bridge({ name: 'shop' }, (logger) => logger.warn(fields, 'hello'))

    expect(record.attributes).toEqual(fields)
    expect([record.severityNumber, record.severityText]).toEqual([13, 'warn'])
    expect(record.instrumentationScope.name).toBe('shop')
  })

  test('stay fields where they are numbers that levels have', () => {
    const { record } = bridge({}, (logger) => logger.warn({ level: 50 }, 'hello'))

    expect(record.attributes).toEqual({ level: 50 })
    expect(record.severityText).toBe('warn')
  })

  test('__proto__ and constructor are kept, and pollute nothing', () => {
    const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x"}')
    const { record } = bridge({}, (logger) => logger.info(hostile, 'hello'))

    expect(record.attributes).toMatchObject({ constructor: { prototype: { polluted: 1 } }, toString: 'x' })
    expect(record.attributes.___proto__).toEqual({ polluted: 1 })
    expect(({} as Fields).polluted).toBeUndefined()
  })

  test('this process’s pid and host are left out: they are the resource’s', () => {
    const { record, line } = bridge({}, (logger) => logger.info('hello'))

    expect(JSON.parse(line)).toMatchObject({ pid: process.pid, hostname: hostname() })
    expect(record.attributes).toEqual({})
  })
})

describe('errors', () => {
  class HttpError extends Error {
    readonly status = 503
    readonly request = { path: '/a' }
  }

  test('become the exception, with their own fields kept', () => {
    const error = new HttpError('no route')
    const { record } = bridge({}, (logger) => logger.error({ err: error, a: 1 }, 'hello'))

    expect(record.attributes).toEqual({
      'exception.type': 'HttpError',
      'exception.message': 'no route',
      'exception.stacktrace': error.stack,
      err: { status: 503, request: { path: '/a' } },
      a: 1,
    })
    expect(record.body).toBe('hello')
  })

  test('logged alone give the message too', () => {
    const { record } = bridge({}, (logger) => logger.error(new TypeError('no route')))

    expect(record.body).toBe('no route')
    expect(record.attributes).toMatchObject({ 'exception.type': 'TypeError', 'exception.message': 'no route' })
  })

  test('carry the stacks of their causes', () => {
    const root = new RangeError('disk full')
    const error = new Error('not saved', { cause: new Error('write failed', { cause: root }) })
    const { record } = bridge({}, (logger) => logger.error(error))

    expect(record.attributes['exception.message']).toBe('not saved: write failed: disk full')
    expect(record.attributes['exception.stacktrace']).toContain(root.stack)
  })

  test('carry the stacks of the errors that they hold', () => {
    const error = new AggregateError([new RangeError('first'), new TypeError('second')], 'all failed')
    const { record } = bridge({}, (logger) => logger.error(error))

    expect(record.attributes).toMatchObject({ 'exception.type': 'AggregateError', 'exception.message': 'all failed' })
    expect(record.attributes['exception.stacktrace']).toContain('RangeError: first')
    expect(record.attributes['exception.stacktrace']).toContain('TypeError: second')
  })

  test('keep their causes with the serializer that nests them', () => {
    const error = new Error('not saved', { cause: new RangeError('disk full') })
    const options = { serializers: { err: pino.stdSerializers.errWithCause } }
    const { record } = bridge(options, (logger) => logger.error(error))

    expect(record.attributes['exception.stacktrace']).toContain('RangeError: disk full')
  })

  test('stand under errorKey', () => {
    const { record } = bridge({ errorKey: 'failure' }, (logger) => logger.error(new TypeError('no route')))

    expect(record.attributes).toMatchObject({ 'exception.type': 'TypeError' })
    expect(record.attributes).not.toHaveProperty('failure')
  })

  test('stand inside nestedKey', () => {
    const { record } = bridge({ nestedKey: 'payload' }, (logger) =>
      logger.error({ err: new HttpError('no route'), a: 1 }, 'hello'),
    )

    expect(record.attributes).toMatchObject({
      'exception.type': 'HttpError',
      payload: { a: 1, err: { status: 503 } },
    })
  })

  test('in bindings and in the call are both kept', () => {
    const { record } = bridge({ nestedKey: 'payload' }, (logger) =>
      logger.child({ err: new RangeError('bound') }).error({ err: new TypeError('called'), a: 1 }, 'hello'),
    )

    expect(record.attributes).toMatchObject({
      'exception.type': 'RangeError',
      payload: { a: 1, err: { type: 'TypeError', message: 'called' } },
    })
  })

  test('that set a name have it for their type, as with every other logger', () => {
    const error = Object.assign(new Error('no route'), { name: 'RouteError' })
    const { record } = bridge({}, (logger) => logger.error(error))

    expect(record.attributes).toMatchObject({ 'exception.type': 'RouteError' })
    expect(record.attributes).not.toHaveProperty('err')
  })

  test('with a class and another name keep both', () => {
    const error = Object.assign(new HttpError('no route'), { name: 'RouteError' })
    const { record } = bridge({}, (logger) => logger.error(error))

    expect([record.attributes['exception.type'], record.attributes.err]).toEqual([
      'HttpError',
      { status: 503, request: { path: '/a' }, name: 'RouteError' },
    ])
  })

  test('redacted are what redaction left of them', () => {
    const { record } = bridge({ redact: ['err.message', 'err.status'] }, (logger) =>
      logger.error({ err: new HttpError('secret') }, 'hello'),
    )

    expect(record.attributes).toMatchObject({
      'exception.message': '[Redacted]',
      err: { status: '[Redacted]' },
    })
  })

  test.each<[title: string, fields: Fields]>([
    ['a name and a code', { name: 'Alice', code: 1 }],
    ['err that is a text', { err: 'text' }],
    ['err that is a number', { err: 5 }],
    ['err that is null', { err: null }],
    ['err that is a list', { err: [1] }],
    ['err that is empty', { err: {} }],
    ['err that only looks odd', { err: { toString: 1 } }],
    ['err with a code', { err: { name: 'E', code: 'ENOENT' } }],
    ['message and stack outside err', { message: 'm', stack: 's', type: 'Error' }],
  ])('%s is no error', (_, fields) => {
    const { record } = bridge({}, (logger) => logger.info(fields, 'hello'))

    expect(record.attributes).toEqual(fields)
  })
})

describe('multistream', () => {
  test('each stream gets what its level lets through, the bridge among them', () => {
    const all = bridgeStream()
    const errors = bridgeStream()
    const text: string[] = []
    const logger = pino(
      { level: 'trace', name: 'shop', messageKey: 'message' },
      pino.multistream([
        { level: 'trace', stream: all.stream },
        { level: 'info', stream: { write: (line: string) => void text.push(line) } },
        { level: 'error', stream: errors.stream },
      ]),
    )
    logger.debug({ a: 1 }, 'one')
    logger.child({ b: 2 }).error('two')

    const shown = ({ body, severityText, attributes, instrumentationScope }: ReadableLogRecord) => [
      body,
      severityText,
      attributes,
      instrumentationScope.name,
    ]
    expect(all.records().map(shown)).toEqual([
      ['one', 'debug', { a: 1 }, 'shop'],
      ['two', 'error', { b: 2 }, 'shop'],
    ])
    expect(errors.records().map(shown)).toEqual([['two', 'error', { b: 2 }, 'shop']])
    expect(text).toEqual([all.lines[1]])
  })

  test('a sibling that logs while it is written to disturbs no record', () => {
    const { stream, records } = bridgeStream()
    let depth = 0
    const sibling = {
      write() {
        if (depth++ > 0) return
        vi.setSystemTime(2_000_000_000_000)
        logger.error({ inner: true }, 'inner')
      },
    }
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000_000_000 })
    const logger = pino({}, pino.multistream([{ stream }, { stream: sibling }]))
    logger.info({ outer: true }, 'outer')
    vi.useRealTimers()

    expect(records().map((record) => [record.body, record.severityText, record.attributes, millisOf(record)])).toEqual([
      ['inner', 'error', { inner: true }, 2_000_000_000_000],
      ['outer', 'info', { outer: true }, 1_000_000_000_000],
    ])
  })
})

describe('the stream', () => {
  test('is known to pino as its only argument', () => {
    const { stream, records } = bridgeStream()
    pino(stream).info('hello')

    expect(records().map(({ body }) => body)).toEqual(['hello'])
  })

  test('reads lines that reach it through another stream by their text alone', async () => {
    const { stream, records } = bridgeStream()
    const between = new Writable({
      write(chunk, _, callback) {
        stream.write(String(chunk))
        callback()
      },
    })
    const logger = pino(
      { name: 'shop', formatters: { level: (label) => ({ severity: label.toUpperCase() }) } },
      between,
    )
    logger.warn({ name: 'Alice', time: 'noon', level: 'high', err: new RangeError('r') }, 'hello')

    const [record] = records()
    expect(record).toMatchObject({
      body: 'hello',
      severityNumber: 13,
      severityText: 'warn',
      attributes: { name: 'Alice', time: 'noon', level: 'high', 'exception.type': 'RangeError' },
      instrumentationScope: { name: 'shop' },
    })
    expect(record?.attributes).not.toHaveProperty('severity')
  })

  test('logger.flush(callback) flushes the provider first', async () => {
    const flushed: string[] = []
    const loggerProvider = {
      getLogger: () => ({ emit() {} }),
      forceFlush: async () => void flushed.push('provider'),
    }
    const logger = pino(createPinoStream({ loggerProvider }))
    await new Promise<void>((resolve, reject) => {
      logger.flush((error) => (error ? reject(error) : resolve()))
    })
    flushed.push('callback')

    expect(flushed).toEqual(['provider', 'callback'])
  })

  test('logger.flush(callback) calls back where the provider cannot be flushed', async () => {
    const entries: InternalLogEntry[] = []
    setInternalLogSink((entry) => entries.push(entry))
    const loggerProvider = {
      getLogger: () => ({ emit() {} }),
      forceFlush: () => Promise.reject(new Error('unreachable')),
    }
    const logger = pino(createPinoStream({ loggerProvider }))
    await new Promise((resolve) => logger.flush(resolve))
    setInternalLogSink(undefined)

    expect(entries.map(({ kind }) => kind)).toEqual(['flush-failed'])
  })

  test('after close() bridges no more, and says so in its figures', async () => {
    const { stream, records } = bridgeStream()
    const logger = pino(stream)
    logger.info('before')
    await stream.close()
    await stream.close()
    stream.end()
    logger.info('after')

    expect(records().map(({ body }) => body)).toEqual(['before'])
    expect(stream.stats()).toMatchObject({ seen: 2, emitted: 1, pending: 0, dropped: { disabled: 1 } })
  })

  test('holds nothing of a record, nor of its logger, once it is written', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const { stream } = bridgeStream()
    const logger = pino(stream)
    const references = (() => {
      const fields = { a: 1 }
      const child = logger.child({ b: 2 })
      child.info(fields, 'hello')
      return [new WeakRef(fields), new WeakRef(child)]
    })()
    await vi.waitFor(() => {
      collect()
      expect(references.map((reference) => reference.deref() === undefined)).toEqual([true, true])
    })
  })

  const broken = new Proxy(
    {},
    {
      get() {
        throw new Error('broken')
      },
      has() {
        throw new Error('broken')
      },
      getPrototypeOf() {
        throw new Error('broken')
      },
    },
  )

  test('never throws, whatever it is handed', () => {
    const entries: InternalLogEntry[] = []
    setInternalLogSink((entry) => entries.push(entry))
    const { stream } = bridgeStream()
    const odd: unknown[] = [
      '',
      '\n',
      '{',
      '{}',
      '{"level":',
      '{"hostname":"h","name":"\\x"',
      '{"level":30,"pid":1,"hostname":"h","name":"\\u00"}\n',
      'null\n',
      '"text"\n',
      '\u0000\ud800\n',
      Buffer.from('{"level":30}\n'),
      undefined,
      null,
      42,
      Symbol('line'),
      {},
      broken,
    ]
    for (const line of odd) {
      stream.write(line as string)
      Object.assign(stream, { lastLogger: {}, lastLevel: 'x', lastTime: 5, lastObj: broken, lastMsg: broken })
      stream.write(line as string)
      Object.assign(stream, { lastLogger: broken, lastLevel: Number.NaN, lastTime: 'x' })
      stream.write(line as string)
    }
    setInternalLogSink(undefined)

    const { seen, pending } = stream.stats()
    expect([seen, pending]).toEqual([odd.length * 3, 0])
  })

  test('bridges what the app logs while pino makes a line, each record with its own level and time', () => {
    const { stream, records } = bridgeStream()
    let logged = false
    const logger: Logger = pino(
      {
        messageKey: 'message',
        hooks: {
          streamWrite(line) {
            if (!logged) {
              logged = true
              logger.debug({ inner: true }, 'inner')
            }
            return line
          },
        },
        level: 'debug',
      },
      stream,
    )
    logger.error({ outer: true }, 'outer')

    expect(records().map(({ body, severityText, attributes }) => [body, severityText, attributes])).toEqual([
      ['inner', 'debug', { inner: true }],
      ['outer', 'error', { outer: true }],
    ])
  })

  test('holds back what is logged with logs suppressed', () => {
    const { stream, lines, records } = bridgeStream()
    const logger = pino(stream)
    withLogsSuppressed(() => logger.info('held back'))
    logger.info('hello')

    expect(records().map(({ body }) => body)).toEqual(['hello'])
    expect(lines.length).toBe(2)
    expect(stream.stats().dropped.suppressed).toBe(1)
  })
})

describe('wrong options name the option, what was expected and what came', () => {
  const wrong: [options: unknown, message: string][] = [
    [{ scopeNam: 'x' }, "unknown option 'scopeNam'; known are "],
    [{ scopeName: 5 }, "option 'scopeName': expected a string, got 5"],
    [{ limits: { depth: 0 } }, "option 'limits': option 'depth': expected a whole number above 0, or Infinity, got 0"],
    [{ limits: { attributes: 5 } }, "option 'limits': unknown option 'attributes'"],
    [{ include: 'shop' }, "option 'include': expected an array of strings and regular expressions, got 'shop'"],
    [{ severities: { audit: 25 } }, "option 'severities': expected "],
    [{ honorSuppressTracing: 'yes' }, "option 'honorSuppressTracing': expected a boolean, got 'yes'"],
    [{ replayLimit: -1 }, "option 'replayLimit': expected a whole number, 0 or more, got -1"],
    ['options', "expected an options object, got 'options'"],
    [null, 'expected an options object, got null'],
  ]
  const forms: [owner: string, construct: (options: never) => unknown][] = [
    ['createPinoStream', createPinoStream],
    ['createPinoTransport', createPinoTransport],
    ['otel-log-bridge/pino', pinoTarget],
  ]
  const expectTypeError = async (construct: () => unknown, message: string) => {
    const thrown: unknown = await Promise.resolve()
      .then(construct)
      .then(
        () => undefined,
        (error: unknown) => error,
      )
    expect(thrown).toBeInstanceOf(TypeError)
    expect((thrown as TypeError).message).toContain(message)
  }

  describe.each(forms)('%s', (owner, construct) => {
    test.each(wrong)('%o', async (options, message) => {
      await expectTypeError(() => construct(options as never), `${owner}: ${message}`)
    })
  })

  test.each([createPinoTransport, pinoTarget])(
    'the worker forms take keys of their own, and no provider',
    async (form) => {
      await expectTypeError(() => form({ nestedKey: 5 } as never), "option 'nestedKey': expected a string, got 5")
      await expectTypeError(
        () => form({ messageKey: null } as never),
        "option 'messageKey': expected a string, got null",
      )
      await expectTypeError(() => form({ loggerProvider: {} } as never), "unknown option 'loggerProvider'")
    },
  )

  test('createPinoStream wants a LoggerProvider', async () => {
    const message =
      "createPinoStream: option 'loggerProvider': expected a LoggerProvider (it has a getLogger method), got {}"
    await expectTypeError(() => createPinoStream({ loggerProvider: {} as never }), message)
  })

  test('otelMixin', async () => {
    await expectTypeError(
      () => otelMixin({ mixin: {} } as never),
      "otelMixin: option 'mixin': expected a function, got {}",
    )
    await expectTypeError(() => otelMixin({ mixn() {} } as never), "otelMixin: unknown option 'mixn'; known are ")
    await expectTypeError(
      () => otelMixin((() => ({})) as never),
      'otelMixin: expected an options object, got [Function',
    )
  })
})
