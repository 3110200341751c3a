// `code: true`: records tell where in the app's code they were logged, in apps as they are run: from files, mapped to
// their sources, and bundled.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'tsdown'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'

const run = promisify(execFile)
const CHILD = join(import.meta.dirname, 'children/call-site.ts')

interface Report {
  readonly records: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly capturedInVain: number
  readonly settings: readonly unknown[]
}

/** Where `file` calls a logger with `message`: the position of the method's name. */
function placeOf(file: string, message: string): object {
  const lines = readFileSync(file, 'utf8').split('\n')
  const line = lines.findIndex((text) => text.includes(`'${message}'`))
  const call = lines[line]?.slice(0, lines[line].indexOf(`'${message}'`)) ?? ''
  const column = /(\w+)\((?:\{[^{}]*\}, |'info', |order, )?$/d.exec(call)?.indices?.[1]?.[0] ?? Number.NaN
  return { 'code.file.path': file, 'code.line.number': line + 1, 'code.column.number': column + 1 }
}

describe('records of an app', () => {
  let report: Report

  beforeAll(async () => {
    const { stdout } = await run(process.execPath, [CHILD])
    report = JSON.parse(stdout) as Report
  })

  test.each([
    ['pino: code of the module', undefined],
    ['pino: a method', 'Orders.place'],
    ['pino: a static method', 'Orders.open'],
    ['pino: behind an await', 'Orders.later'],
    ['pino: a child', undefined],
    ['pino: fatal', undefined],
    ['pino: through a hook', undefined],
    ['pino: by a method that the logger has replaced', undefined],
    ['pino: multistream', undefined],
    ['pino: a level of its own', undefined],
    ['pino: a getter', 'get nested'],
    ['pino: with a getter', undefined],
    ['pino: in a timer', 'Timeout.onTimer'],
    ['pino: by the mixin', 'mixing'],
    ['winston: one argument', undefined],
    ['winston: two arguments', undefined],
    ['winston: log', undefined],
    ['winston: a child', undefined],
    ['winston: held up', undefined],
  ])('%s', (message, functionName) => {
    const { 'code.function.name': name, ...place } = report.records[message] ?? {}
    expect(place).toMatchObject(placeOf(CHILD, message))
    expect(name).toBe(functionName)
  })

  test.each([
    'pino: by an array',
    'winston: log of an object',
    'winston: write',
    'winston: a timer',
    'bridge: emit',
    'eval: made of a text',
  ])('%s', (message) => {
    const text = readFileSync(CHILD, 'utf8').split('\n')
    const line = text.findIndex((one) => one.includes(message)) + 1
    expect(report.records[message]).toMatchObject({ 'code.file.path': CHILD, 'code.line.number': line })
  })

  test.each(['winston: nobody called a logger', 'uncaughtException: thrown'])('%s: none', (start) => {
    const [, attributes] = Object.entries(report.records).find(([message]) => message.startsWith(start)) ?? []
    expect(attributes).toBeDefined()
    expect(Object.keys(attributes ?? {}).filter((key) => key.startsWith('code.'))).toEqual([])
  })

  test('what is not bridged, or not asked for, captures no stack', () => {
    expect(report.capturedInVain).toBe(0)
  })

  test('the app’s prepareStackTrace is not called and stays, and its limit too', () => {
    expect(report.settings).toEqual([0, true, 10, 0, 1, null])
    for (const limit of ['0', '1', 'undefined']) {
      expect(report.records[`limit: ${limit}`]).toMatchObject({ 'code.file.path': CHILD })
    }
  })

  test('an Error that cannot be changed costs the place, not the record', () => {
    expect(report.records['limit: frozen']).toEqual({})
  })
})

describe('records of what was built of the app', () => {
  const SOURCE = `
enum Size { small }
interface Order { readonly size: Size }

import pino from 'pino'
import winston from 'winston'
import { createPinoStream } from 'otel-log-bridge/pino'
import { OpenTelemetryTransport } from 'otel-log-bridge/winston'

const records: object[] = []
const loggerProvider = { getLogger: () => ({ emit: ({ attributes }: { attributes: object }) => void records.push(attributes) }) }
const options = { loggerProvider, code: true }
const logger = pino({}, createPinoStream(options))
const other = winston.createLogger({ transports: [new OpenTelemetryTransport(options)] })
function placeOrder(order: Order): void {
  logger.info('by pino')
  other.info('by winston', order)
}
placeOrder({ size: Size.small })
process.stdout.write(JSON.stringify(records))
`
  let folder: string
  let source: string

  async function records(file: string, ...args: string[]): Promise<Record<string, unknown>[]> {
    const { stdout } = await run(process.execPath, [...args, file])
    return JSON.parse(stdout) as Record<string, unknown>[]
  }

  const lineOf = (text: string, part: string) => text.split('\n').findIndex((line) => line.includes(part)) + 1

  beforeAll(async () => {
    // Inside the package, which finds itself by its name.
    const cache = join(import.meta.dirname, '../.cache')
    await mkdir(cache, { recursive: true })
    folder = await mkdtemp(join(cache, 'call-site-'))
    source = join(folder, 'app.ts')
    await writeFile(source, SOURCE)
    return () => rm(folder, { recursive: true })
  })

  test.each([true, false])('compiled, with source maps enabled: %s', async (isMapped) => {
    const file = join(folder, 'compiled.mjs')
    const code = stripTypeScriptTypes(SOURCE, { mode: 'transform', sourceMap: true, sourceUrl: 'app.ts' })
    await writeFile(file, code)
    const path = isMapped ? source : file
    const text = isMapped ? SOURCE : code
    expect(await records(file, ...(isMapped ? ['--enable-source-maps'] : []))).toMatchObject([
      { 'code.file.path': path, 'code.line.number': lineOf(text, "'by pino'"), 'code.function.name': 'placeOrder' },
      { 'code.file.path': path, 'code.line.number': lineOf(text, "'by winston'"), 'code.function.name': 'placeOrder' },
    ])
  })

  test.each([true, false])('bundled with its loggers, with source maps enabled: %s', async (isMapped) => {
    const outDir = await mkdtemp(join(tmpdir(), 'otel-log-bridge-bundle-'))
    onTestFinished(() => rm(outDir, { recursive: true }))
    await build({
      entry: { bundle: source },
      outDir,
      format: 'esm',
      platform: 'node',
      sourcemap: true,
      dts: false,
      config: false,
      clean: false,
      logLevel: 'silent',
      deps: { alwaysBundle: [/./] },
    })
    const file = join(outDir, 'bundle.mjs')
    const text = isMapped ? SOURCE : await readFile(file, 'utf8')
    const byPino = lineOf(text, isMapped ? "'by pino'" : '"by pino"')
    const byWinston = lineOf(text, isMapped ? "'by winston'" : '"by winston"')
    const path = isMapped ? source : file
    expect(await records(file, ...(isMapped ? ['--enable-source-maps'] : []))).toMatchObject([
      { 'code.file.path': path, 'code.line.number': byPino, 'code.function.name': 'placeOrder' },
      { 'code.file.path': path, 'code.line.number': byWinston, 'code.function.name': 'placeOrder' },
    ])
  })
})
