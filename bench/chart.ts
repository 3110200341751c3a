// Charts as SVG: bars with their quartiles, and lines over two logarithmic axes. Colours follow the reader's scheme.

import type { Spread } from './results.ts'

export interface Bar extends Spread {
  readonly name: string
  /** Drawn in the colour of what the page is about. */
  readonly isOurs: boolean
}

export interface BarGroup {
  readonly title: string
  readonly bars: readonly Bar[]
}

export interface ChartLine {
  readonly name: string
  readonly points: readonly ({ readonly at: number } & Spread)[]
}

const WIDTH = 860
const PADDING = 16
const TITLE_HEIGHT = 40
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px } .group { font-weight: 600 } .quiet { fill: #59636e; font-size: 12px }
  .bar { fill: #b6bec8 } .ours { fill: #2f6fde } .spread, .axis { stroke: #1f2328; fill: none } .axis { stroke-opacity: .25 }
  .line { fill: none; stroke-width: 2 }
  .c0 { stroke: #2f6fde } .c1 { stroke: #c4560f } .c2 { stroke: #1a7f5a } .c3 { stroke: #8b4fc9 }
  .d0 { fill: #2f6fde } .d1 { fill: #c4560f } .d2 { fill: #1a7f5a } .d3 { fill: #8b4fc9 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .quiet { fill: #9198a1 } .bar { fill: #4d5661 } .ours { fill: #5b93f5 }
    .spread, .axis { stroke: #e6edf3 }
    .c0 { stroke: #6ea2ff } .c1 { stroke: #f0883e } .c2 { stroke: #4fc08d } .c3 { stroke: #b98cf0 }
    .d0 { fill: #6ea2ff } .d1 { fill: #f0883e } .d2 { fill: #4fc08d } .d3 { fill: #b98cf0 }
  }`

function svg(title: string, height: number, body: readonly string[]): string {
  const text = escaped(title)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${text}">
<style>${STYLE}
</style>
<text class="title" x="${PADDING}" y="${PADDING + 10}">${text}</text>
${body.join('\n')}
</svg>
`
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`)
const px = (value: number) => Number(value.toFixed(1))

export function show(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

const BARS_FROM = 380
const VALUE_WIDTH = 80
const ROW_HEIGHT = 22
const GROUP_HEIGHT = 30

/** The bars of all groups have one scale. */
export function barChart(title: string, unit: string, groups: readonly BarGroup[]): string {
  const highest = Math.max(...groups.flatMap(({ bars }) => bars.map(({ high }) => high)))
  const x = (value: number) => px((Math.max(value, 0) / highest) * (WIDTH - BARS_FROM - VALUE_WIDTH - PADDING))
  const body: string[] = []
  let y = TITLE_HEIGHT
  for (const { title, bars } of groups) {
    body.push(`<text class="group" x="${PADDING}" y="${y + 20}">${escaped(title)}</text>`)
    y += GROUP_HEIGHT
    for (const { name, isOurs, low, median, high } of bars) {
      body.push(
        `<text x="${BARS_FROM - 10}" y="${y + 14}" text-anchor="end">${escaped(name)}</text>`,
        `<rect class="${isOurs ? 'ours' : 'bar'}" x="${BARS_FROM}" y="${y + 3}" width="${x(median)}" height="14" rx="2"/>`,
        `<path class="spread" d="M${BARS_FROM + x(low)} ${y + 10}H${BARS_FROM + x(high)}"/>`,
        `<text class="quiet" x="${BARS_FROM + Math.max(x(median), x(high)) + 8}" y="${y + 14}">${show(median)}</text>`,
      )
      y += ROW_HEIGHT
    }
  }
  return svg(`${title} (${unit})`, y + PADDING, body)
}

const PLOT = { left: 90, right: WIDTH - 56, top: TITLE_HEIGHT + 8, bottom: 340 }
const LEGEND_HEIGHT = 20

/** A logarithmic scale over whole decades. */
function decades(values: readonly number[]): { low: number; high: number; ticks: number[] } {
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values))), low + 1)
  return { low, high, ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)) }
}

export function lineChart(title: string, unit: string, axis: string, lines: readonly ChartLine[]): string {
  // What has no logarithm stands at the edge, and says so there.
  const atOf = (at: number) => Math.max(at, 0.1)
  const across = decades(lines.flatMap(({ points }) => points.map(({ at }) => atOf(at))))
  const up = decades(lines.flatMap(({ points }) => points.flatMap(({ low, high }) => [low, high])))
  const x = (at: number) => {
    const share = (Math.log10(atOf(at)) - across.low) / (across.high - across.low)
    return px(PLOT.left + share * (PLOT.right - PLOT.left))
  }
  const y = (value: number) => {
    const share = (Math.log10(value) - up.low) / (up.high - up.low)
    return px(PLOT.bottom - share * (PLOT.bottom - PLOT.top))
  }
  const ats = [...new Set(lines.flatMap(({ points }) => points.map(({ at }) => at)))]
  const body = [
    ...up.ticks.map((tick) => `<path class="axis" d="M${PLOT.left} ${y(tick)}H${PLOT.right}"/>`),
    ...up.ticks.map(
      (tick) => `<text class="quiet" x="${PLOT.left - 8}" y="${y(tick) + 4}" text-anchor="end">${show(tick)}</text>`,
    ),
    ...ats.map(
      (at) => `<text class="quiet" x="${x(at)}" y="${PLOT.bottom + 20}" text-anchor="middle">${show(at)}</text>`,
    ),
    `<text class="quiet" x="${PLOT.right}" y="${PLOT.bottom + 38}" text-anchor="end">${escaped(axis)}</text>`,
  ]
  for (const [i, { name, points }] of lines.entries()) {
    const legend = PLOT.bottom + 50 + i * LEGEND_HEIGHT
    const path = points.map(({ at, median }, i) => `${i === 0 ? 'M' : 'L'}${x(at)} ${y(median)}`).join('')
    body.push(
      `<path class="line c${i}" d="${path}"/>`,
      ...points.map(({ at, low, high }) => `<path class="c${i}" d="M${x(at)} ${y(low)}V${y(high)}"/>`),
      ...points.map(({ at, median }) => `<circle class="d${i}" cx="${x(at)}" cy="${y(median)}" r="3.5"/>`),
      `<rect class="d${i}" x="${PLOT.left}" y="${legend}" width="14" height="4" rx="2"/>`,
      `<text x="${PLOT.left + 22}" y="${legend + 7}">${escaped(name)}</text>`,
    )
  }
  return svg(`${title} (${unit})`, PLOT.bottom + 50 + lines.length * LEGEND_HEIGHT + PADDING, body)
}
