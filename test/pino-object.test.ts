// The object that the app logged, read in place of its line: it gives the record that the line gives, or is not read.

import fc from 'fast-check'
import pino, { type LoggerOptions } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createPinoStream, type PinoStream } from '../adapters/pino/index.ts'
import { type LogRecord, setInternalLogSink } from '../src/index.ts'
import { anyKey, anything, made, ordinary } from './support/exotic-values.ts'

beforeEach(() => setInternalLogSink(() => {}))
afterEach(() => setInternalLogSink(undefined))

describe("pino's object", () => {
  interface Logged {
    readonly record: LogRecord
    /** Of the same call, by a stream that is not the logger's own and so reads the line. */
    readonly ofLine: LogRecord
    readonly isParsed: boolean
  }

  function logged(options: LoggerOptions, log: (logger: pino.Logger) => void): Logged {
    const records: LogRecord[] = []
    const loggerProvider = { getLogger: () => ({ emit: (one: LogRecord) => void records.push(one) }) }
    const stream = createPinoStream({ loggerProvider })
    const another = createPinoStream({ loggerProvider })
    const write = stream.write.bind(stream)
    const parse = JSON.parse
    let isParsed = false
    stream.write = (line) => {
      const { lastLevel, lastTime, lastObj, lastMsg, lastLogger } = stream as PinoStream & Record<string, unknown>
      JSON.parse = (text: string) => {
        isParsed ||= text === line
        return parse(text)
      }
      try {
        write(line)
      } finally {
        JSON.parse = parse
      }
      Object.assign(another, { lastLevel, lastTime, lastObj, lastMsg, lastLogger }).write(line)
    }
    log(pino(options, stream))
    expect(records).toHaveLength(2)
    const [record, ofLine] = records as [LogRecord, LogRecord]
    return { record, ofLine, isParsed }
  }

  /** But for when it was observed, which is the time of a line that has none. */
  const same = ({ record, ofLine }: Logged, hasTime = true) => {
    const now = { observedTimestamp: 0, ...(!hasTime && { timestamp: 0 }) }
    expect({ ...record, ...now }).toEqual({ ...ofLine, ...now })
  }

  const names = fc.oneof(
    anyKey,
    fc.constantFrom('level', 'time', 'pid', 'hostname', 'name', 'msg', 'err', 'trace_id', 'otel.event.name', 'a', 'b'),
  )
  const fields = fc.dictionary(names, anything, { maxKeys: 6 }).map((makes) => () => made(makes))
  const plainFields = fc.dictionary(names, fc.oneof(fc.jsonValue(), ordinary), { maxKeys: 6 })

  test('gives the record that its line gives', () => {
    let copies = 0
    fc.assert(
      fc.property(
        fc.oneof(
          fields,
          plainFields.map((value) => () => value),
        ),
        fc.option(plainFields),
        fc.option(fc.string()),
        (make, bindings, message) => {
          let isRefused = false
          const result = logged({}, (logger) => {
            const child = bindings === null ? logger : logger.child({ ...bindings })
            try {
              child.info(make(), message ?? undefined)
            } catch {
              // pino itself falls over some values.
              isRefused = true
              child.info('instead')
            }
          })
          same(result)
          if (!result.isParsed && !isRefused) copies++
        },
      ),
      { numRuns: 2000 },
    )
    expect(copies).toBeGreaterThan(100)
  })

  const order = { id: 17, items: ['book', { title: 'pen' }], paid: true, note: null }
  const CASES: Record<string, [isParsed: boolean, options: LoggerOptions, log: (logger: pino.Logger) => void]> = {
    'a plain call': [false, {}, (logger) => logger.info(order, 'order placed')],
    'a call without a message': [false, {}, (logger) => logger.info(order)],
    'a message alone': [false, {}, (logger) => logger.warn('hello')],
    'a child with bindings': [false, {}, (logger) => logger.child({ request: 'a1', n: 1 }).info(order, 'x')],
    'a field that replaces a binding': [false, {}, (logger) => logger.child({ id: 1 }).info(order, 'x')],
    'bindings set later': [
      false,
      {},
      (logger) => {
        logger.setBindings({ request: 'a1' })
        logger.info(order, 'x')
      },
    ],
    'a mixin': [false, { mixin: () => ({ mixed: 'in' }) }, (logger) => logger.info(order, 'x')],
    'a message prefix': [false, { msgPrefix: '[http] ' }, (logger) => logger.info(order, 'x')],
    'another message key': [false, { messageKey: 'message' }, (logger) => logger.info(order, 'x')],
    'custom levels': [false, { customLevels: { audit: 35 } }, (logger) => (logger as never as Audit).audit(order, 'x')],
    'no base': [false, { base: null }, (logger) => logger.info(order, 'x')],
    'an error': [true, {}, (logger) => logger.error(new Error('boom'))],
    'a nested object among the bindings': [true, {}, (logger) => logger.child({ user: { id: 1 } }).info(order, 'x')],
    redaction: [true, { redact: ['id'] }, (logger) => logger.info(order, 'x')],
    'redaction of another field': [false, { redact: ['password'] }, (logger) => logger.info(order, 'x')],
    'redaction inside a field': [true, { redact: ['items[0]'] }, (logger) => logger.info(order, 'x')],
    'redaction inside another field': [false, { redact: ['req.headers'] }, (logger) => logger.info(order, 'x')],
    'redaction inside any field': [true, { redact: ['*.title'] }, (logger) => logger.info(order, 'x')],
    'redaction of the message': [true, { redact: ['msg'] }, (logger) => logger.info(order, 'x')],
    'redaction of a binding': [
      false,
      { redact: ['password'] },
      (logger) => logger.child({ password: 'hunter2' }).info(order, 'x'),
    ],
    'redaction of a field that a child has no more': [
      false,
      { redact: ['id'] },
      (logger) => logger.child({}, { redact: ['password'] }).info(order, 'x'),
    ],
    "a child's redaction": [true, {}, (logger) => logger.child({}, { redact: ['id'] }).info(order, 'x')],
    'a serializer': [true, { serializers: { id: () => 'serialized' } }, (logger) => logger.info(order, 'x')],
    "a child's serializer": [
      true,
      {},
      (logger) => logger.child({}, { serializers: { id: () => 'serialized' } }).info(order, 'x'),
    ],
    'a serializer of another field': [false, { serializers: { req: () => 1 } }, (logger) => logger.info(order, 'x')],
    'a serializer of the message': [
      true,
      { serializers: { msg: () => 'serialized' } },
      (logger) => logger.info(order, 'x'),
    ],
    'formatters.log': [true, { formatters: { log: () => ({ other: 1 }) } }, (logger) => logger.info(order, 'x')],
    'formatters.level': [
      true,
      { formatters: { level: (label) => ({ severity: label }) } },
      (logger) => logger.info(order, 'x'),
    ],
    'a nested key': [true, { nestedKey: 'payload' }, (logger) => logger.info(order, 'x')],
    'a streamWrite hook': [
      true,
      { hooks: { streamWrite: (line) => line.replace('17', '18') } },
      (logger) => logger.info(order, 'x'),
    ],
    'no time': [true, { timestamp: false }, (logger) => logger.info(order, 'x')],
    'a time in words': [true, { timestamp: pino.stdTimeFunctions.isoTime }, (logger) => logger.info(order, 'x')],
    'a field behind the time': [
      true,
      { timestamp: () => `,"time":${Date.now()},"more":1` },
      (logger) => logger.info(order, 'x'),
    ],
  }
  interface Audit {
    audit(fields: object, message: string): void
  }
  test.each(Object.entries(CASES))('%s', (_, [isParsed, options, log]) => {
    const result = logged(options, log)
    same(result, options.timestamp !== false)
    expect(result.isParsed).toBe(isParsed)
  })

  test('is let go of', async () => {
    const stream = createPinoStream({ loggerProvider: { getLogger: () => ({ emit() {} }) } })
    const logger = pino({}, stream)
    logger.info(order, 'x')
    expect(stream).toMatchObject({ lastObj: undefined, lastMsg: undefined, lastLogger: undefined })
  })

  test('is not trusted behind pino.multistream, where another stream may have logged in between', () => {
    const records: LogRecord[] = []
    const loggerProvider = { getLogger: () => ({ emit: (one: LogRecord) => void records.push(one) }) }
    const chatty = {
      write(line: string) {
        if (line.includes('"first"')) logger.info({ n: 2 }, 'second')
      },
    }
    const logger: pino.Logger = pino(
      {},
      pino.multistream([{ stream: chatty }, { stream: createPinoStream({ loggerProvider }) }]),
    )
    logger.info({ n: 1 }, 'first')
    expect(new Set(records.map(({ body, attributes }) => JSON.stringify([body, attributes])))).toEqual(
      new Set(['["first",{"n":1}]', '["second",{"n":2}]']),
    )
    expect(records).toHaveLength(2)
  })
})
