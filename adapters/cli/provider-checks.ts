// What the app's SDK has registered, seen from where the bridge looks for it, and a record through that.

import { diag } from '@opentelemetry/api'
import { currentFallback, isFallbackOffered } from '../../src/fallback.ts'
import { diagLogger, reasonOf } from '../../src/internal-logger.ts'
import { apiLogsProvider, apiRegistrations, whyNoProvider } from '../../src/no-provider.ts'
import { adviceFor } from '../../src/pipeline/advice.ts'
import { type Logger, type LoggerProvider, registeredDiagLogger } from '../../src/provider.ts'
import { version } from '../../src/version.ts'
import { type Check, fail, LATE, ok, warn, within } from './check.ts'
import type { InternalLog } from './internal-log.ts'
import { PROBE_SCOPE, probeRecord } from './probe.ts'

const FLUSH_MS = 8000
const MAX_SEVERITY = 24

/** @param env of the app. */
export async function providerChecks(env: NodeJS.ProcessEnv, log: InternalLog): Promise<Check[]> {
  const api = apiRegistrations()
  const provider = api?.logs ?? apiLogsProvider()
  const contextCheck =
    api?.context === undefined
      ? warn(
          'context',
          'no context manager is registered: records have no span',
          'start the SDK: NodeSDK registers one',
        )
      : ok('context', `a context manager is registered (${classOf(api.context)})`)
  if (provider === undefined) return [contextCheck, missingCheck(env)]
  const through = api?.logs === provider ? `@opentelemetry/api ${api.version}` : '@opentelemetry/api-logs'
  return [contextCheck, registeredCheck(provider, through), await providerProbe(provider, log)]
}

function missingCheck(env: NodeJS.ProcessEnv): Check {
  if (!isFallbackOffered() && currentFallback() === undefined)
    return fail('provider', 'no LoggerProvider is registered', whyNoProvider(env))
  return ok('provider', 'no LoggerProvider is registered: the bridge exports from a thread of its own')
}

function registeredCheck(provider: LoggerProvider, through: string): Check {
  const name = classOf(provider)
  if (/^noop/i.test(name)) {
    const fix = 'npm ls @opentelemetry/api-logs, and keep one version'
    return fail('provider', `${through} answers with a ${name}: another version has registered the app's`, fix)
  }
  return ok('provider', `a ${name} is registered with ${through}`)
}

/** Never rejects: the provider may be anything. */
async function providerProbe(provider: LoggerProvider, log: InternalLog): Promise<Check> {
  const name = 'provider-probe'
  try {
    // Only now: whoever registers first decides which version of the API does, and that is the app.
    if (registeredDiagLogger() === undefined) diag.setLogger(diagLogger(), { suppressOverrideMessage: true })
    const since = log.entries.length
    const logger = provider.getLogger(PROBE_SCOPE, version)
    const record = probeRecord("the app's LoggerProvider")
    if (!takes(logger, record.severityNumber)) return fail(name, ...levelFiltered(logger))
    logger.emit(record)
    const flushed = await within(FLUSH_MS, Promise.resolve(provider.forceFlush?.()))
    const told = log.entries.slice(since).find(({ kind }) => kind === 'diag.error' || kind === 'diag.warn')
    if (flushed === LATE)
      return fail(
        name,
        `forceFlush has not ended within ${FLUSH_MS} ms`,
        'its exporter gets no answer: look at its endpoint',
      )
    if (told !== undefined) return failure(name, messageIn(told.message))
    return ok(name, `it has taken a record of the scope '${PROBE_SCOPE}' and flushed it without a complaint`)
  } catch (error) {
    return failure(name, reasonOf(error))
  }
}

function failure(name: string, reason: string): Check {
  return fail(name, reason, adviceFor(reason) ?? 'look at its exporter')
}

/** The SDK tells an error as JSON, its stack first. */
function messageIn(text: string): string {
  try {
    return String(JSON.parse(text).message ?? text)
  } catch {
    return text
  }
}

function takes(logger: Logger, severityNumber: number): boolean {
  return logger.enabled?.({ severityNumber }) !== false
}

function levelFiltered(logger: Logger): [message: string, fix: string] {
  for (let severity = 1; severity <= MAX_SEVERITY; severity++) {
    if (!takes(logger, severity)) continue
    return [
      `the LoggerProvider takes no record below severity ${severity}, an INFO is 9`,
      "lower minimumSeverity in the SDK's loggerConfigurator or processor",
    ]
  }
  const fix = 'give the SDK a log record processor, and look at its loggerConfigurator'
  return ['the LoggerProvider takes no record of any severity', fix]
}

/** Without what a bundler adds to keep names apart. */
function classOf(value: object): string {
  return value.constructor?.name.replace(/\$\d+$/, '') || 'object'
}
