// Where and how logs go, from OTel's own environment variables and the options of the same meaning
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). An option wins over a variable, a variable of logs over
// one of all signals.

import { readFileSync } from 'node:fs'
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { createSecureContext } from 'node:tls'
import { pairsOf } from '../environment.ts'
import { reasonOf } from '../internal-logger.ts'
import { aLimit, argumentError, aString, isObject, type OptionChecks } from '../options.ts'

export type OtlpProtocol = 'http/protobuf' | 'http/json' | 'grpc'

/** Options of the export; each defaults to its environment variable. */
export interface OtlpOptions {
  /**
   * URL for logs; one without a path gets `/v1/logs`. Default: `OTEL_EXPORTER_OTLP_LOGS_ENDPOINT`, or
   * `OTEL_EXPORTER_OTLP_ENDPOINT` + `/v1/logs`.
   */
  readonly endpoint?: string
  /** Default: `OTEL_EXPORTER_OTLP_LOGS_PROTOCOL`, else `http/protobuf`. */
  readonly protocol?: OtlpProtocol
  /** Added to those of `OTEL_EXPORTER_OTLP_LOGS_HEADERS`. */
  readonly headers?: Readonly<Record<string, string>>
  /** For one attempt, in ms. Default: `OTEL_EXPORTER_OTLP_LOGS_TIMEOUT`, else 10 000. */
  readonly timeoutMillis?: number
  /** Default: `OTEL_EXPORTER_OTLP_LOGS_COMPRESSION`, else `none`. */
  readonly compression?: 'gzip' | 'none'
  /** Files in PEM form. Default: `OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE`, `…_CLIENT_KEY`, `…_CLIENT_CERTIFICATE`. */
  readonly certificate?: string
  readonly clientKey?: string
  readonly clientCertificate?: string
}

export interface OtlpConfiguration {
  readonly protocol: OtlpProtocol
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMillis: number
  readonly gzip: boolean
  readonly tls: { readonly ca?: Buffer; readonly key?: Buffer; readonly cert?: Buffer }
}

const PROTOCOLS: readonly string[] = ['http/protobuf', 'http/json', 'grpc'] satisfies OtlpProtocol[]
const DEFAULT_TIMEOUT_MS = 10_000
const LOGS_PATH = 'v1/logs'
const DEFAULT_ENDPOINT: Readonly<Record<OtlpProtocol, string>> = {
  'http/protobuf': 'http://localhost:4318',
  'http/json': 'http://localhost:4318',
  grpc: 'http://localhost:4317',
}

function whyNoEndpoint(text: string): string | undefined {
  if (!URL.canParse(text)) return 'a URL'
  // 'localhost:4317' is a URL too, whose scheme is 'localhost:'.
  return /^https?:$/.test(new URL(text).protocol) ? undefined : "a URL that begins with 'http://' or 'https://'"
}

const oneOf = (values: readonly string[]) => (value: unknown) =>
  values.includes(value as string) ? undefined : `one of ${values.map((known) => `'${known}'`).join(', ')}`

export const otlpOptionChecks: OptionChecks<OtlpOptions> = {
  endpoint: (value) => (typeof value === 'string' ? whyNoEndpoint(value) : 'a URL'),
  protocol: oneOf(PROTOCOLS),
  headers: (value) =>
    isObject(value) && Object.values(value).every((header) => typeof header === 'string')
      ? undefined
      : 'an object of strings',
  timeoutMillis: aLimit,
  compression: oneOf(['gzip', 'none']),
  certificate: aString,
  clientKey: aString,
  clientCertificate: aString,
}

/** @throws TypeError that names the option or variable which is wrong, what was expected and what came. */
export function otlpConfiguration(options: OtlpOptions = {}, env: NodeJS.ProcessEnv = process.env): OtlpConfiguration {
  const variable = (name: string) =>
    named(env, `OTEL_EXPORTER_OTLP_LOGS_${name}`) ?? named(env, `OTEL_EXPORTER_OTLP_${name}`)
  const checked = <K extends keyof OtlpOptions>(
    option: K,
    name: string,
    read: (text: string) => unknown = (text) => text,
  ) => {
    const found = variable(name)
    if (options[option] !== undefined || found === undefined) return options[option]
    const value = read(found.text)
    const expected = otlpOptionChecks[option](value)
    if (expected !== undefined) throw argumentError(found.name, expected, found.text)
    return value as OtlpOptions[K]
  }
  const protocol = checked('protocol', 'PROTOCOL') ?? 'http/protobuf'
  const tls = {
    ...file('ca', checked('certificate', 'CERTIFICATE'), 'certificate'),
    ...file('key', checked('clientKey', 'CLIENT_KEY'), 'clientKey'),
    ...file('cert', checked('clientCertificate', 'CLIENT_CERTIFICATE'), 'clientCertificate'),
  }
  const headers = {
    ...headersOf(named(env, 'OTEL_EXPORTER_OTLP_HEADERS')),
    ...headersOf(named(env, 'OTEL_EXPORTER_OTLP_LOGS_HEADERS')),
    ...options.headers,
  }
  checkHeaders(headers, protocol)
  return {
    protocol,
    url: urlOf(options.endpoint, env, protocol),
    headers,
    timeoutMillis: checked('timeoutMillis', 'TIMEOUT', Number) ?? DEFAULT_TIMEOUT_MS,
    gzip: checked('compression', 'COMPRESSION') === 'gzip',
    tls,
  }
}

interface Variable {
  readonly name: string
  readonly text: string
}

/** An empty variable is an unset one (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). */
function named(env: NodeJS.ProcessEnv, name: string): Variable | undefined {
  const text = env[name]?.trim()
  return text === undefined || text === '' ? undefined : { name, text }
}

function urlOf(endpoint: string | undefined, env: NodeJS.ProcessEnv, protocol: OtlpProtocol): URL {
  if (endpoint !== undefined) return optionUrl(endpoint, protocol)
  const ofLogs = named(env, 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT')
  const given = ofLogs ?? named(env, 'OTEL_EXPORTER_OTLP_ENDPOINT')
  const url = given === undefined ? new URL(DEFAULT_ENDPOINT[protocol]) : parseUrl(given, env, protocol)
  if (protocol === 'grpc' || ofLogs !== undefined) return url
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  url.pathname += LOGS_PATH
  return url
}

/** The pipeline of a thread is handed its options unchecked, by pino for one. */
function optionUrl(endpoint: string, protocol: OtlpProtocol): URL {
  const expected = whyNoEndpoint(endpoint)
  if (expected !== undefined) throw argumentError('endpoint', expected, endpoint)
  const url = new URL(endpoint)
  // No collector takes logs there, and whoever gives its address means this.
  if (protocol !== 'grpc' && url.pathname === '/') url.pathname = LOGS_PATH
  return url
}

function parseUrl({ name, text }: Variable, env: NodeJS.ProcessEnv, protocol: OtlpProtocol): URL {
  const url = protocol === 'grpc' && !text.includes('://') ? `${schemeOf(env)}://${text}` : text
  const expected = whyNoEndpoint(url)
  if (expected !== undefined) throw argumentError(name, expected, text)
  return new URL(url)
}

/** For a gRPC endpoint without one: TLS, unless it is said that the connection may be insecure. */
function schemeOf(env: NodeJS.ProcessEnv): 'http' | 'https' {
  const insecure = named(env, 'OTEL_EXPORTER_OTLP_LOGS_INSECURE') ?? named(env, 'OTEL_EXPORTER_OTLP_INSECURE')
  return insecure?.text.toLowerCase() === 'true' ? 'http' : 'https'
}

/** Percent-encoded as in W3C baggage. The text may hold credentials: no error shows it. */
function headersOf(variable: Variable | undefined): Record<string, string> {
  const pairs = pairsOf(variable?.text ?? '')
  if (pairs === undefined) throw new TypeError(`${variable?.name}: expected key=value pairs with commas between them`)
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), decode(value)]))
}

/** Here and not with the first record: a header that cannot be sent would be tried again for ever, and shown. */
function checkHeaders(headers: Readonly<Record<string, string>>, protocol: OtlpProtocol): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
      if (protocol !== 'grpc' || /^[ -~]*$/.test(value)) continue
    } catch {
      // The error may show the value.
    }
    throw new TypeError(`headers: the name or the value of '${name}' has characters that no header can have`)
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function file<K extends string>(key: K, path: string | undefined, option: string): { [_ in K]?: Buffer } {
  if (path === undefined) return {}
  try {
    return { [key]: readFileSync(path) } as { [_ in K]: Buffer }
  } catch (error) {
    throw new TypeError(`${option}: expected a readable file, got '${path}' (${reasonOf(error)})`)
  }
}

/** @throws TypeError where no connection can be made with these certificates. */
export function checkTls({ ca, key, cert }: OtlpConfiguration['tls']): void {
  if ((key === undefined) !== (cert === undefined)) {
    throw new TypeError('clientKey, clientCertificate: expected both or neither')
  }
  try {
    createSecureContext({ ca, key, cert })
  } catch (error) {
    throw new TypeError(`certificate, clientKey, clientCertificate: expected PEM files (${reasonOf(error)})`)
  }
}
