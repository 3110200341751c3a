// What becomes of a whole call: the tests run on this table, and docs/mapping.md shows it. The text of a `call` is shown
// as it stands here.

import type { LoggerOptions, Logger as PinoLogger } from 'pino'
import winston from 'winston'
import type { AnyValue, AnyValueMap } from '../../src/attributes.ts'

export interface Becomes {
  readonly body?: AnyValue
  readonly attributes: AnyValueMap
  readonly severityText?: string
  readonly eventName?: string
  readonly scopeName?: string
  readonly traceId?: string
  readonly spanId?: string
}

interface RecordCase<Logger, Options> {
  readonly options?: () => Options
  readonly call: (logger: Logger) => unknown
  readonly becomes: Becomes
}
export type PinoCase = RecordCase<PinoLogger, LoggerOptions>
export type WinstonCase = RecordCase<winston.Logger, winston.LoggerOptions>

// Stacks that do not differ from run to run.
class HttpError extends Error {
  readonly status: number
  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options)
    this.status = status
    this.stack = `HttpError: ${message}\n    at fetch`
  }
}
function failure(message: string, cause?: unknown): Error {
  const error = cause === undefined ? new TypeError(message) : new TypeError(message, { cause })
  error.stack = `TypeError: ${message}\n    at save`
  return error
}
const IDS = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331', trace_flags: '01' }

const FAILURE = {
  'exception.type': 'TypeError',
  'exception.message': 'disk full',
  'exception.stacktrace': 'TypeError: disk full\n    at save',
}

const GONE = {
  'exception.type': 'HttpError',
  'exception.message': 'gone',
  'exception.stacktrace': 'HttpError: gone\n    at fetch',
}

export const pinoRecords: Readonly<Record<string, readonly PinoCase[]>> = {
  'Body and attributes': [
    { call: (logger) => logger.info('hello'), becomes: { body: 'hello', severityText: 'info', attributes: {} } },
    {
      call: (logger) => logger.info({ order: { id: 7 } }, 'paid %s', 'twice'),
      becomes: { body: 'paid twice', attributes: { order: { id: 7 } } },
    },
    { call: (logger) => logger.info({ order: 7 }), becomes: { attributes: { order: 7 } } },
    { call: (logger) => logger.info({ msg: { order: 7 } }), becomes: { body: { order: 7 }, attributes: {} } },
    {
      call: (logger) => logger.child({ request: 'a' }, { msgPrefix: '[shop] ' }).info('hello'),
      becomes: { body: '[shop] hello', attributes: { request: 'a' } },
    },
    {
      call: (logger) => logger.info({ pid: 1, hostname: 'elsewhere' }, 'hello'),
      becomes: { body: 'hello', attributes: { pid: 1, hostname: 'elsewhere' } },
    },
    {
      options: () => ({ nestedKey: 'payload' }),
      call: (logger) => logger.info({ order: 7 }, 'hello'),
      becomes: { body: 'hello', attributes: { payload: { order: 7 } } },
    },
    {
      options: () => ({ messageKey: 'message' }),
      call: (logger) => logger.info('hello'),
      becomes: { body: 'hello', attributes: {} },
    },
    {
      options: () => ({ redact: ['password'] }),
      call: (logger) => logger.info({ password: 'secret' }, 'hello'),
      becomes: { body: 'hello', attributes: { password: '[Redacted]' } },
    },
  ],
  'Logger name, event name, trace': [
    {
      options: () => ({ name: 'shop' }),
      call: (logger) => logger.info('hello'),
      becomes: { body: 'hello', scopeName: 'shop', attributes: {} },
    },
    {
      call: (logger) => logger.info({ name: 'Alice' }, 'hello'),
      becomes: { body: 'hello', attributes: { name: 'Alice' } },
    },
    {
      call: (logger) => logger.info({ 'otel.event.name': 'order.paid' }, 'hello'),
      becomes: { body: 'hello', eventName: 'order.paid', attributes: {} },
    },
    {
      call: (logger) => logger.info(IDS, 'hello'),
      becomes: { body: 'hello', traceId: IDS.trace_id, spanId: IDS.span_id, attributes: {} },
    },
  ],
  Errors: [
    {
      call: (logger) => logger.error(failure('disk full')),
      becomes: { body: 'disk full', attributes: FAILURE },
    },
    {
      call: (logger) => logger.error({ err: failure('disk full'), order: 7 }, 'not saved'),
      becomes: { body: 'not saved', attributes: { ...FAILURE, order: 7 } },
    },
    {
      call: (logger) => logger.error({ err: new HttpError('gone', 410) }, 'not fetched'),
      becomes: {
        body: 'not fetched',
        attributes: { ...GONE, err: { status: 410 } },
      },
    },
    {
      call: (logger) => logger.error(failure('disk full', new HttpError('gone', 410))),
      becomes: {
        body: 'disk full',
        attributes: {
          'exception.type': 'TypeError',
          'exception.message': 'disk full: gone',
          'exception.stacktrace': 'TypeError: disk full\n    at save\ncaused by: HttpError: gone\n    at fetch',
        },
      },
    },
    {
      options: () => ({ errorKey: 'failure' }),
      call: (logger) => logger.error(failure('disk full')),
      becomes: { body: 'disk full', attributes: FAILURE },
    },
    {
      call: (logger) => logger.error({ err: 'disk full' }, 'not saved'),
      becomes: { body: 'not saved', attributes: { err: 'disk full' } },
    },
    {
      call: (logger) => logger.info({ name: 'Alice', code: 7, message: 'hi' }, 'hello'),
      becomes: { body: 'hello', attributes: { name: 'Alice', code: 7, message: 'hi' } },
    },
  ],
}

const { colorize, combine, errors, json, printf, splat } = winston.format

export const winstonRecords: Readonly<Record<string, readonly WinstonCase[]>> = {
  'Body and attributes': [
    { call: (logger) => logger.info('hello'), becomes: { body: 'hello', severityText: 'info', attributes: {} } },
    {
      call: (logger) => logger.info('paid', { order: { id: 7 } }),
      becomes: { body: 'paid', attributes: { order: { id: 7 } } },
    },
    {
      options: () => ({ format: combine(splat(), json()) }),
      call: (logger) => logger.info('paid %s', 'twice', { order: 7 }),
      becomes: { body: 'paid twice', attributes: { order: 7 } },
    },
    {
      call: (logger) => logger.log({ level: 'info', message: { order: 7 } as never }),
      becomes: { body: { order: 7 }, attributes: {} },
    },
    {
      options: () => ({ defaultMeta: { service: 'shop' } }),
      call: (logger) => logger.child({ request: 'a' }).info('hello'),
      becomes: { body: 'hello', attributes: { service: 'shop', request: 'a' } },
    },
    {
      options: () => ({ format: combine(colorize(), json()) }),
      call: (logger) => logger.info('hello'),
      becomes: { body: 'hello', severityText: 'info', attributes: {} },
    },
    {
      options: () => ({ format: printf(({ level, message }) => `${level}: ${String(message)}`) }),
      call: (logger) => logger.info('hello'),
      becomes: { body: 'hello', attributes: {} },
    },
  ],
  'Logger name, event name, trace': [
    {
      call: (logger) => logger.info('hello', { name: 'Alice' }),
      becomes: { body: 'hello', attributes: { name: 'Alice' } },
    },
    {
      call: (logger) => logger.info('hello', { 'otel.event.name': 'order.paid' }),
      becomes: { body: 'hello', eventName: 'order.paid', attributes: {} },
    },
    {
      call: (logger) => logger.info('hello', IDS),
      becomes: { body: 'hello', traceId: IDS.trace_id, spanId: IDS.span_id, attributes: {} },
    },
  ],
  Errors: [
    {
      call: (logger) => logger.error(failure('disk full')),
      becomes: { body: 'disk full', attributes: FAILURE },
    },
    {
      call: (logger) => logger.error('not saved:', failure('disk full')),
      becomes: { body: 'not saved: disk full', attributes: FAILURE },
    },
    {
      call: (logger) => logger.error('not saved', { err: failure('disk full'), order: 7 }),
      becomes: { body: 'not saved', attributes: { ...FAILURE, order: 7 } },
    },
    {
      options: () => ({ format: combine(errors({ stack: true, cause: true }), json()) }),
      call: (logger) => logger.error(failure('disk full')),
      becomes: { body: 'disk full', attributes: FAILURE },
    },
    {
      call: (logger) => logger.error('not fetched', { err: new HttpError('gone', 410) }),
      becomes: {
        body: 'not fetched',
        attributes: { ...GONE, err: { status: 410 } },
      },
    },
    {
      call: (logger) => logger.error('not saved', { err: failure('disk full', new HttpError('gone', 410)) }),
      becomes: {
        body: 'not saved',
        attributes: {
          ...FAILURE,
          'exception.stacktrace': 'TypeError: disk full\n    at save\nCaused by: HttpError: gone\n    at fetch',
          err: { cause: { status: 410 } },
        },
      },
    },
    {
      call: (logger) => logger.info('hello', { name: 'Alice', code: 7, stack: 'of cards' }),
      becomes: { body: 'hello', attributes: { name: 'Alice', code: 7, stack: 'of cards' } },
    },
  ],
}
