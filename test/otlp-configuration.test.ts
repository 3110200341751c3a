// OTel's environment variables, read as the specification has them, and the options that stand for the same.

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkOptions } from '../src/options.ts'
import { otlpConfiguration, otlpOptionChecks } from '../src/pipeline/otlp-configuration.ts'

const urlFor = (env: Record<string, string>) => otlpConfiguration({}, env).url.href

test('without anything said, protobuf goes to the local collector', () => {
  expect(otlpConfiguration({}, {})).toEqual({
    protocol: 'http/protobuf',
    url: new URL('http://localhost:4318/v1/logs'),
    headers: {},
    timeoutMillis: 10_000,
    gzip: false,
    tls: {},
  })
})

test.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, 'http://collector:4318/v1/logs'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' }, 'http://collector:4318/v1/logs'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://host/otlp' }, 'https://host/otlp/v1/logs'],
  [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://logs/as/given' }, 'http://logs/as/given'],
  [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://logs/a', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://all' }, 'http://logs/a'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, 'http://localhost:4318/v1/logs'],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'http://localhost:4317/'],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, 'https://collector:4317/'],
  [
    {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317',
      OTEL_EXPORTER_OTLP_INSECURE: 'true',
    },
    'http://collector:4317/',
  ],
] as [Record<string, string>, string][])('%j sends to %s', (env, url) => {
  expect(urlFor(env)).toBe(url)
})

test('a variable of logs wins over the general one, an option over both', () => {
  const env = {
    OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
    OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: '2000',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=2',
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'B=3, c = x%20y',
  }
  const { timeoutMillis, gzip, headers } = otlpConfiguration({ headers: { d: '4' } }, env)
  expect([timeoutMillis, gzip, headers]).toEqual([2000, true, { a: '1', b: '3', c: 'x y', d: '4' }])
  expect(otlpConfiguration({ timeoutMillis: 3000, compression: 'none' }, env)).toMatchObject({
    timeoutMillis: 3000,
    gzip: false,
  })
})

test('certificates are read from their files', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'otel-log-bridge-')), 'ca.pem')
  writeFileSync(path, 'PEM')
  expect(otlpConfiguration({}, { OTEL_EXPORTER_OTLP_CERTIFICATE: path }).tls).toEqual({ ca: Buffer.from('PEM') })
  expect(() => otlpConfiguration({ clientKey: '/no/such/file' }, {})).toThrow(
    "clientKey: expected a readable file, got '/no/such/file'",
  )
})

test.each([
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'udp' },
    "OTEL_EXPORTER_OTLP_PROTOCOL: expected one of 'http/protobuf', 'http/json', 'grpc', got 'udp'",
  ],
  [
    { OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: 'soon' },
    "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: expected a whole number above 0, or Infinity, got 'soon'",
  ],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://[' }, 'OTEL_EXPORTER_OTLP_ENDPOINT: expected a URL'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT: expected a URL'],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'secret' }, 'OTEL_EXPORTER_OTLP_HEADERS: expected key=value pairs'],
] as [Record<string, string>, string][])('%j is refused by name', (env, message) => {
  expect(() => otlpConfiguration({}, env)).toThrow(message)
})

test('no error shows what headers hold', () => {
  expect(() => otlpConfiguration({}, { OTEL_EXPORTER_OTLP_HEADERS: 'Bearer s3cret' })).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('s3cret') }),
  )
  for (const wrong of [
    { headers: { 'x-key': 's3cret', n: 5 } },
    { endpoint: 'nowhere://user:s3cret@collector' },
    { endpoint: { authorization: 's3cret' } },
  ]) {
    expect(() => checkOptions('x', wrong as never, otlpOptionChecks)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('s3cret') }),
    )
  }
})

test.each([
  ['http://collector:4318', 'http/protobuf', 'http://collector:4318/v1/logs'],
  ['http://collector:4318/', 'http/json', 'http://collector:4318/v1/logs'],
  ['http://collector:4318/logs', 'http/protobuf', 'http://collector:4318/logs'],
  ['http://collector:4317', 'grpc', 'http://collector:4317/'],
] as const)('the option endpoint %s, by %s, means %s', (endpoint, protocol, url) => {
  expect(String(otlpConfiguration({ endpoint, protocol }, {}).url)).toBe(url)
})

test('a wrong option is refused by name', () => {
  expect(() => checkOptions('x', { endpoint: 'nowhere' }, otlpOptionChecks)).toThrow(
    "x: option 'endpoint': expected a URL, got 'nowhere'",
  )
  expect(() => checkOptions('x', { protocol: 'udp' } as never, otlpOptionChecks)).toThrow("option 'protocol'")
})
