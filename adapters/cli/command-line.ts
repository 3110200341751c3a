// The arguments → what to do. Flags stand for options of the export that people type; the environment has all of them.

import { parseArgs } from 'node:util'
import { type OtlpProtocol, otlpOptionChecks } from '../../src/pipeline/otlp-configuration.ts'
import type { ExportOptions } from '../../src/pipeline/owned-pipeline.ts'

/** Where and how records are sent, as far as flags say it. */
export interface ExportFlags {
  readonly endpoint: string | undefined
  readonly options: ExportOptions
}

export interface FilterCommand extends ExportFlags {
  readonly name: 'filter'
  readonly messageKey: string | undefined
  /** Whether standard output gets what standard input has. */
  readonly passesThrough: boolean
}

export interface DoctorCommand extends ExportFlags {
  readonly name: 'doctor'
  /** What the app preloads. */
  readonly requires: readonly string[]
  readonly imports: readonly string[]
  readonly json: boolean
}

export type Command = FilterCommand | DoctorCommand | { readonly name: 'help' | 'version' }

/** A command line that says nothing that can be done. */
export class UsageError extends Error {}

export const HELP = `Usage:
  app | otel-log-bridge [options]    exports the lines of pino or winston, and passes them through
  otel-log-bridge doctor [options]   says what keeps records from arriving, and sends one to see

Options of both; the environment (OTEL_EXPORTER_OTLP_*, OTEL_SERVICE_NAME, ...) is used where they are not given:
  --endpoint <url>         base URL, as OTEL_EXPORTER_OTLP_ENDPOINT; or all of it, ending in /v1/logs
  --protocol <protocol>    http/protobuf, http/json or grpc
  --header <name=value>    sent along; once for each header
  --service-name <name>    service.name of the records

Options of the filter:
  -q, --quiet              pass nothing through
  --message-key <key>      where pino's lines have their message: 'msg', else 'message'

Options of the doctor:
  --import <module>        load it first, as node --import does for the app; may be given again
  --require <module>       load it first, as node --require does for the app; may be given again
  --json                   print one JSON object: { ok, checks: [{ name, status, message, fix? }] }

  -h, --help               print this
  -v, --version            print the version

The filter reads to the end of its input, past Ctrl-C, and sends what it has read. Where nobody reads its output any
more it goes on exporting.
Exit codes: 0 all is well; 1 records were not delivered, or a check has failed; 2 a wrong command line; 128 and the
signal's number where a signal ended the filter before its input did.
`

const OPTIONS = {
  endpoint: { type: 'string' },
  protocol: { type: 'string' },
  header: { type: 'string', multiple: true },
  'service-name': { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
  'message-key': { type: 'string' },
  import: { type: 'string', multiple: true },
  require: { type: 'string', multiple: true },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

const OF_FILTER = ['quiet', 'message-key'] as const
const OF_DOCTOR = ['import', 'require', 'json'] as const

/** @throws UsageError that names what is wrong. */
export function commandOf(args: readonly string[]): Command {
  const { values, positionals } = parse(args)
  if (values.help === true) return { name: 'help' }
  if (values.version === true) return { name: 'version' }
  const [name, ...others] = positionals
  if (name !== undefined && name !== 'doctor') throw new UsageError(`unknown command '${name}': there is 'doctor'`)
  if (others.length > 0) throw new UsageError(`unexpected argument '${others[0]}'`)
  const foreign = (name === 'doctor' ? OF_FILTER : OF_DOCTOR).find((option) => values[option] !== undefined)
  if (foreign !== undefined) {
    throw new UsageError(`--${foreign}: an option of the ${name === 'doctor' ? 'filter' : "command 'doctor'"}`)
  }
  const flags = exportFlagsOf(values)
  if (name === 'doctor') {
    const { import: imports = [], require: requires = [], json = false } = values
    return { name, ...flags, imports, requires, json }
  }
  return { name: 'filter', ...flags, messageKey: values['message-key'], passesThrough: values.quiet !== true }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    // What follows is about arguments that begin with a dash.
    throw new UsageError(String((error as Error).message).split('. ')[0])
  }
}

interface ExportValues {
  readonly endpoint?: string | undefined
  readonly protocol?: string | undefined
  readonly header?: string[] | undefined
  readonly 'service-name'?: string | undefined
}

function exportFlagsOf(values: ExportValues): ExportFlags {
  const { endpoint, protocol, header, 'service-name': serviceName } = values
  for (const name of ['endpoint', 'protocol'] as const) {
    const value = values[name]
    const expected = value === undefined ? undefined : otlpOptionChecks[name](value)
    if (expected !== undefined) throw new UsageError(`--${name}: expected ${expected}, got '${value}'`)
  }
  const options = {
    ...(protocol !== undefined && { protocol: protocol as OtlpProtocol }),
    ...(header !== undefined && { headers: Object.fromEntries(header.map(headerOf)) }),
    ...(serviceName !== undefined && { serviceName }),
  }
  return { endpoint, options }
}

/** As OTel writes it, or as HTTP does. The text holds credentials, mostly: no error shows it. */
function headerOf(text: string): [name: string, value: string] {
  const at = text.search(/[=:]/)
  if (at < 1) throw new UsageError('--header: expected name=value')
  return [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()]
}

/** The environment, with the endpoint that a flag names. */
export function environmentOf({ endpoint }: ExportFlags, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  if (endpoint === undefined) return env
  const isWhole = /\/v1\/logs\/?$/.test(new URL(endpoint).pathname)
  return isWhole
    ? { ...env, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: endpoint }
    : { ...env, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: undefined, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }
}

/** What the environment switches off on purpose, in words. */
export function switchedOffBy(env: NodeJS.ProcessEnv): string | undefined {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return 'OTEL_SDK_DISABLED=true'
  return env.OTEL_LOGS_EXPORTER?.trim() === 'none' ? 'OTEL_LOGS_EXPORTER=none' : undefined
}
