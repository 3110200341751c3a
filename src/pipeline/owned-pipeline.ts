// The pipeline of a thread of our own: the LoggerProvider of the OTel SDK that the app has installed, of either
// generation, in front of our queue and our OTLP. Nothing of it is registered as a global.

import { pathToFileURL } from 'node:url'
import { internalLog, reasonOf } from '../internal-logger.ts'
import { argumentError, aString, isObject, type OptionChecks } from '../options.ts'
import type { LoggerProvider } from '../provider.ts'
import type { DeliveryResult } from './delivery-queue.ts'
import { loadOptional } from './load.ts'
import { type OtlpOptions, otlpConfiguration, otlpOptionChecks } from './otlp-configuration.ts'
import { createOtlpSender } from './otlp-sender.ts'
import { QueuedLogRecordProcessor, type QueueOptions, queueOptionChecks } from './queued-processor.ts'

/** Options of the export, for every form that owns its pipeline. They cross to a thread: no functions. */
export interface ExportOptions extends OtlpOptions, QueueOptions {
  /** `service.name` of the resource. Default: `OTEL_SERVICE_NAME`, else what `OTEL_RESOURCE_ATTRIBUTES` says. */
  readonly serviceName?: string
  /** Attributes of the resource, besides those of `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly resourceAttributes?: Readonly<Record<string, string | number | boolean>>
  /** A module whose default export makes a LoggerProvider in the thread, in place of OTLP: a path, a `file:` URL or a package. */
  readonly provider?: string
}

export const exportOptionChecks: OptionChecks<ExportOptions> = {
  ...otlpOptionChecks,
  ...queueOptionChecks,
  serviceName: aString,
  resourceAttributes: (value) =>
    isObject(value) && Object.values(value).every((entry) => ['string', 'number', 'boolean'].includes(typeof entry))
      ? undefined
      : 'an object of strings, numbers and booleans',
  provider: aString,
}

export interface OwnedPipeline {
  readonly provider: LoggerProvider
  /** Sends what waits. @returns when that is settled or the deadline is over. Never rejects. */
  flush(deadlineMs?: number): Promise<DeliveryResult>
  /** Flushes and ends. Idempotent, never rejects. */
  close(deadlineMs?: number): Promise<DeliveryResult>
  result(): DeliveryResult
}

/** A LoggerProvider of the SDK. */
interface SdkLoggerProvider extends LoggerProvider {
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}
interface SdkLogs {
  readonly LoggerProvider: new (options: {
    resource: unknown
    processors: unknown[]
    logRecordLimits: { attributeCountLimit: number; attributeValueLengthLimit: number }
  }) => SdkLoggerProvider
  readonly ConsoleLogRecordExporter: new () => unknown
  readonly SimpleLogRecordProcessor: new (options: { exporter: unknown }) => unknown
}
interface Resource {
  merge(other: Resource): Resource
}
interface ResourcesPackage {
  defaultResource(): Resource
  detectResources(config: { detectors: unknown[] }): Resource
  resourceFromAttributes(attributes: object): Resource
  readonly envDetector: unknown
}

/** Several exports under way at once; records of one logger stay in order. */
const LANES = 4
const NO_LIMIT = Number.POSITIVE_INFINITY
const NOTHING: DeliveryResult = { delivered: 0, dropped: 0, undelivered: 0 }

/** Stands in where nothing is exported: its Loggers want no record. */
const refusingPipeline: OwnedPipeline = {
  provider: { getLogger: () => ({ emit() {}, enabled: () => false }) },
  flush: async () => NOTHING,
  close: async () => NOTHING,
  result: () => NOTHING,
}

/**
 * Never rejects: where a package is missing or a variable wrong, it says so in one line that tells what to do, and
 * takes records without exporting them. The app goes on.
 */
export async function createOwnedPipeline(
  options: ExportOptions,
  env: NodeJS.ProcessEnv = process.env,
): Promise<OwnedPipeline> {
  try {
    if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return refusingPipeline
    if (options.provider !== undefined) return await pipelineOfModule(options.provider)
    const exporter = env.OTEL_LOGS_EXPORTER?.trim() || 'otlp'
    if (exporter === 'none') return refusingPipeline
    if (exporter === 'console') return await consolePipeline(options)
    if (exporter === 'otlp') return await otlpPipeline(options, env)
    throw argumentError('OTEL_LOGS_EXPORTER', "one of 'otlp', 'console', 'none'", exporter)
  } catch (error) {
    internalLog('error', 'not-exporting', `no record will be exported: ${reasonOf(error)}`)
    return refusingPipeline
  }
}

async function otlpPipeline(options: ExportOptions, env: NodeJS.ProcessEnv): Promise<OwnedPipeline> {
  const sender = await createOtlpSender(otlpConfiguration(options, env))
  const processor = new QueuedLogRecordProcessor((batch) => sender.send(batch as never), options, LANES)
  return {
    provider: await createProvider(options, () => processor),
    flush: (deadlineMs) => processor.flush(deadlineMs),
    async close(deadlineMs) {
      const result = await processor.close(deadlineMs)
      sender.close()
      return result
    },
    result: () => processor.result(),
  }
}

async function consolePipeline(options: ExportOptions): Promise<OwnedPipeline> {
  return pipelineOfProvider(
    await createProvider(
      options,
      (sdk) => new sdk.SimpleLogRecordProcessor({ exporter: new sdk.ConsoleLogRecordExporter() }),
    ),
  )
}

async function pipelineOfModule(path: string): Promise<OwnedPipeline> {
  const specifier = /^[./]/.test(path) ? pathToFileURL(path).href : path
  const { default: exported }: { default?: unknown } = await import(specifier)
  // A CommonJS module's exports are the default, with a default of their own.
  const create = isObject(exported) ? exported.default : exported
  if (typeof create !== 'function')
    throw argumentError(`${path}: default export`, 'a function that makes a LoggerProvider', create)
  const provider: unknown = await create()
  if (!isObject(provider) || typeof provider.getLogger !== 'function') {
    throw argumentError(`${path}: what its default export returned`, 'a LoggerProvider', provider)
  }
  return pipelineOfProvider(provider as unknown as SdkLoggerProvider)
}

/** A provider that counts nothing: what it was given is what it has delivered, as far as anybody can tell. */
function pipelineOfProvider(provider: Partial<SdkLoggerProvider> & LoggerProvider): OwnedPipeline {
  const settle = async (method: 'forceFlush' | 'shutdown') => {
    try {
      await provider[method]?.()
    } catch (error) {
      internalLog('warn', 'provider', `the LoggerProvider's ${method} failed: ${reasonOf(error)}`)
    }
    return NOTHING
  }
  return { provider, flush: () => settle('forceFlush'), close: () => settle('shutdown'), result: () => NOTHING }
}

async function createProvider(
  options: ExportOptions,
  createProcessor: (sdk: SdkLogs) => unknown,
): Promise<SdkLoggerProvider> {
  const [sdk, resources] = await Promise.all([
    loadOptional<SdkLogs>('@opentelemetry/sdk-logs'),
    loadOptional<ResourcesPackage>('@opentelemetry/resources'),
  ])
  const { serviceName, resourceAttributes } = options
  const given = { ...resourceAttributes, ...(serviceName !== undefined && { 'service.name': serviceName }) }
  return new sdk.LoggerProvider({
    resource: resources
      .defaultResource()
      .merge(resources.detectResources({ detectors: [resources.envDetector] }))
      .merge(resources.resourceFromAttributes(given)),
    processors: [createProcessor(sdk)],
    // The bridge has kept its own limits already.
    logRecordLimits: { attributeCountLimit: NO_LIMIT, attributeValueLengthLimit: NO_LIMIT },
  })
}
