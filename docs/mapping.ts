// Writes docs/mapping.md from the tables that test/mapping.test.ts runs on: `npm run docs`; `--check` says whether it is
// up to date.

import { readFileSync, writeFileSync } from 'node:fs'
import { inspect } from 'node:util'
import pino from 'pino'
import { createPinoStream, type PinoStream } from '../adapters/pino/index.ts'
import type { LogRecord } from '../src/index.ts'
import { levels } from '../test/mapping/levels.ts'
import { type Becomes, pinoRecords, winstonRecords } from '../test/mapping/records.ts'
import { times } from '../test/mapping/times.ts'
import { values } from '../test/mapping/values.ts'

const FILE = new URL('./mapping.md', import.meta.url)

/** Of a function: what it returns, or does, as it is written. */
function codeOf(fn: unknown): string {
  const source = String(fn).replace(/^\([^)]*\) =>\s*/, '')
  const isBlock = source.startsWith('{')
  const lines = (isBlock ? source.slice(1, -1) : source).split('\n').map((line) => line.trim())
  const text = lines
    .filter((line) => line !== '')
    .join(isBlock ? '; ' : ' ')
    .replace(/ {2,}/g, ' ')
  return code(text.replace(/^\((\{.*\})\)$/, '$1').replace(/, \}/g, ' }'))
}

function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`'
  return fence + text.replaceAll('|', '\\|') + fence
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  return code(inspect(value, { depth: null, breakLength: Number.POSITIVE_INFINITY, compact: true }))
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function sections<T>(of: Readonly<Record<string, T>>, render: (rows: T) => string): string {
  return Object.entries(of)
    .map(([title, rows]) => `### ${title}\n\n${render(rows)}`)
    .join('\n\n')
}

let emitted: LogRecord | undefined
const stream: PinoStream = createPinoStream({
  loggerProvider: {
    getLogger: () => ({
      emit(record) {
        emitted = record
      },
    }),
  },
})
const pinoLogger = pino(stream)

/** What pino's JSON has left of it. */
function throughPino(value: unknown): string {
  pinoLogger.info({ value })
  const attributes = emitted?.attributes ?? {}
  return 'value' in attributes ? show(attributes.value) : 'left out'
}

function becomes({ severityText, ...fields }: Becomes): string {
  return Object.entries(fields)
    .filter(([, value]) => !(typeof value === 'object' && value !== null && Object.keys(value).length === 0))
    .map(([name, value]) => `${name}: ${show(value)}`)
    .join('<br>')
}

const recordTable = (rows: readonly { options?: unknown; call: unknown; becomes: Becomes }[]) =>
  table(
    ['call', 'becomes'],
    rows.map((row) => [
      codeOf(row.call) + (row.options ? `<br>with ${codeOf(row.options)}` : ''),
      becomes(row.becomes),
    ]),
  )

const text = `# Mapping

Written by \`npm run docs\` from the tables that \`test/mapping.test.ts\` runs on.

## Values

In attributes, in the body, and at any depth inside them. pino writes JSON before the bridge sees anything, so the third column is what its line still says.

${sections(values, (rows) =>
  table(
    ['value', 'becomes', 'through pino'],
    rows.map(({ value, becomes }) => [codeOf(value), show(becomes), throughPino(value())]),
  ),
)}

Integers that a JavaScript number holds exactly are sent as integers, others as doubles; a \`bigint\` that is not exact as a number becomes its decimal digits, because OpenTelemetry's SDK takes no \`bigint\`; the pipeline that is ours sends it as an integer, up to 64 bits. \`constructor\` inside a value and \`__proto__\` anywhere get a \`_\` in front, an empty attribute key becomes \`_\`: the SDK drops the whole value otherwise. No accessor, \`toJSON\` or Proxy trap of the app's runs twice for a record.

## Limits

| limit | default | beyond it |
| --- | --- | --- |
| \`attributeCount\` | 128 | attributes are dropped, counted in \`dropped_attributes_count\` and on the internal logger |
| \`attributeValueLength\` | none | texts and bytes are cut, never inside a surrogate pair |
| \`depth\` | 64 | \`[Depth limit]\` |
| \`recordBytes\` | 1 MiB | texts and bytes are cut, containers end with \`[Size limit]\`, attributes are dropped and counted |

One value takes three quarters of what is left of \`recordBytes\` at most, so that those behind it have room too. The count of dropped attributes reaches a receiver where the pipeline is ours: the SDK's API has no field for it.

## Levels

The severity text is the level's own name, without colours.

${sections(levels, ({ levels, severities, becomes }) =>
  table(
    ['level', levels === undefined ? 'number' : 'number in the logger', 'severity number'],
    Object.entries(becomes).map(([name, severity]) => {
      const number = levels?.[name] ?? pino.levels.values[name]
      return [code(name), String(number), severity + (severities?.[name] === undefined ? '' : ' (by the option)')]
    }),
  ),
)}

## Time

The time of a record is its own where it is one of these, else that of the call. The observed time is always that of the call.

${sections(times, (rows) =>
  table(
    ['time', 'nanoseconds since the epoch'],
    rows.map(({ time, becomes }) => [show(time), becomes === undefined ? 'none' : String(becomes)]),
  ),
)}

## Records of pino

${sections(pinoRecords, recordTable)}

## Records of winston

${sections(winstonRecords, recordTable)}

## Added on request

| option | attribute | value |
| --- | --- | --- |
| \`baggage\` | the entry's key | the entry's value, of the Baggage that was active where the app logged |
| \`code\` | \`code.function.name\` | as a stack trace names the function that logged, \`Orders.place\`; left out where it has no name |
| | \`code.file.path\` | its file, absolute; the source where the process has source maps enabled |
| | \`code.line.number\`, \`code.column.number\` | the place of the call in that file, both from 1 |

An attribute of the record's own, or of its logger, wins over one that would be added under its name. The limits hold; an eighth of \`recordBytes\` is there for what is added. A record that no code of the app has logged, such as winston's of an uncaught exception, has no \`code.*\`.
`

if (!process.argv.includes('--check')) writeFileSync(FILE, text)
else if (readFileSync(FILE, 'utf8') !== text) {
  process.stderr.write('docs/mapping.md is not what its script makes: npm run docs\n')
  process.exitCode = 1
}
