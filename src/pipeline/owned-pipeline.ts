// The pipeline of a thread of our own, as options and environment want it. Nothing of it is registered as a global.

import { write } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { internalLog, reasonOf } from '../internal-logger.ts'
import { argumentError, aString, isObject, type OptionChecks } from '../options.ts'
import type { LoggerProvider } from '../provider.ts'
import type { ExporterFacts } from './components.ts'
import { type ExportDuration, errorTypeOf, type QueueNumbers } from './counts.ts'
import type { DeliveryResult } from './delivery-queue.ts'
import { EncodedLoggerProvider } from './encoded-provider.ts'
import { type OtlpConfiguration, type OtlpOptions, otlpConfiguration, otlpOptionChecks } from './otlp-configuration.ts'
import { jsonEncoding } from './otlp-json.ts'
import { createProtobufEncoding } from './otlp-protobuf.ts'
import type { LogsEncoding } from './otlp-record.ts'
import { createOtlpSender, type OtlpSender } from './otlp-sender.ts'
import { type QueueOptions, queueOptionChecks } from './record-queue.ts'
import { type ResourceOptions, resourceOf } from './resource.ts'

/** Options of the export, for every form that owns its pipeline. They cross to a thread: no functions. */
export interface ExportOptions extends OtlpOptions, QueueOptions, ResourceOptions {
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
  /** Whether its Loggers are each an `EncodedLogger` that takes OTLP's protobuf encoding. */
  readonly takesProtobuf: boolean
  /** Sends what waits. @returns when that is settled or the deadline is over. Never rejects. */
  flush(deadlineMs?: number): Promise<DeliveryResult>
  /** Flushes and ends. Idempotent, never rejects. */
  close(deadlineMs?: number): Promise<DeliveryResult>
  result(): DeliveryResult
  /** Undefined where the queue is not ours. */
  numbers?(): QueueNumbers
  /** @returns the exports that have ended since the last call. */
  takeDurations?(): ExportDuration[]
  readonly exporter?: ExporterFacts
  /** Whether more records are wanted, as long as the collector takes them. */
  hasRoom(): boolean
}

/** What a module of the app's makes: a LoggerProvider of the SDK, mostly. */
interface GivenLoggerProvider extends LoggerProvider {
  shutdown?(): Promise<void>
}

const NOTHING: DeliveryResult = { delivered: 0, dropped: 0, undelivered: 0 }

/** Stands in where nothing is exported: its Loggers want no record. */
const refusingPipeline: OwnedPipeline = {
  provider: { getLogger: () => ({ emit() {}, enabled: () => false }) },
  takesProtobuf: false,
  flush: async () => NOTHING,
  close: async () => NOTHING,
  result: () => NOTHING,
  hasRoom: () => true,
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
    if (exporter === 'console') return consolePipeline(options, env)
    if (exporter === 'otlp') return await otlpPipeline(options, env)
    throw argumentError('OTEL_LOGS_EXPORTER', "one of 'otlp', 'console', 'none'", exporter)
  } catch (error) {
    internalLog('error', 'not-exporting', `no record will be exported: ${reasonOf(error)}`)
    return refusingPipeline
  }
}

async function otlpPipeline(options: ExportOptions, env: NodeJS.ProcessEnv): Promise<OwnedPipeline> {
  const configuration = otlpConfiguration(options, env)
  const encoding = configuration.protocol === 'http/json' ? jsonEncoding : createProtobufEncoding()
  return pipelineOf(encoding, await createOtlpSender(configuration, encoding), exporterOf(configuration), options, env)
}

/** OpenTelemetry's conventions name them so. */
const EXPORTER_TYPES = {
  grpc: 'otlp_grpc_log_exporter',
  'http/protobuf': 'otlp_http_log_exporter',
  'http/json': 'otlp_http_json_log_exporter',
}

function exporterOf({ protocol, url }: OtlpConfiguration): ExporterFacts {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  return { type: EXPORTER_TYPES[protocol], address: url.hostname.replace(/^\[|\]$/g, ''), port }
}

/** Where nobody asks for them. */
const MAX_DURATIONS = 10_000

/** A request a line, in JSON: the format of OTLP files, which the Collector reads too. */
function consolePipeline(options: ExportOptions, env: NodeJS.ProcessEnv): OwnedPipeline {
  let lines = Promise.resolve()
  const sender: OtlpSender = {
    async send(body) {
      const written = lines.then(() => writeToStdout(Buffer.concat([body, LINE_END])))
      lines = written.catch(() => {})
      try {
        await written
        return { kind: 'accepted' }
      } catch (error) {
        return { kind: 'refused', divisible: false, reason: reasonOf(error), errorType: errorTypeOf(error) }
      }
    },
    close() {},
  }
  return pipelineOf(jsonEncoding, sender, { type: 'console_log_exporter' }, options, env)
}

const LINE_END = Buffer.from('\n')
const STDOUT = 1
const FULL_PIPE_MS = 10
const writeSome = promisify(write)

/** To the descriptor itself: a thread's process.stdout goes through the main thread, which may have ended. */
async function writeToStdout(bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += (await writeSome(STDOUT, bytes, at)).bytesWritten
    } catch (error) {
      // A pipe that its reader has yet to empty; Node's own streams give up after five attempts.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await after(FULL_PIPE_MS)
    }
  }
}

function pipelineOf(
  encoding: LogsEncoding,
  sender: OtlpSender,
  exporter: ExporterFacts,
  options: ExportOptions,
  env: NodeJS.ProcessEnv,
): OwnedPipeline {
  let durations: ExportDuration[] = []
  const provider = new EncodedLoggerProvider(
    encoding,
    resourceOf(options, env),
    (body) => sender.send(body),
    options,
    (duration) => {
      if (durations.length < MAX_DURATIONS) durations.push(duration)
    },
  )
  const { queue } = provider
  return {
    provider,
    takesProtobuf: encoding !== jsonEncoding,
    flush: (deadlineMs) => queue.flush(deadlineMs),
    async close(deadlineMs) {
      const result = await queue.close(deadlineMs)
      sender.close()
      return result
    },
    result: () => queue.result(),
    numbers: () => queue.numbers(),
    takeDurations() {
      const taken = durations
      durations = []
      return taken
    },
    exporter,
    hasRoom: () => queue.hasRoom(),
  }
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
  return pipelineOfProvider(provider as unknown as GivenLoggerProvider)
}

/** A provider that counts nothing: what it was given is what it has delivered, as far as anybody can tell. */
function pipelineOfProvider(provider: GivenLoggerProvider): OwnedPipeline {
  const settle = async (method: 'forceFlush' | 'shutdown') => {
    try {
      await provider[method]?.()
    } catch (error) {
      internalLog('warn', 'provider', `the LoggerProvider's ${method} failed: ${reasonOf(error)}`)
    }
    return NOTHING
  }
  return {
    provider,
    takesProtobuf: false,
    flush: () => settle('forceFlush'),
    close: () => settle('shutdown'),
    result: () => NOTHING,
    hasRoom: () => true,
  }
}
