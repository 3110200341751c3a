// Writes what was measured as Markdown and charts. `node bench/report.ts` does so once more with what docs/benchmarks.json
// holds.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type Quantity, quantities, type Topic } from './case.ts'
import { type Bar, barChart, type ChartLine, lineChart, show } from './chart.ts'
import {
  type CaseResult,
  type FigureResult,
  meetsTarget,
  type Results,
  type Spread,
  type TopicResult,
} from './results.ts'
import { topics } from './topics/index.ts'

const DOCS = new URL('../docs/', import.meta.url)
const PAGE = new URL('benchmarks.md', DOCS)
const RESULTS = new URL('benchmarks.json', DOCS)
const BEGIN = '<!-- from here on by bench/report.ts -->'

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map((name) => (name === '' ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
}

const withSpread = (spread: Spread | undefined) =>
  spread === undefined ? '' : `${show(spread.median)} (${show(spread.low)}–${show(spread.high)})`

function contendersTable({ contenders }: CaseResult): string {
  const measured = (Object.keys(quantities) as Quantity[]).filter((quantity) =>
    Object.values(contenders).some((spreads) => spreads[quantity] !== undefined),
  )
  return table(
    ['', ...measured.map((quantity) => `${quantities[quantity].title}, ${quantities[quantity].unit}`)],
    Object.entries(contenders).map(([name, spreads]) => [
      name,
      ...measured.map((quantity) => withSpread(spreads[quantity])),
    ]),
  )
}

function targetOf({ atMost, atLeast }: FigureResult): string {
  if (atMost !== undefined) return `≤ ${show(atMost)}`
  return atLeast === undefined ? '' : `≥ ${show(atLeast)}`
}

/** @param results of each version of Node. */
function figuresTable(nodes: readonly string[], results: readonly CaseResult[]): string {
  const [first] = results as [CaseResult]
  return table(
    ['', '', 'target', ...nodes],
    first.figures.map((figure, i) => [
      figure.of,
      figure.says,
      targetOf(figure),
      ...results.map(({ figures }) => {
        const result = figures[i] as FigureResult
        return targetOf(result) === '' ? withSpread(result) : `${withSpread(result)} ${meetsTarget(result) ? '✓' : '✗'}`
      }),
    ]),
  )
}

export function caseReport(name: string, nodes: readonly string[], results: readonly CaseResult[]): string {
  const [first] = results as [CaseResult]
  const figures = first.figures.length === 0 ? [] : [figuresTable(nodes, results)]
  return [`### ${name}`, contendersTable(first), ...figures].join('\n\n')
}

interface Chart {
  readonly file: string
  readonly title: string
  readonly svg: string
}

function chartsOf(
  key: string,
  { title, charts, cases }: Topic,
  results: Readonly<Record<string, CaseResult>>,
): Chart[] {
  const fileOf = (...words: string[]) => `${[key, ...words].join('-').replace(/\W+/g, '-')}.svg`
  const plotted = cases.filter(({ points }) => points !== undefined).map(({ name }) => name)
  return charts.flatMap((quantity) => {
    const { title: what, unit } = quantities[quantity]
    const groups = Object.entries(results)
      .filter(([name]) => !plotted.includes(name))
      .map(([name, result]) => ({ title: name, bars: barsOf(result, quantity) }))
      .filter(({ bars }) => bars.length > 0)
    const bars = groups.length === 0 ? [] : [{ file: fileOf(quantity), title: `${title}: ${what}`, groups }]
    return [
      ...bars.map(({ file, title, groups }) => ({ file, title, svg: barChart(title, unit, groups) })),
      ...Object.entries(results).flatMap(([name, result]) => {
        const lines = linesOf(result, quantity)
        const title = `${what} against ${name}`
        return lines.length === 0
          ? []
          : [{ file: fileOf(name, quantity), title, svg: lineChart(title, unit, name, lines) }]
      }),
    ]
  })
}

function barsOf({ contenders }: CaseResult, quantity: Quantity): Bar[] {
  return Object.entries(contenders).flatMap(([name, spreads]) => {
    const spread = spreads[quantity]
    return spread === undefined ? [] : [{ name, isOurs: name.startsWith('otel-log-bridge'), ...spread }]
  })
}

function linesOf({ contenders, points = {} }: CaseResult, quantity: Quantity): ChartLine[] {
  const lines = new Set(Object.values(points).map(({ line }) => line))
  const pointsOf = (line: string) =>
    Object.entries(points).flatMap(([name, point]) => {
      const spread = contenders[name]?.[quantity]
      return point.line === line && spread !== undefined ? [{ at: point.at, ...spread }] : []
    })
  return [...lines].map((name) => ({ name, points: pointsOf(name) })).filter(({ points }) => points.length > 0)
}

async function section(key: string, { takenOn, machine, effort, nodes }: TopicResult): Promise<string> {
  const topic = await (topics[key] as () => Promise<Topic>)()
  const versions = Object.keys(nodes)
  const [main = {}] = Object.values(nodes)
  const charts = chartsOf(key, topic, main)
  for (const { file, svg } of charts) writeFileSync(new URL(`benchmarks/${file}`, DOCS), svg)
  const cases = Object.keys(main).map((name) => {
    const measured = versions.filter((version) => nodes[version]?.[name] !== undefined)
    return caseReport(
      name,
      measured,
      measured.map((version) => nodes[version]?.[name] as CaseResult),
    )
  })
  const images = charts.map(({ file, title }) => `![${title}](benchmarks/${file})`)
  const taken = `${machine}; Node ${versions.join(', ')}; ${effort}; ${takenOn}. The first table of a case is of the first Node.`
  return [`## ${topic.title}`, topic.about, taken, ...images, ...cases].join('\n\n')
}

/** @param results take the place of what docs/benchmarks.json has of their topics. */
export async function writeDocs(results: Results = {}): Promise<void> {
  const known = JSON.parse(readFileSync(RESULTS, 'utf8')) as Results
  const all = { ...known, ...results }
  mkdirSync(new URL('benchmarks/', DOCS), { recursive: true })
  writeFileSync(RESULTS, `${JSON.stringify(all, null, 2)}\n`)
  const sections: string[] = []
  for (const key of Object.keys(topics)) {
    const result = all[key]
    if (result !== undefined) sections.push(await section(key, result))
  }
  const [prose = ''] = readFileSync(PAGE, 'utf8').split(BEGIN)
  writeFileSync(PAGE, [prose.trimEnd(), BEGIN, ...sections].join('\n\n').concat('\n'))
}

if (process.argv[1] === import.meta.filename) await writeDocs()
