// OTel's environment variables: names that nobody reads, values that cannot be used, and what they come to.

import { reasonOf } from '../../src/internal-logger.ts'
import { type OtlpConfiguration, otlpConfiguration } from '../../src/pipeline/otlp-configuration.ts'
import { resourceOf } from '../../src/pipeline/resource.ts'
import { type Check, fail, ok, warn } from './check.ts'
import { type ExportFlags, switchedOffBy } from './command-line.ts'

const OTLP = [
  'ENDPOINT',
  'PROTOCOL',
  'HEADERS',
  'TIMEOUT',
  'COMPRESSION',
  'CERTIFICATE',
  'CLIENT_KEY',
  'CLIENT_CERTIFICATE',
  'INSECURE',
]
const SIGNALS = ['', 'LOGS_', 'TRACES_', 'METRICS_', 'PROFILES_']
/** Those that records depend on, and their neighbours of the other signals. */
const KNOWN = [
  ...SIGNALS.flatMap((signal) => OTLP.map((name) => `OTEL_EXPORTER_OTLP_${signal}${name}`)),
  'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE',
  'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION',
  ...['BLRP', 'BSP'].flatMap((processor) =>
    ['SCHEDULE_DELAY', 'EXPORT_TIMEOUT', 'MAX_QUEUE_SIZE', 'MAX_EXPORT_BATCH_SIZE'].map(
      (name) => `OTEL_${processor}_${name}`,
    ),
  ),
  ...['LOGRECORD_', 'SPAN_', ''].flatMap((of) =>
    ['COUNT', 'VALUE_LENGTH'].map((name) => `OTEL_${of}ATTRIBUTE_${name}_LIMIT`),
  ),
  'OTEL_LOG_BRIDGE_DEPTH_LIMIT',
  'OTEL_LOG_BRIDGE_RECORD_BYTES_LIMIT',
  'OTEL_LOGS_EXPORTER',
  'OTEL_TRACES_EXPORTER',
  'OTEL_METRICS_EXPORTER',
  'OTEL_LOG_LEVEL',
  'OTEL_SERVICE_NAME',
  'OTEL_RESOURCE_ATTRIBUTES',
  'OTEL_SDK_DISABLED',
  'OTEL_PROPAGATORS',
]
/** All that begins so is ours to know. */
const OURS = /^OTEL_(?:EXPORTER_OTLP_|BLRP_|LOG_BRIDGE_)/
/** Letters that a name may differ in from the one that was meant. */
const MAX_EDITS = 3

export interface EnvironmentFindings {
  readonly checks: Check[]
  /** Where records would be sent; undefined where the environment keeps them from that. */
  readonly configuration: OtlpConfiguration | undefined
}

export function environmentChecks({ options, endpoint }: ExportFlags, env: NodeJS.ProcessEnv): EnvironmentFindings {
  const checks = [...nameChecks(env), serviceCheck(options, env)]
  const off = switchedOffBy(env)
  if (off !== undefined) {
    checks.push(fail('environment', `${off}: nothing is exported, by intention`, `unset ${off.split('=')[0]}`))
    return { checks, configuration: undefined }
  }
  const exporter = env.OTEL_LOGS_EXPORTER?.trim()
  if (exporter === 'console') {
    checks.push(warn('environment', 'OTEL_LOGS_EXPORTER=console: records go to standard output alone', 'unset it'))
    return { checks, configuration: undefined }
  }
  try {
    const configuration = otlpConfiguration(options, env)
    checks.push(...endpointChecks(configuration, endpoint, env))
    return { checks, configuration }
  } catch (error) {
    checks.push(fail('environment', reasonOf(error), 'correct it, or unset it: no record is exported'))
    return { checks, configuration: undefined }
  }
}

function nameChecks(env: NodeJS.ProcessEnv): Check[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('OTEL_') && !KNOWN.includes(name))
    .flatMap((name) => {
      const meant = nearest(name)
      if (meant === undefined && !OURS.test(name)) return []
      return [
        warn(
          'environment',
          `nobody reads ${name}`,
          meant === undefined ? 'look for its name' : `it is ${meant} that is read`,
        ),
      ]
    })
}

/** A record that arrives under a name that nobody looks for has not arrived. */
function serviceCheck(options: ExportFlags['options'], env: NodeJS.ProcessEnv): Check {
  const name = String(resourceOf(options, env)['service.name'])
  if (!name.startsWith('unknown_service')) return ok('service', name)
  return warn('service', `records arrive as '${name}'`, 'set OTEL_SERVICE_NAME')
}

/** Some backends have the key in the path. */
const LONG_SEGMENT = /[^/]{20,}/g
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

function endpointChecks(configuration: OtlpConfiguration, flag: string | undefined, env: NodeJS.ProcessEnv): Check[] {
  const { protocol, url, headers } = configuration
  const names = Object.keys(headers)
  const sent = names.length === 0 ? '' : `, with ${names.length} headers of yours`
  const from = flag !== undefined ? '--endpoint' : sourceOf(env)
  const isGrpc = protocol === 'grpc'
  const port = url.port || DEFAULT_PORTS[url.protocol]
  const path = isGrpc ? '' : url.pathname.replace(LONG_SEGMENT, '[...]')
  const text = `${url.protocol}//${url.host}${path} by ${protocol} (${from})${sent}`
  if (port === '4317' && !isGrpc) {
    const fix = 'for gRPC set OTEL_EXPORTER_OTLP_PROTOCOL=grpc, for HTTP take port 4318'
    return [warn('endpoint', `${text}: 4317 is the port of gRPC`, fix)]
  }
  if (port === '4318' && isGrpc) {
    const fix = 'for HTTP set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, for gRPC take port 4317'
    return [warn('endpoint', `${text}: 4318 is the port of HTTP`, fix)]
  }
  if (!isGrpc && url.pathname.endsWith('/v1/logs/v1/logs')) {
    return [warn('endpoint', `${text}: /v1/logs is added to OTEL_EXPORTER_OTLP_ENDPOINT`, 'leave it away there')]
  }
  return [ok('endpoint', text)]
}

function sourceOf(env: NodeJS.ProcessEnv): string {
  const names = ['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT']
  return names.find((name) => (env[name]?.trim() ?? '') !== '') ?? 'by default'
}

function nearest(name: string): string | undefined {
  let best: string | undefined
  let fewest = MAX_EDITS + 1
  for (const known of KNOWN) {
    const edits = editsBetween(name, known)
    if (edits < fewest) {
      fewest = edits
      best = known
    }
  }
  return best
}

/** Letters to insert, take away or replace (Levenshtein). */
function editsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_EDITS) return MAX_EDITS + 1
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
