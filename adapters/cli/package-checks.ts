// Node, the packages that the app would load, and whether their versions go together.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Check, fail, ok, warn } from './check.ts'
import { copiesIn, type Installed, isInRange, packageAround, packageFrom } from './packages.ts'

const OWN = 'otel-log-bridge'
const API = '@opentelemetry/api'
const API_LOGS = '@opentelemetry/api-logs'
const SDK = '@opentelemetry/sdk-logs'
const LOGGERS = ['pino', 'winston'] as const
/** The generations of the SDK that there are tests for. */
const SDK_RANGE = '>=0.200.0 <1 || >=3 <4'
/** What a thread runs; see src/pipeline/thread-file.ts. */
const THREAD_FILES = ['dist/adapters/pino/target.js', 'dist/src/pipeline/record-target.js']

/** Senders of the same records, by package. */
const ROUTES: Readonly<Record<string, string>> = {
  '@opentelemetry/instrumentation-pino': 'give it { disableLogSending: true }',
  '@opentelemetry/instrumentation-winston': 'give it { disableLogSending: true }',
  '@opentelemetry/auto-instrumentations-node':
    "give its pino and winston instrumentations { disableLogSending: true } (getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-pino': { disableLogSending: true } }))",
  '@opentelemetry/winston-transport': 'take it off loggers that the bridge is attached to',
  'pino-opentelemetry-transport': 'take it off loggers that the bridge is attached to',
}

/** @param folder of the app. */
export function packageChecks(folder: string): Check[] {
  const running = packageAround(fileURLToPath(import.meta.url))
  const own = packageFrom(folder, OWN)
  const api = packageFrom(folder, API)
  const sdk = packageFrom(folder, SDK)
  return [
    nodeCheck(running, sdk),
    ownCheck(folder, running, own),
    ...(api === undefined ? [missingApi(own ?? running)] : apiChecks(api, own ?? running)),
    ...(sdk === undefined ? [noSdk(api)] : sdkChecks(sdk, api)),
    ...LOGGERS.flatMap((name) => {
      const logger = packageFrom(folder, name)
      return logger === undefined ? [] : [rangeCheck(logger, running?.peers[name])]
    }),
    ...copiesChecks(folder),
    ...routeChecks(folder),
    threadCheck(own ?? running),
  ]
}

function nodeCheck(running: Installed | undefined, sdk: Installed | undefined): Check {
  const version = process.versions.node
  for (const needing of [running, sdk]) {
    const range = needing?.engines.node
    if (range !== undefined && !isInRange(version, range)) {
      return fail('node', `${version}, and ${needing?.name} ${needing?.version} needs ${range}`, 'use a newer Node')
    }
  }
  return ok('node', version)
}

function ownCheck(folder: string, running: Installed | undefined, own: Installed | undefined): Check {
  if (own === undefined) {
    const isItself = running !== undefined && folder.startsWith(running.folder)
    const fix = `npm install ${OWN} ${API}, or go to the folder of your app`
    return isItself ? ok(OWN, running.version) : warn(OWN, `not installed for ${folder}: this is another copy`, fix)
  }
  if (own.version === running?.version) return ok(OWN, own.version)
  return warn(
    OWN,
    `${own.version} is installed here, and ${running?.version} runs this`,
    'run it in the folder of your app, with npx',
  )
}

function missingApi(own: Installed | undefined): Check {
  const ofBridge = own === undefined ? undefined : packageFrom(own.folder, API)
  const fix = `npm install ${API}`
  if (ofBridge === undefined) return fail(API, 'not installed', fix)
  return warn(API, `${ofBridge.version} is found by the bridge, and not from your app`, fix)
}

function apiChecks(api: Installed, own: Installed | undefined): Check[] {
  const checks = [rangeCheck(api, own?.peers[API])]
  const ofBridge = own === undefined ? undefined : packageFrom(own.folder, API)
  if (ofBridge === undefined || ofBridge.version === api.version) return checks
  const message = `the bridge finds ${ofBridge.version}, and your app ${api.version}: one may not see the spans of the other`
  return [...checks, warn(API, message, 'npm dedupe')]
}

function noSdk(api: Installed | undefined): Check {
  const generation = api !== undefined && isInRange(api.version, '<1.10') ? 'of 0.2xx' : 'of 3'
  return ok(SDK, `not installed: the forms with a thread need none, those in process one ${generation}`)
}

function rangeCheck({ name, version }: Installed, range: string | undefined): Check {
  if (range === undefined || isInRange(version, range)) return ok(name, version)
  return fail(name, `${version}, and ${range} is supported`, `npm install ${name}@"${range}"`)
}

function sdkChecks(sdk: Installed, api: Installed | undefined): Check[] {
  const { name, version } = sdk
  const ofSdk = packageFrom(sdk.folder, API)
  const wanted = sdk.peers[API]
  if (!isInRange(version, SDK_RANGE)) {
    return [warn(name, `${version}, and ${SDK_RANGE} is supported`, `npm install ${name}@latest`)]
  }
  if (ofSdk !== undefined && wanted !== undefined && !isInRange(ofSdk.version, wanted)) {
    return [
      fail(
        name,
        `${version} is of another generation than the ${API} ${ofSdk.version} that it finds`,
        `npm install ${API}@"${wanted}"`,
      ),
    ]
  }
  if (ofSdk !== undefined && api !== undefined && ofSdk.version !== api.version) {
    return [
      fail(
        name,
        `${version} has an ${API} ${ofSdk.version} of its own, and your app has ${api.version}: one refuses what the other registers`,
        `npm install ${API}@"${wanted ?? ofSdk.version}", and npm dedupe`,
      ),
    ]
  }
  const logsApi = isInRange(version, '<1') ? packageFrom(sdk.folder, API_LOGS) : undefined
  const through = logsApi === undefined ? `${API} ${ofSdk?.version ?? ''}` : `${API_LOGS} ${logsApi.version}`
  return [ok(name, `${version}, whose logs go through ${through}`)]
}

function copiesChecks(folder: string): Check[] {
  const copies = copiesIn(folder, [API, OWN])
  return [API, OWN].flatMap((wanted) => {
    const found = copies.filter(({ name }) => name === wanted)
    if (new Set(found.map(({ version }) => version)).size < 2) return []
    const list = found.map(({ version, folder: at }) => `${version} in ${at}`).join(', ')
    const why = wanted === API ? '; the one that registers first refuses what the others register' : ''
    return [
      warn('copies', `versions of ${wanted}: ${list}${why}`, `npm dedupe; npm ls ${wanted} shows who wants which`),
    ]
  })
}

function routeChecks(folder: string): Check[] {
  return Object.entries(ROUTES).flatMap(([name, fix]) => {
    const found = packageFrom(folder, name)
    if (found === undefined) return []
    return [
      warn(
        'duplicate-route',
        `${name} ${found.version} is installed: where it sends logs, too, each arrives twice`,
        fix,
      ),
    ]
  })
}

function threadCheck(own: Installed | undefined): Check {
  const files = THREAD_FILES.map((file) => join(own?.folder ?? '', file))
  const missing = files.find((file) => !existsSync(file))
  if (missing !== undefined)
    return fail('thread', `${missing}, which the export thread runs, is not there`, `npm install ${OWN}`)
  if (own !== undefined && packageFrom(own.folder, 'thread-stream') === undefined) {
    return fail('thread', 'thread-stream, which starts the export thread, is not there', `npm install ${OWN}`)
  }
  return ok('thread', 'the files of the export thread are there (a bundle has its own: see docs/compatibility.md)')
}
