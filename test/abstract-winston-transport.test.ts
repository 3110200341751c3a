// winston's own suite for transports, on ours. It is written for mocha: its functions are globals, and may call back.

import { createRequire } from 'node:module'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { OpenTelemetryTransport } from '../adapters/winston/index.ts'
import type { LogRecord } from '../src/index.ts'

type Done = (error?: unknown) => void
type Body = (done: Done) => unknown

const called = (body: Body) => () =>
  body.length === 0
    ? body(() => {})
    : new Promise<void>((resolve, reject) => body((error) => (error == null ? resolve() : reject(error))))

const records: LogRecord[] = []

Object.assign(globalThis, {
  describe,
  it: (name: string, body: Body) => test(name, called(body)),
  beforeEach: (body: Body) => beforeEach(called(body)),
  afterEach: (body: Body) => afterEach(called(body)),
  after: (body: Body) => afterAll(called(body)),
})

createRequire(import.meta.url)('abstract-winston-transport')({
  name: 'OpenTelemetryTransport',
  Transport: OpenTelemetryTransport,
  construct: { loggerProvider: { getLogger: () => ({ emit: (record: LogRecord) => void records.push(record) }) } },
})

test('each of its records was bridged', () => {
  expect(records.map(({ body }) => body)).toEqual(['foo', 'foo', 'foo'])
})
