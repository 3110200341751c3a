#!/usr/bin/env node
// What `npx otel-log-bridge` runs.

import { internalLog, reasonOf } from '../../src/internal-logger.ts'
import { version } from '../../src/version.ts'
import { type Command, commandOf, HELP, UsageError } from './command-line.ts'
import { runDoctor } from './doctor.ts'
import { runFilter } from './filter.ts'
import { print } from './print.ts'

const WRONG_USAGE = 2

/** @returns the exit code. */
async function run(command: Command): Promise<number> {
  switch (command.name) {
    case 'help':
      await print(HELP)
      return 0
    case 'version':
      await print(`${version}\n`)
      return 0
    case 'doctor':
      return runDoctor(command)
    case 'filter':
      if (process.stdin.isTTY) throw new UsageError('nothing is piped in: app | otel-log-bridge')
      return runFilter(command)
  }
}

async function main(): Promise<number> {
  try {
    return await run(commandOf(process.argv.slice(2)))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`otel-log-bridge: ${error.message}; --help tells more\n`)
    return WRONG_USAGE
  }
}

// A preload of the app's may keep the process alive, and so may an input that nobody reads any more.
void main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    internalLog('error', 'cli', reasonOf(error))
    process.exit(1)
  },
)
