// Checked by the compiler: what the public types accept and what they refuse. Nothing here runs.

import { type Context, logs } from '@opentelemetry/api'
import type { LoggerProvider as ApiLogsProvider } from '@opentelemetry/api-logs'
import { BatchLogRecordProcessor, InMemoryLogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs'
import pino from 'pino'
import winston from 'winston'
import { createPinoStream, createPinoTransport, otelMixin } from '../../adapters/pino/index.ts'
import { OpenTelemetryTransport } from '../../adapters/winston/index.ts'
import {
  areLogsSuppressed,
  type BridgeStats,
  bridgeStats,
  createBridge,
  suppressedExporter,
  suppressLogs,
  withLogsSuppressed,
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

// A record may hold anything, but its facts have types.
createBridge().emit({ body: Symbol('any'), attributes: new Map(), exception: new Error('x'), timestamp: 1n })
// @ts-expect-error severity numbers are numbers
createBridge().emit({ severityNumber: 'INFO' })

// Destinations and transports of the loggers themselves.
pino({ mixin: otelMixin({ mixin: () => ({ a: 1 }) }) }, createPinoStream({ loggerProvider: sdk3 }))
pino(createPinoTransport({ nestedKey: 'payload' }))
pino(pino.multistream([{ stream: createPinoStream() }, { level: 'error', stream: process.stdout }]))
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
// @ts-expect-error nothing to wrap
suppressedExporter('exporter')

export const stats: BridgeStats = bridgeStats()
// @ts-expect-error a snapshot is for reading
stats.seen = 0
