// Checked by the compiler: what the public types accept and what they refuse. Nothing here runs.

import { type Context, logs } from '@opentelemetry/api'
import type { LoggerProvider as ApiLogsProvider } from '@opentelemetry/api-logs'
import { BatchLogRecordProcessor, InMemoryLogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs'
import pino from 'pino'
import winston from 'winston'
import { createPinoStream, createPinoTransport, otelMixin, type PinoTargetOptions } from '../../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import {
  areLogsSuppressed,
  type BridgeStats,
  bridgeStats,
  createBridge,
  type Drop,
  type SuppressionCarrier,
  suppressedExporter,
  suppressionCarrier,
  suppressLogs,
  withLogsSuppressed,
  withSuppressionCarrier,
} from '../../src/index.ts'
import type { LoggerProvider as Sdk2Provider } from '../fixtures/sdk2/node_modules/@opentelemetry/sdk-logs/build/src/index.js'

// Providers of both SDK generations and of both APIs.
declare const sdk2: Sdk2Provider
declare const apiLogs: ApiLogsProvider
const sdk3 = new LoggerProvider()
for (const loggerProvider of [sdk2, apiLogs, sdk3, logs.getLoggerProvider()]) createBridge({ loggerProvider })
// @ts-expect-error a provider has a getLogger method
createBridge({ loggerProvider: {} })
// @ts-expect-error no such option
createBridge({ loggerprovider: sdk3 })
// @ts-expect-error limits are numbers
createBridge({ limits: { depth: '64' } })
createBridge({
  include: ['http.*', /^shop/g],
  exclude: ['noise?'],
  schemaUrl: 'https://opentelemetry.io/schemas/1.40.0',
})
// @ts-expect-error names are several
createBridge({ include: 'http.*' })
createBridge({ baggage: ['tenant', 'user.*'], code: true })
// @ts-expect-error keys are strings or globs
createBridge({ baggage: [/user/] })
createBridge({
  onDrop: ({ reason, count, loggerName = '', severityNumber = 0 }) => [reason, count, loggerName, severityNumber],
})
createBridge({ onDrop: async () => {} })
// @ts-expect-error a drop has no message
createBridge({ onDrop: ({ message }) => message })

// A record may hold anything, but its facts have types.
createBridge().emit({ body: Symbol('any'), attributes: new Map(), exception: new Error('x'), timestamp: 1n })
// @ts-expect-error severity numbers are numbers
createBridge().emit({ severityNumber: 'INFO' })

// Destinations and transports of the loggers themselves.
pino({ mixin: otelMixin({ mixin: () => ({ a: 1 }) }) }, createPinoStream({ loggerProvider: sdk3 }))
pino(createPinoTransport({ nestedKey: 'payload' }))
pino(pino.multistream([{ stream: createPinoStream() }, { level: 'error', stream: process.stdout }]))
createPinoTransport({ baggage: ['tenant'], code: true, onDrop: (drop: Drop) => void drop.count })
otelMixin({ baggage: ['tenant'], code: true })
// @ts-expect-error the mixin drops nothing
otelMixin({ onDrop: () => {} })
export const target: PinoTargetOptions = { include: [/^shop/], schemaUrl: 'https://opentelemetry.io/schemas/1.40.0' }
// @ts-expect-error only the place of a call knows
export const targetWithCode: PinoTargetOptions = { code: true }
// @ts-expect-error a function cannot cross to a thread
export const targetWithOnDrop: PinoTargetOptions = { onDrop: () => {} }
// @ts-expect-error a provider cannot cross to a thread
createPinoTransport({ loggerProvider: sdk3 })
winston.createLogger({ transports: [new OpenTelemetryTransport({ level: 'info', format: winston.format.json() })] })
// @ts-expect-error levels have names
new OpenTelemetryTransport({ level: 30 })

// Suppression keeps the types of what it wraps.
export const result: number = withLogsSuppressed(() => 1)
export const promise: Promise<string> = withLogsSuppressed(async () => 'x')
export const exporter: InMemoryLogRecordExporter = suppressedExporter(new InMemoryLogRecordExporter())
new BatchLogRecordProcessor({ exporter })
export const within = (context: Context): boolean => areLogsSuppressed(suppressLogs(context))
export const carrier: SuppressionCarrier = suppressionCarrier()
export const carried: Promise<number> = withSuppressionCarrier({ suppressed: true }, async () => 1)
// @ts-expect-error a carrier says whether
withSuppressionCarrier({}, () => 1)
// @ts-expect-error nothing to wrap
suppressedExporter('exporter')

export const stats: BridgeStats = bridgeStats()
// @ts-expect-error a snapshot is for reading
stats.seen = 0
