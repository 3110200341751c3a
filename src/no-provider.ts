// Why no LoggerProvider is found, as far as the API's globals and the environment tell: said where records have waited
// in vain, and by the doctor. Nothing here is read while records are bridged.

import type { LoggerProvider } from './provider.ts'

/** What an app has registered with `@opentelemetry/api`, whatever the version of the copy that reads it. */
export interface ApiRegistrations {
  /** Of the copy that registered first: it refuses what any other version registers. */
  readonly version?: string
  readonly logs?: LoggerProvider
  readonly trace?: object
  readonly metrics?: object
  readonly context?: object
  readonly diag?: object
}

const API = /^opentelemetry\.js\.api\.(\d+)$/
const KNOWN_MAJOR = '1'
/** The first minor of 1.x that has logs. */
const LOGS_SINCE = 10

/** By the API's major version. */
function registrationsByMajor(): Map<string, ApiRegistrations> {
  const found = new Map<string, ApiRegistrations>()
  for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
    const major = API.exec(Symbol.keyFor(symbol) ?? '')?.[1]
    const registered: unknown = major === undefined ? undefined : Reflect.get(globalThis, symbol)
    if (major !== undefined && typeof registered === 'object' && registered !== null) found.set(major, registered)
  }
  return found
}

export function apiRegistrations(): ApiRegistrations | undefined {
  return registrationsByMajor().get(KNOWN_MAJOR)
}

/** What is registered with `@opentelemetry/api-logs`. */
export function apiLogsProvider(): LoggerProvider | undefined {
  const key = Symbol.for('io.opentelemetry.js.api.logs')
  const get: ((version: number) => LoggerProvider) | undefined = Reflect.get(globalThis, key)
  return get?.(1)
}

/** @returns what is the matter, where that can be seen, and what to do. */
export function whyNoProvider(env: NodeJS.ProcessEnv = process.env): string {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') {
    return 'OTEL_SDK_DISABLED is true, and so the SDK registers none: unset it'
  }
  const registered = registrationsByMajor()
  const api = registered.get(KNOWN_MAJOR)
  const otherMajor = [...registered.keys()].find((major) => major !== KNOWN_MAJOR)
  if (api === undefined && otherMajor !== undefined) {
    return `the app's SDK is registered with @opentelemetry/api ${otherMajor}, which is not known here: update otel-log-bridge`
  }
  if (api?.trace === undefined && api?.metrics === undefined) return NOTHING_STARTED
  const { version = 'of an unknown version' } = api
  if (hasLogs(version)) {
    return (
      'the SDK has started without logs: give it a log record processor (NodeSDK: logRecordProcessors, or ' +
      "OTEL_LOGS_EXPORTER=otlp), or the bridge the option 'loggerProvider'"
    )
  }
  return (
    `@opentelemetry/api ${version} was registered first, and refuses what another version registers: with an SDK 3 keep ` +
    '@opentelemetry/api 1.10 alone (npm ls @opentelemetry/api), with an SDK 2 give it a log record processor'
  )
}

const NOTHING_STARTED =
  'call logs.setGlobalLoggerProvider() of @opentelemetry/api (1.10 or newer) or @opentelemetry/api-logs, ' +
  "start the SDK with a log exporter, or give the bridge the option 'loggerProvider'"

function hasLogs(version: string): boolean {
  return Number(version.split('.')[1]) >= LOGS_SINCE
}
