// The LoggerProvider of a thread of our own, from the OTel SDK that the app has installed, of either generation, and
// configured by OTel's own environment variables.

import { reasonOf } from '../internal-logger.ts'
import type { LoggerProvider } from '../provider.ts'
import { type LogRecordExporter, QueueingLogRecordProcessor } from './processor.ts'

export interface OwnedLoggerProvider extends LoggerProvider {
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

/** Stands in where the real one cannot be made: its Loggers want no record. */
export const refusingLoggerProvider: OwnedLoggerProvider = {
  getLogger: () => ({ emit() {}, enabled: () => false }),
  async forceFlush() {},
  async shutdown() {},
}

/** By protocol. */
const EXPORTER_PACKAGES = new Map([
  ['http/protobuf', '@opentelemetry/exporter-logs-otlp-proto'],
  ['http/json', '@opentelemetry/exporter-logs-otlp-http'],
  ['grpc', '@opentelemetry/exporter-logs-otlp-grpc'],
])
const PROTOCOL_VARIABLES = ['OTEL_EXPORTER_OTLP_LOGS_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']
const DEFAULT_PROTOCOL = 'http/protobuf'
const DEFAULT_DELAY_MS = 1000
const NO_LIMIT = Number.POSITIVE_INFINITY

interface SdkLogs {
  LoggerProvider: new (options: {
    resource: unknown
    processors: unknown[]
    logRecordLimits: { attributeCountLimit: number; attributeValueLengthLimit: number }
  }) => OwnedLoggerProvider
}
interface ResourcesPackage {
  defaultResource(): { merge(other: unknown): unknown }
  detectResources(config: { detectors: unknown[] }): unknown
  envDetector: unknown
}
interface ExporterPackage {
  OTLPLogExporter: new () => LogRecordExporter
}

/** @throws Error that names the package to install, or the environment variable that is wrong. */
export async function createOtlpLoggerProvider(env: NodeJS.ProcessEnv = process.env): Promise<OwnedLoggerProvider> {
  const exporterPackage = exporterPackageOf(env)
  const [{ LoggerProvider: SdkLoggerProvider }, resources, { OTLPLogExporter }] = await Promise.all([
    load<SdkLogs>('@opentelemetry/sdk-logs'),
    load<ResourcesPackage>('@opentelemetry/resources'),
    load<ExporterPackage>(exporterPackage),
  ])
  const fromEnvironment = resources.detectResources({ detectors: [resources.envDetector] })
  return new SdkLoggerProvider({
    resource: resources.defaultResource().merge(fromEnvironment),
    processors: [new QueueingLogRecordProcessor(new OTLPLogExporter(), delayMillisOf(env))],
    // The bridge has kept its own limits already.
    logRecordLimits: { attributeCountLimit: NO_LIMIT, attributeValueLengthLimit: NO_LIMIT },
  })
}

function exporterPackageOf(env: NodeJS.ProcessEnv): string {
  // An empty variable counts as unset, as OTel's specification has it.
  const variable = PROTOCOL_VARIABLES.find((name) => (env[name] ?? '') !== '')
  const protocol = variable === undefined ? DEFAULT_PROTOCOL : String(env[variable])
  const exporterPackage = EXPORTER_PACKAGES.get(protocol)
  if (exporterPackage !== undefined) return exporterPackage
  throw new Error(`${variable}: expected one of ${[...EXPORTER_PACKAGES.keys()].join(', ')}, got '${protocol}'`)
}

function delayMillisOf({ OTEL_BLRP_SCHEDULE_DELAY }: NodeJS.ProcessEnv): number {
  const delay = Number(OTEL_BLRP_SCHEDULE_DELAY)
  return delay > 0 ? delay : DEFAULT_DELAY_MS
}

async function load<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T
  } catch (error) {
    throw new Error(`'${name}' could not be loaded; install it with: npm install ${name} (${reasonOf(error)})`)
  }
}
