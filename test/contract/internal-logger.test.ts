// Contract rule 4: what the bridge says of itself goes to file descriptor 2, once, as one line without secrets, and to
// no logger, whatever the app has patched.

import { diag } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { diagLogger, type InternalLogEntry, setInternalLogSink, suppressionCarrier } from '../../src/index.ts'
import { resultOf, runChild, startChild } from '../children/internal-spawn.ts'
import { appKinds, TestExporter } from '../support/feedback.ts'
import { LoggerProvider, simpleProcessor } from '../support/otel.ts'

describe('in a process whose app has patched everything', () => {
  test('each diagnostic reaches file descriptor 2 once, and no logger', async () => {
    const { code, stdout, stderr } = await runChild('internal-patched')
    expect(code).toBe(0)
    expect(stderr.trimEnd().split('\n')).toEqual([
      'otel-log-bridge error [record-failed] a record could not be bridged: Error: refused: by pino',
      'otel-log-bridge error [record-failed] a record could not be bridged: Error: refused: by winston',
      'otel-log-bridge error [record-failed] a record could not be bridged: Error: refused: by a bridge',
      'otel-log-bridge warn [flush-failed] the LoggerProvider could not be flushed: Error: cannot flush',
    ])
    expect(JSON.parse(stdout)).toEqual({ patched: [], winstonLines: ['by winston'], pinoLines: ['by pino'] })
  })

  test('control characters start no line of their own', async () => {
    const { stderr } = await runChild('internal-diagnostics', 'control characters')
    expect(stderr).toBe(
      'otel-log-bridge error [diag.error] ' +
        'first\\u000asecond\\u000d\\u000a\\u001b[31mred\\u0000\\u0085\\u2028end\n',
    )
  })

  test('a sink that throws: file descriptor 2 takes over', async () => {
    const { code, stdout, stderr } = await runChild('internal-diagnostics', 'throwing sink')
    expect(stderr).toBe('otel-log-bridge error [diag.error] the diagnostic\n')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'alive' })
  })

  test('a sink that rejects: file descriptor 2 takes over, and the process lives', async () => {
    const { code, stdout, stderr } = await runChild('internal-diagnostics', 'rejecting sink')
    expect(stderr).toBe('otel-log-bridge error [diag.error] the diagnostic\n')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'alive' })
  })

  test('a sink that is taken off gets nothing more', async () => {
    const { stderr } = await runChild('internal-diagnostics', 'sink taken off')
    expect(stderr).toBe('otel-log-bridge error [diag.error] the diagnostic\n')
  })

  test('a closed standard error does no harm', async () => {
    const { code, stdout } = await runChild('internal-diagnostics', 'closed stderr')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'alive' })
  })

  test('a broken pipe does no harm', async () => {
    const child = startChild('internal-diagnostics', ['broken pipe'])
    const result = resultOf(child)
    child.stderr?.destroy()
    child.stdin?.write('go\n')
    const { code, stdout } = await result
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'alive' })
  })

  test.each(['many', 'many, then exits'])('%s: ten lines of a kind, and one that sums up the rest', async (how) => {
    const { code, stderr, milliseconds } = await runChild('internal-diagnostics', how)
    const lines = stderr.trimEnd().split('\n')
    expect(code).toBe(how === 'many' ? 0 : 7)
    expect(lines.length).toBe(11)
    expect(lines.slice(0, 10)).toEqual(Array(10).fill('otel-log-bridge error [diag.error] the diagnostic'))
    // 10 lines above, this one, and 14 more.
    expect(lines[10]).toBe('otel-log-bridge error [diag.error] the diagnostic (and 14 more of this kind)')
    expect(milliseconds, 'the rate limit keeps no process alive').toBeLessThan(8_000)
  })
})

describe('with a sink', () => {
  const WINDOW_MS = 10_000
  let told: InternalLogEntry[]

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    told = []
    setInternalLogSink((entry) => void told.push(entry))
  })

  afterEach(() => {
    vi.advanceTimersByTime(WINDOW_MS)
    vi.useRealTimers()
    setInternalLogSink(undefined)
  })

  const messages = () => told.map(({ message }) => message)

  test('an entry has its level, its kind and one line', () => {
    const logger = diagLogger()
    for (const level of ['error', 'warn', 'info', 'debug', 'verbose'] as const)
      logger[level](`a ${level}\nof two lines`)
    expect(told).toEqual([
      { level: 'error', kind: 'diag.error', message: 'a error\\u000aof two lines', heldBack: 0 },
      { level: 'warn', kind: 'diag.warn', message: 'a warn\\u000aof two lines', heldBack: 0 },
      { level: 'info', kind: 'diag.info', message: 'a info\\u000aof two lines', heldBack: 0 },
      { level: 'debug', kind: 'diag.debug', message: 'a debug\\u000aof two lines', heldBack: 0 },
      { level: 'debug', kind: 'diag.verbose', message: 'a verbose\\u000aof two lines', heldBack: 0 },
    ])
  })

  test('every entry of a kind is told or counted, and other kinds go on', () => {
    const logger = diagLogger()
    for (let i = 0; i < 25; i++) logger.error(`error ${i}`)
    logger.warn('a warning')
    expect(messages()).toEqual([...Array.from({ length: 10 }, (_, i) => `error ${i}`), 'a warning'])
    vi.advanceTimersByTime(WINDOW_MS)
    expect(told.length).toBe(12)
    expect(told[11]).toMatchObject({ kind: 'diag.error', message: 'error 24' })
    const errors = told.filter(({ kind }) => kind === 'diag.error')
    expect(errors.reduce((sum, { heldBack }) => sum + 1 + heldBack, 0)).toBe(25)
    logger.error('in the next window')
    expect(messages().at(-1)).toBe('in the next window')
  })

  test('a window with nothing held back has no summary, and leaves nothing behind', () => {
    const before = process.listenerCount('exit')
    diagLogger().error('once')
    vi.advanceTimersByTime(WINDOW_MS)
    expect(messages()).toEqual(['once'])
    expect(vi.getTimerCount()).toBe(0)
    expect(process.listenerCount('exit')).toBe(before)
  })

  const SECRET = 's3cr3t-v4lue'
  const longText = 'x'.repeat(1980)
  test.each([
    `authorization: Bearer ${SECRET}`,
    `Authorization=Basic ${SECRET}`,
    `proxy-authorization: Basic ${SECRET}`,
    `Authorization: ApiKey ${SECRET}`,
    `Authorization: Api-Token ${SECRET}`,
    `Authorization: ${SECRET}`,
    `Authorization: Negotiate ${SECRET}`,
    `Authorization: Digest username="user", response="${SECRET}"`,
    `Authorization: AWS4-HMAC-SHA256 Credential=${SECRET}/20260101/eu/s3, SignedHeaders=host, Signature=${SECRET}`,
    `{"authorization":"Bearer ${SECRET}"}`,
    `{"headers":{"authorization":["Bearer ${SECRET}"],"x-api-key":["${SECRET}"]}}`,
    `{ authorization: 'Bearer ${SECRET}', host: 'collector' }`,
    `{ 'x-api-key': '${SECRET}' }`,
    `{ 'api-key': [ '${SECRET}' ] }`,
    JSON.stringify({ data: JSON.stringify({ authorization: `Bearer ${SECRET}`, 'x-api-key': SECRET }) }),
    `['authorization', 'Bearer ${SECRET}']`,
    `x-api-key: ${SECRET}`,
    `DD-API-KEY: ${SECRET}`,
    `api_key=${SECRET}`,
    `signoz-access-token=${SECRET}`,
    `x-honeycomb-team: ${SECRET}`,
    `OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20${SECRET},x-other=${SECRET}`,
    `cookie: a=${SECRET}; b=${SECRET}`,
    `set-cookie: sid=${SECRET}; Path=/; HttpOnly`,
    `password: ${SECRET}`,
    `password: "two words ${SECRET}"`,
    `client_secret=${SECRET}`,
    `could not connect to https://user:${SECRET}@collector:4318/v1/logs`,
    `could not connect to https://${SECRET}@collector:4318/v1/logs`,
    `could not connect to https://user:p@${SECRET}@collector:4318/v1/logs`,
    `postgres://user:${SECRET}@db/app`,
    `GET https://collector/v1/logs?token=${SECRET}&x=1`,
    `GET https://collector/v1/logs?key=1&access_token=${SECRET}`,
    `${longText} https://user:${SECRET}@collector`,
    `${longText} api-key="${SECRET}`,
    `authorization:\n  Bearer ${SECRET}`,
  ])('no secret is printed: %s', (message) => {
    diagLogger().error(message)
    const [printed] = messages()
    for (const part of [SECRET, SECRET.slice(0, 6), SECRET.slice(-6)]) expect(printed).not.toContain(part)
  })

  test('what is no secret stays', () => {
    const message =
      'POST https://collector:4318/v1/logs answered 401 Unauthorized, 512 records, retry in 5 s (a@b.example)'
    diagLogger().error(message)
    expect(messages()).toEqual([message])
  })

  test('a long message is cut, at once', () => {
    const before = performance.now()
    diagLogger().error(`${'a-'.repeat(5_000_000)}`)
    diagLogger().warn(`${'token'.repeat(2_000_000)}`)
    diagLogger().info(`${'https://a:'.repeat(1_000_000)}`)
    expect(performance.now() - before).toBeLessThan(1000)
    for (const message of messages()) expect(message.length).toBeLessThan(2100)
  })

  test('the SDK may hand over anything', () => {
    const logger = diagLogger()
    const throwing = {
      toString() {
        throw new Error('no text')
      },
    }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const messagesOfAnyKind: unknown[] = [Symbol('s'), Object.create(null), throwing, proxy, undefined, null, 1n, [[]]]
    for (const value of messagesOfAnyKind) {
      expect(() => logger.warn(value as string)).not.toThrow()
      expect(() => logger.info('with an argument', value)).not.toThrow()
      expect(() => logger.error(value as string, value)).not.toThrow()
    }
    expect(told.length).toBe(3 * messagesOfAnyKind.length)
  })

  test('diag of the OTel API, set to diagLogger(), is told here', () => {
    diag.setLogger(diagLogger())
    onTestFinished(() => diag.disable())
    diag.error('the SDK is unhappy', new Error('with a reason'))
    expect(messages()).toContain('the SDK is unhappy Error: with a reason')
  })

  test('wrong sinks are refused', () => {
    expect(() => setInternalLogSink('stderr' as unknown as () => void)).toThrow(
      "setInternalLogSink: expected a function, got 'stderr'",
    )
  })

  test.each(appKinds)('a sink that logs with $name is not bridged, now or later', async (kind) => {
    const exporter = new TestExporter()
    const app = kind.start({ loggerProvider: new LoggerProvider({ processors: [simpleProcessor(exporter)] }) })
    const suppressed: boolean[] = []
    setInternalLogSink(({ message }) => {
      suppressed.push(suppressionCarrier().suppressed)
      app.log(message)
      queueMicrotask(() => app.log(`${message} again`))
    })
    diagLogger().error('the diagnostic')
    await Promise.resolve()
    app.log('the app')
    expect(suppressed).toEqual([true])
    expect(app.lines).toEqual(['the diagnostic', 'the diagnostic again', 'the app'])
    expect(exporter.bodies).toEqual(['the app'])
  })

  test('a sink whose own log call makes the bridge speak again does not speak without end', () => {
    let calls = 0
    const failing = appKinds[2]?.start({
      loggerProvider: {
        getLogger: () => {
          throw new Error('no logger')
        },
      },
    })
    setInternalLogSink(() => {
      calls++
      failing?.log('from the sink')
      diagLogger().debug('from the sink')
    })
    failing?.log('the app')
    expect(calls).toBeLessThanOrEqual(2 * 10)
    expect(failing?.stats()).toMatchObject({ dropped: { failed: 1 } })
  })
})
