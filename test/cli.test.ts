// `app | otel-log-bridge`: what pino and winston write to a pipe arrives as records, and the pipe goes on.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import winston from 'winston'
import { otelMixin } from '../adapters/pino/index.ts'
import { withLogsSuppressed } from '../src/index.ts'
import { version } from '../src/version.ts'
import { cleanEnvironment, MAIN, resultOf, runCli, startCli } from './fixtures/cli/run-cli.ts'
import { startGrpcReceiver } from './support/grpc-receiver.ts'
import { type OtlpReceiver, startOtlpReceiver } from './support/otlp-receiver.ts'

const APP = join(import.meta.dirname, 'fixtures/cli/slow-app.mjs')
let receiver: OtlpReceiver

beforeEach(async () => {
  receiver = await startOtlpReceiver()
})
afterEach(() => receiver.close())

const bodies = () => receiver.records.map(({ body }) => body)
const filter = (input: string | Buffer, ...args: string[]) => runCli(args, { env: receiver.env }, input)

/** What real loggers write. */
function pinoLines(options: pino.LoggerOptions, log: (logger: pino.Logger) => void): string {
  const lines: string[] = []
  log(pino({ level: 'trace', ...options }, { write: (line: string) => void lines.push(line) }))
  return lines.join('')
}

function winstonLines(format: winston.Logform.Format, log: (logger: winston.Logger) => void): string {
  let text = ''
  const transport = new winston.transports.Console({ log: undefined } as never)
  transport.log = (info: Record<symbol, string>, next: () => void) => {
    text += `${info[Symbol.for('message')]}\n`
    next()
  }
  log(winston.createLogger({ level: 'silly', format, transports: [transport] }))
  return text
}

const { combine, errors, json, timestamp } = winston.format

describe('the lines of', () => {
  test('pino: message, level, time, name, error and fields', async () => {
    const before = Date.now()
    const lines = pinoLines({ name: 'shop' }, (logger) => {
      logger.warn({ orderId: 17 }, 'order placed')
      logger.error(new TypeError('declined'))
    })
    const { code, stdout, stderr } = await filter(lines)
    expect({ code, stderr, stdout: stdout.toString() }).toEqual({ code: 0, stderr: '', stdout: lines })
    const [placed, declined] = receiver.records
    expect(placed).toMatchObject({ body: 'order placed', severityNumber: 13, severityText: 'warn', scopeName: 'shop' })
    expect(placed?.attributes).toMatchObject({ orderId: 17, pid: process.pid })
    expect(Number((placed?.time ?? 0n) / 1_000_000n)).toBeGreaterThanOrEqual(before)
    expect(declined?.attributes).toMatchObject({ 'exception.type': 'TypeError', 'exception.message': 'declined' })
  })

  test('winston: message, level, timestamp, error and fields', async () => {
    const at = '2026-03-04T05:06:07.089Z'
    const lines = winstonLines(
      combine(timestamp({ format: () => at } as never), errors({ stack: true }), json()),
      (logger) => {
        logger.verbose('order placed', { orderId: 17, items: ['book'], zone: 'eu', waited: 3 })
        logger.error(new TypeError('declined'))
      },
    )
    expect((await filter(lines)).code).toBe(0)
    const [placed, declined] = receiver.records
    expect(placed).toMatchObject({ body: 'order placed', severityNumber: 6, severityText: 'verbose' })
    expect(placed?.attributes).toEqual({ orderId: 17, items: ['book'], zone: 'eu', waited: 3 })
    expect(placed?.time).toBe(BigInt(Date.parse(at)) * 1_000_000n)
    expect(declined).toMatchObject({ body: 'declined', severityNumber: 17 })
    expect(declined?.attributes).toMatchObject({ 'exception.type': 'TypeError', 'exception.message': 'declined' })
    expect(declined?.attributes).not.toHaveProperty('stack')
  })

  test('both, and of neither, each as what it is', async () => {
    const lines = [
      pinoLines({}, (logger) => logger.info('of pino')),
      'Server started\n',
      winstonLines(json(), (logger) => logger.warn('of winston')),
      '[1, 2]\n',
      pinoLines({ messageKey: 'message' }, (logger) => logger.debug('of pino with another key')),
      '{"level":"info","mess\n',
      winstonLines(combine(winston.format.colorize(), json()), (logger) => logger.error('in colour')),
      pinoLines({ formatters: { level: (level) => ({ level }) } }, (logger) => logger.fatal('of pino with names')),
    ].join('')
    const { code, stdout } = await filter(lines)
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: lines })
    expect(
      receiver.records.map(({ body, severityText, severityNumber }) => [body, severityText, severityNumber]),
    ).toEqual([
      ['of pino', 'info', 9],
      ['Server started', '', 0],
      ['of winston', 'warn', 13],
      ['[1, 2]', '', 0],
      ['of pino with another key', 'debug', 5],
      ['{"level":"info","mess', '', 0],
      ['in colour', 'error', 17],
      ['of pino with names', 'fatal', 21],
    ])
  })

  test('pino that names its levels, and has its message where winston has it', async () => {
    const options = { messageKey: 'message', formatters: { level: (level: string) => ({ level }) } }
    await filter(pinoLines(options, (logger) => logger.warn({ orderId: 17 }, 'said')))
    expect(receiver.records[0]).toMatchObject({ body: 'said', severityNumber: 13, severityText: 'warn' })
    expect(receiver.records[0]?.attributes).toEqual({ orderId: 17, pid: process.pid })
  })

  test('pino with a message key of its own', async () => {
    await filter(
      pinoLines({ messageKey: 'text' }, (logger) => logger.info({ msg: 'a field' }, 'said')),
      '--message-key',
      'text',
    )
    expect(receiver.records[0]).toMatchObject({ body: 'said', attributes: { msg: 'a field' } })
  })

  test('a logger inside an exporter: what must not be bridged is not', async () => {
    const lines = pinoLines({ mixin: otelMixin() }, (logger) => {
      logger.info('of the app')
      withLogsSuppressed(() => logger.info('of the exporter'))
    })
    const { code, stdout } = await filter(lines)
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: lines })
    expect(bodies()).toEqual(['of the app'])
  })
})

describe('bytes', () => {
  test('without a line end behind them, of several line ends, and of none', async () => {
    const text =
      '{"level":30,"msg":"one"}\r\n\r\n\n{"level":"info","message":"two"}\r\nthree\r\n  \n{"level":30,"msg":"four"}'
    const { stdout } = await filter(text)
    expect(stdout.toString()).toBe(text)
    expect(bodies()).toEqual(['one', 'two', 'three', 'four'])
  })

  test('that are no UTF-8 pass as they are', async () => {
    const bytes = Buffer.from([0x61, 0xff, 0xfe, 0x00, 0x80, 0x0a, 0x62, 0x0a])
    const { code, stdout } = await filter(bytes)
    expect({ code, bytes: [...stdout] }).toEqual({ code: 0, bytes: [...bytes] })
    expect(bodies()).toEqual(['a\ufffd\ufffd\u0000\ufffd', 'b'])
  })

  test('lines of megabytes', async () => {
    const long = JSON.stringify({ level: 30, msg: 'long', text: 'x'.repeat(5_000_000) })
    const text = `${long}\n{"level":30,"msg":"short"}\n`
    const { code, stdout } = await filter(text)
    expect(code).toBe(0)
    expect(stdout.equals(Buffer.from(text))).toBe(true)
    expect(bodies()).toEqual(['long', 'short'])
  })

  test('without any line end are not held without end', async () => {
    const bytes = Buffer.alloc(40 * 1024 * 1024, 'x')
    const { code, stdout } = await filter(bytes)
    expect(code).toBe(0)
    expect(stdout.equals(bytes)).toBe(true)
    expect(receiver.records.length).toBe(3)
  })

  test('nothing at all', async () => {
    expect(await filter('')).toMatchObject({ code: 0, stderr: '' })
    expect(receiver.requests).toEqual([])
  })

  test('--quiet passes nothing through', async () => {
    const { code, stdout } = await filter('{"level":30,"msg":"one"}\n', '--quiet')
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: '' })
    expect(bodies()).toEqual(['one'])
  })

  test('nobody reads: the app has to wait, and nothing piles up', async () => {
    const child = startCli([], { env: receiver.env })
    onTestFinished(() => void child.kill('SIGKILL'))
    const chunk = Buffer.from(`{"level":30,"msg":"${'x'.repeat(1000)}"}\n`.repeat(64))
    let taken = 0
    const write = () => {
      child.stdin?.write(chunk, (error) => {
        if (error != null) return
        taken += chunk.length
        if (taken < 64 * 1024 * 1024) write()
      })
    }
    child.stdin?.on('error', () => {})
    write()
    let before = -1
    while (taken !== before) {
      before = taken
      await delay(500)
    }
    expect(taken).toBeGreaterThan(0)
    expect(taken).toBeLessThan(8 * 1024 * 1024)
  })
})

/** A pipeline of the shell's, with a process group of its own as in a terminal. */
function startPipeline(command: string): ChildProcess {
  const env = cleanEnvironment({ ...receiver.env, APP, MAIN, NODE: process.execPath })
  const child = spawn('bash', ['-c', command], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL')
    } catch {
      // It has ended.
    }
  })
  return child
}

test('`| head -1`: the app goes on, and so does the export', async () => {
  const pipeline = startPipeline('set -o pipefail; "$NODE" "$APP" 20 50 | "$NODE" "$MAIN" | head -1; echo "$?"')
  const { stdout, stderr } = await resultOf(pipeline)
  const [first, code] = stdout.toString().trimEnd().split('\n')
  expect(JSON.parse(first ?? '')).toMatchObject({ msg: 'line 0' })
  expect(code).toBe('0')
  expect(stderr).toMatch(/^otel-log-bridge info \[output\] nobody reads standard output any more: .*\n$/)
  expect(bodies()).toEqual(Array.from({ length: 20 }, (_, i) => `line ${i}`))
})

describe('told to end', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('by %s with the app: its last lines arrive', async (signal) => {
    const pipeline = startPipeline('trap : INT TERM; "$NODE" "$APP" 1 0 stay | "$NODE" "$MAIN"; echo "$?"')
    const result = resultOf(pipeline)
    await once(pipeline.stdout as NodeJS.ReadableStream, 'readable')
    await receiver.received(1)
    process.kill(-(pipeline.pid ?? 0), signal)
    const { stdout } = await result
    expect(stdout.toString().trimEnd().split('\n').at(-1)).toBe('0')
    expect(bodies()).toEqual(['line 0', 'the last line'])
  })

  test('by SIGTERM alone: it ends although its input does not, and what it has read arrives', async () => {
    const child = startCli([], { env: receiver.env })
    const result = resultOf(child)
    child.stdin?.write('{"level":30,"msg":"one"}\nthe start of')
    await once(child.stdout as NodeJS.ReadableStream, 'readable')
    child.kill('SIGTERM')
    expect(await result).toMatchObject({ code: 143, stderr: '' })
    expect(bodies()).toEqual(['one', 'the start of'])
  })

  test('by Ctrl-C twice: it ends although its input does not', async () => {
    const child = startCli([], { env: receiver.env })
    const result = resultOf(child)
    child.stdin?.write('one\n')
    await once(child.stdout as NodeJS.ReadableStream, 'readable')
    child.kill('SIGINT')
    // What follows so soon is the same signal, told by npx.
    await delay(100)
    child.kill('SIGINT')
    await delay(700)
    expect(child.exitCode).toBe(null)
    child.kill('SIGINT')
    expect(await result).toMatchObject({ code: 130, stderr: '' })
    expect(bodies()).toEqual(['one'])
  })
})

test('an input that never ends: records arrive while it goes on', async () => {
  const child = startCli([], { env: receiver.env })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout?.resume()
  for (let i = 0; i < 3; i++) {
    child.stdin?.write(`{"level":30,"msg":"line ${i}"}\n`)
    await receiver.received(i + 1)
  }
})

describe('the end of the input', () => {
  const LINES = '{"level":30,"msg":"one"}\n{"level":30,"msg":"two"}\n'

  test('a collector that is not there: exit code 1, and how many records were not delivered', async () => {
    await receiver.close()
    const { code, stdout, stderr } = await filter(LINES)
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: LINES })
    expect(stderr).toContain('ECONNREFUSED')
    expect(stderr.match(/\[not-delivered\] 2 of 2 records not delivered/g)?.length).toBe(1)
    receiver = await startOtlpReceiver()
  })

  test('a collector that refuses: exit code 1, and why', async () => {
    receiver.misbehaviour = (_request, response) => void response.writeHead(401).end('no key')
    const { code, stderr } = await filter(LINES, '--header', 'x-team=s3cret')
    expect(code).toBe(1)
    expect(stderr).toContain('HTTP 401 no key')
    expect(stderr).toContain('OTEL_EXPORTER_OTLP_HEADERS')
    expect(stderr).not.toContain('s3cret')
    expect(stderr).toContain('2 of 2 records not delivered')
  })

  test('a wrong environment: the lines pass, and the exit code is 1', async () => {
    const { code, stdout, stderr } = await runCli([], { env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'udp' } }, LINES)
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: LINES })
    expect(stderr).toContain(
      "OTEL_EXPORTER_OTLP_PROTOCOL: expected one of 'http/protobuf', 'http/json', 'grpc', got 'udp'",
    )
    expect(stderr).toContain('2 of 2 records not delivered')
  })

  test.each([{ OTEL_SDK_DISABLED: 'true' }, { OTEL_LOGS_EXPORTER: 'none' }])(
    '%j: the lines pass, by intention',
    async (off) => {
      const { code, stdout, stderr } = await runCli([], { env: { ...receiver.env, ...off } }, LINES)
      expect({ code, stderr, stdout: stdout.toString() }).toEqual({ code: 0, stderr: '', stdout: LINES })
      expect(receiver.requests).toEqual([])
    },
  )
})

describe('flags', () => {
  const LINE = '{"level":30,"msg":"one"}\n'

  test('win over the environment', async () => {
    const env = {
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://127.0.0.1:1/nowhere',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_SERVICE_NAME: 'other',
    }
    const args = ['--endpoint', receiver.endpoint, '--protocol', 'http/json', '--service-name', 'shop']
    expect(await runCli(args, { env }, LINE)).toMatchObject({ code: 0, stderr: '' })
    expect(receiver.records[0]?.resource).toMatchObject({ 'service.name': 'shop' })
  })

  test('an endpoint may be whole', async () => {
    const args = ['--endpoint', `${receiver.endpoint}/v1/logs`, '--protocol', 'http/json']
    expect((await runCli(args, {}, LINE)).code).toBe(0)
    expect(bodies()).toEqual(['one'])
  })

  test('grpc', async () => {
    const collector = await startGrpcReceiver()
    onTestFinished(() => collector.close())
    const args = ['--endpoint', collector.endpoint, '--protocol', 'grpc', '--header', 'x-team: blue']
    expect((await runCli(args, {}, LINE)).code).toBe(0)
    expect(collector.records.length).toBe(1)
    expect(collector.requests[0]?.metadata.get('x-team')).toEqual(['blue'])
  })

  test.each([
    [['--nothing'], "Unknown option '--nothing'"],
    [['--endpoint', 'localhost:4318'], "--endpoint: expected a URL that begins with 'http://' or 'https://'"],
    [['--protocol', 'udp'], "--protocol: expected one of 'http/protobuf', 'http/json', 'grpc', got 'udp'"],
    [['--header', 's3cret'], '--header: expected name=value'],
    [['--endpoint'], "Option '--endpoint <value>' argument missing"],
    [['nurse'], "unknown command 'nurse': there is 'doctor'"],
    [['doctor', 'now'], "unexpected argument 'now'"],
    [['doctor', '--quiet'], '--quiet: an option of the filter'],
    [['--json'], "--json: an option of the command 'doctor'"],
  ])('%j is refused in one line', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args)
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('s3cret')
    expect(stderr.trimEnd().split('\n').length).toBe(1)
  })

  test('--version and --help', async () => {
    expect((await runCli(['--version'])).stdout.toString()).toBe(`${version}\n`)
    const { code, stdout } = await runCli(['doctor', '--help'])
    expect(code).toBe(0)
    expect(stdout.toString()).toContain('app | otel-log-bridge [options]')
  })
})
