// `otel-log-bridge doctor`: what stands between an app and its collector, from the packages to a record that arrives.

import type { InternalLogEntry } from '../../src/internal-logger.ts'
import { type Check, textOfCheck, warn } from './check.ts'
import { type DoctorCommand, environmentOf } from './command-line.ts'
import { connectionChecks } from './connection-checks.ts'
import { environmentChecks } from './environment-checks.ts'
import { InternalLog } from './internal-log.ts'
import { loggerChecks } from './logger-checks.ts'
import { packageChecks } from './package-checks.ts'
import { preloadChecks } from './preload.ts'
import { print } from './print.ts'
import { pipelineProbe } from './probe.ts'
import { providerChecks } from './provider-checks.ts'

/** Of the internal logger's lines, those that are about the doctor's own probes. */
const PROBED = ['retry', 'rejected', 'not-exporting', 'undelivered', 'collector-warning', 'diag.error', 'diag.warn']
const HINT = 'With --import ./telemetry.js, or whatever your app preloads, it also looks at what that registers.\n'

/** @returns the exit code: 1 where a check has failed. */
export async function runDoctor(command: DoctorCommand): Promise<number> {
  const write = process.stdout.write
  // What a preload prints is no part of the object.
  if (command.json) process.stdout.write = process.stderr.write.bind(process.stderr)
  const checks: Check[] = []
  const tell = async (found: readonly Check[]) => {
    checks.push(...found)
    if (!command.json) await print(found.map(textOfCheck).join(''))
  }
  await examine(command, tell)
  const failed = checks.filter(({ status }) => status === 'fail').length
  const warned = checks.filter(({ status }) => status === 'warn').length
  const hasPreloads = command.imports.length + command.requires.length > 0
  if (command.json) await print(`${JSON.stringify({ ok: failed === 0, checks })}\n`, write)
  else await print(`${failed} failed, ${warned} to look at\n${hasPreloads ? '' : HINT}`)
  return failed === 0 ? 0 : 1
}

async function examine(command: DoctorCommand, tell: (found: readonly Check[]) => Promise<void>): Promise<void> {
  const folder = process.cwd()
  const log = new InternalLog()
  await tell(packageChecks(folder))
  const hasPreloads = command.imports.length + command.requires.length > 0
  if (hasPreloads) await tell(await preloadChecks(command.requires, command.imports))
  // A preload may have set it.
  const env = environmentOf(command)
  const { checks, configuration } = environmentChecks(command, env)
  await tell(checks)
  if (hasPreloads) {
    await tell(await providerChecks(env, log))
    await tell(loggerChecks(folder))
  }
  if (configuration !== undefined) {
    const connection = await connectionChecks(configuration)
    await tell(connection)
    const isThere = connection.every(({ status }) => status !== 'fail')
    if (isThere) await tell([await pipelineProbe(command.options, env, log)])
  }
  await tell(saidChecks(log.entries))
}

/** Whatever else the bridge has said. */
function saidChecks(entries: readonly InternalLogEntry[]): Check[] {
  const said = new Map(entries.filter(({ kind }) => !PROBED.includes(kind)).map((entry) => [entry.message, entry]))
  return [...said.values()].map(({ kind, message }) => warn(kind, message))
}
