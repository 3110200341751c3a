// The LoggerProvider of a thread of our own, from the OTel SDK that the app has installed, of either generation, and
// configured by OTel's own environment variables.

import { reasonOf } from '../internal-logger.ts'
import type { LoggerProvider } from '../provider.ts'
import { type LogRecordExporter, QueueingLogRecordProcessor } from './processor.ts'

export interface OwnedLoggerProvider extends LoggerProvider {
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

const EXPORTER_PACKAGES: Readonly<Record<string, string>> = {
  'http/protobuf': '@opentelemetry/exporter-logs-otlp-proto',
  'http/json': '@opentelemetry/exporter-logs-otlp-http',
  grpc: '@opentelemetry/exporter-logs-otlp-grpc',
}

interface SdkLogs {
  LoggerProvider: new (options: { resource: unknown; processors: unknown[] }) => OwnedLoggerProvider
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
  const protocol = env.OTEL_EXPORTER_OTLP_LOGS_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf'
  const exporterPackage = EXPORTER_PACKAGES[protocol]
  if (exporterPackage === undefined) {
    const known = Object.keys(EXPORTER_PACKAGES).join(', ')
    throw new Error(`OTEL_EXPORTER_OTLP_PROTOCOL: expected one of ${known}, got '${protocol}'`)
  }
  const [{ LoggerProvider: SdkLoggerProvider }, resources, { OTLPLogExporter }] = await Promise.all([
    load<SdkLogs>('@opentelemetry/sdk-logs'),
    load<ResourcesPackage>('@opentelemetry/resources'),
    load<ExporterPackage>(exporterPackage),
  ])
  const fromEnvironment = resources.detectResources({ detectors: [resources.envDetector] })
  return new SdkLoggerProvider({
    resource: resources.defaultResource().merge(fromEnvironment),
    processors: [new QueueingLogRecordProcessor(new OTLPLogExporter())],
  })
}

async function load<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T
  } catch (error) {
    throw new Error(`'${name}' could not be loaded; install it with: npm install ${name} (${reasonOf(error)})`)
  }
}
