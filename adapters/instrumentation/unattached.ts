// What is not attached, and why: told in a line that says what to do. Silence is what an app gets from a logger that was
// made too early, or by a copy of pino that a bundler has put into the app's own file.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import { join, normalize } from 'node:path'
import { internalLog, reasonOf } from '../../src/internal-logger.ts'
import { runInRoot } from '../../src/scope.ts'
import { type Patching, state } from './attachments.ts'
import { isPatchedPino, leadsToBridge, patchPino, symbolOf } from './pino-logger.ts'
import { patchWinston } from './winston-logger.ts'

const FIRST =
  'load the bridge first: node --import otel-log-bridge/register, or make LogBridgeInstrumentation before anything imports'

const BY_HAND = {
  pino: "createPinoStream() of 'otel-log-bridge/pino'",
  winston: "new OpenTelemetryTransport() of 'otel-log-bridge/winston'",
}

export interface LoggerPackage {
  readonly name: 'pino' | 'winston'
  /** Where it makes its loggers. */
  readonly file: string
  /** The oldest version that is supported. */
  readonly oldest: readonly [major: number, minor: number]
  readonly patch: (exports: unknown) => Patching
}

export const PACKAGES: readonly LoggerPackage[] = [
  { name: 'pino', file: 'pino/lib/proto.js', oldest: [9, 0], patch: patchPino },
  { name: 'winston', file: 'winston/lib/winston/logger.js', oldest: [3, 8], patch: patchWinston },
]

/** Has the loggers of a copy of the package offered from now on, or tells why not. @returns whether it is the first to. */
export function patchCopy(
  { name, oldest, patch }: LoggerPackage,
  exports: unknown,
  version = 'of no version',
): boolean {
  const tell = (why: string) => internalLog('warn', 'not-attached', `${name} ${version} is not attached: ${why}`)
  try {
    if (isOlder(version, oldest)) {
      tell(`update it to ${oldest.join('.')} or newer`)
      return false
    }
    const patching = patch(exports)
    if (patching === 'unknown') tell(`it is not as it is known; give its loggers ${BY_HAND[name]}`)
    return patching === 'patched'
  } catch (error) {
    tell(reasonOf(error))
    return false
  }
}

/** Patches the copies that were loaded before us, and says that it was too late for the loggers that they had made. */
export function takePreloaded(): void {
  for (const [path, module] of Object.entries(createRequire(import.meta.url).cache)) {
    const found = PACKAGES.find(({ file }) => path.endsWith(normalize(`/node_modules/${file}`)))
    if (found === undefined || module === undefined) continue
    const { name, file } = found
    const version = versionIn(path.slice(0, name.length - file.length))
    if (!patchCopy(found, module.exports, version)) continue
    internalLog(
      'warn',
      'loaded-before',
      `${name} ${version} was loaded before the bridge: loggers that it had made by then are not attached; ${FIRST} ${name}`,
    )
  }
}

/** @param folder of a package. */
function versionIn(folder: string): string | undefined {
  try {
    return (createRequire(import.meta.url)(join(folder, 'package.json')) as { version?: string }).version
  } catch {
    return undefined
  }
}

/** A version that cannot be read is not. */
function isOlder(version: string, [major, minor]: LoggerPackage['oldest']): boolean {
  const [itsMajor = Number.NaN, itsMinor = Number.NaN] = version.split('.').map(Number)
  return itsMajor < major || (itsMajor === major && itsMinor < minor)
}

const JUDGED_RECORDS = 200
const JUDGED_MS = 5000
/** pino's own, since 9.10: it tells of each record, whichever copy of pino makes it. */
const CHANNEL = 'tracing:pino_asJson:start'

/**
 * Names pino loggers whose records do not come to us: among the first 200 records, and no longer than 5 s behind the first.
 *
 * @returns what ends it.
 */
export function judgeFirstRecords(): () => void {
  const judged = new WeakSet<object>()
  let records = 0
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    clearTimeout(timer)
    unsubscribe(CHANNEL, onRecord)
  }
  const onRecord = (message: unknown) => {
    timer ??= runInRoot(() => setTimeout(end, JUDGED_MS).unref())
    records++
    if (records >= JUDGED_RECORDS) end()
    const { instance } = message as { instance?: object }
    try {
      if (instance !== undefined) judge(instance, judged)
    } catch {
      // A logger that is not as it is known. What is thrown here would end the app.
    }
  }
  subscribe(CHANNEL, onRecord)
  return end
}

function judge(logger: object, judged: WeakSet<object>): void {
  const maker = makerOf(logger)
  if (maker === undefined || judged.has(maker.logger)) return
  judged.add(maker.logger)
  const { stream } = maker
  if (leadsToBridge(stream)) return
  const isOfKnownCopy = isPatchedPino(logger)
  // Made before us with a transport: whether that is the bridge's own, nobody can tell.
  if (isOfKnownCopy && stream?.constructor?.name === 'ThreadStream' && !state.threads.has(stream)) return
  const { version, bindings } = logger as { version?: unknown; bindings?: () => { name?: unknown } }
  const name = bindings?.call(logger).name
  const who = name === undefined ? 'a pino logger without a name' : `the pino logger '${name}'`
  const why = isOfKnownCopy
    ? `it was made before the bridge was loaded; ${FIRST} pino, or give it ${BY_HAND.pino}`
    : `it comes from a copy of pino ${version} that was not seen being loaded, as in a bundle; give it ${BY_HAND.pino}`
  internalLog('warn', 'not-attached', `${who} is not attached: ${why}`)
}

/** The logger that has the destination: children have none of their own. */
function makerOf(logger: object): { logger: object; stream: object | undefined } | undefined {
  for (let holder: object | null = logger; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const symbol = symbolOf(holder, 'stream')
    if (symbol !== undefined) return { logger: holder, stream: (holder as Record<symbol, object | undefined>)[symbol] }
  }
  return undefined
}
