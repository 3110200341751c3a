// Boxes, arrows and words as SVG, for the diagrams of these pages. Colours follow the reader's scheme, on a ground of
// their own: a page may be dark where the reader's system is light.

export type Point = readonly [x: number, y: number]

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** What a box or an arrow stands for. */
export type Kind = 'app' | 'ours' | 'lost'

const LINE_HEIGHT = 18
const HEAD = 7
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px } .head { font-weight: 600 } .quiet { fill: #59636e; font-size: 12px }
  .ground { fill: #ffffff; stroke: #d1d9e0 } .lane { fill: #f6f8fa }
  .box { fill: #f6f8fa; stroke: #818b98 } .ours { fill: #e7effd; stroke: #2f6fde } .lost { fill: #fdecea; stroke: #c4431f }
  .line { fill: none; stroke: #59636e; stroke-width: 1.5 } .line.ours { stroke: #2f6fde; fill: none } .line.lost { stroke: #c4431f; fill: none }
  .tip { fill: #59636e } .tip.ours { fill: #2f6fde; stroke: none } .tip.lost { fill: #c4431f; stroke: none }
  .dashed { stroke-dasharray: 5 4 } .words.ours { fill: #1f56b3; stroke: none } .words.lost { fill: #a5381a; stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .quiet { fill: #9198a1 } .ground { fill: #0d1117; stroke: #3d444d } .lane { fill: #151b23 }
    .box { fill: #1c232c; stroke: #656c76 } .ours { fill: #12294f; stroke: #5b93f5 } .lost { fill: #3c1710; stroke: #f0734e }
    .line { stroke: #9198a1 } .line.ours { stroke: #5b93f5 } .line.lost { stroke: #f0734e }
    .tip { fill: #9198a1 } .tip.ours { fill: #5b93f5 } .tip.lost { fill: #f0734e }
    .words.ours { fill: #8db4fa } .words.lost { fill: #f59a80 }
  }`

/** @param description what a reader who does not see it is told. */
export function drawing(
  title: string,
  description: string,
  width: number,
  height: number,
  body: readonly string[],
): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(`${title}: ${description}`)}">
<style>${STYLE}
</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${words([20, 30], title, 'title')}
${body.join('\n')}
</svg>
`
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`)

/** One line of text. @param look classes of the style. */
export function words([x, y]: Point, text: string, look = '', anchor: 'start' | 'middle' | 'end' = 'start'): string {
  const looks = look === '' ? '' : ` class="${look}"`
  const anchors = anchor === 'start' ? '' : ` text-anchor="${anchor}"`
  return `<text${looks} x="${x}" y="${y}"${anchors}>${escaped(text)}</text>`
}

/** A name, and quietly behind it what it stands for. */
export function heading([x, y]: Point, name: string, text: string): string {
  const parts = [
    `<tspan class="head">${escaped(name)}</tspan>`,
    `<tspan class="quiet" dx="12">${escaped(text)}</tspan>`,
  ]
  return `<text x="${x}" y="${y}">${parts.join('')}</text>`
}

/** A box with its lines in the middle; the first one is its name, the others are quiet. */
export function box({ x, y, width, height }: Box, kind: Kind, lines: readonly string[]): string {
  const from = y + height / 2 - ((lines.length - 1) * LINE_HEIGHT) / 2 + 4.5
  const look = kind === 'app' ? 'box' : `box ${kind}`
  return [
    `<rect class="${look}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`,
    ...lines.map((line, i) =>
      words([x + width / 2, from + i * LINE_HEIGHT], line, i === 0 ? 'head' : 'quiet', 'middle'),
    ),
  ].join('\n')
}

/** Straight lines through `points`, with a tip at the end. */
export function arrow(points: readonly Point[], kind: Kind = 'app', isDashed = false): string {
  const [from, to] = points.slice(-2)
  if (from === undefined || to === undefined) throw new TypeError('an arrow has two points at least')
  const length = Math.hypot(to[0] - from[0], to[1] - from[1])
  const [dx, dy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length]
  const base: Point = [to[0] - dx * HEAD, to[1] - dy * HEAD]
  const side = HEAD * 0.6
  const tip = [to, [base[0] - dy * side, base[1] + dx * side], [base[0] + dy * side, base[1] - dx * side]]
  const look = kind === 'app' ? '' : ` ${kind}`
  const path = [...points.slice(0, -1), base].map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${px(y)}`).join('')
  return [
    `<path class="line${look}${isDashed ? ' dashed' : ''}" d="${path}"/>`,
    `<path class="tip${look}" d="M${tip.map(([x = 0, y = 0]) => `${px(x)} ${px(y)}`).join('L')}Z"/>`,
  ].join('\n')
}

/** A bar across a line that ends there. */
export function stop([x, y]: Point): string {
  return `<path class="line lost" stroke-width="3" d="M${x - 9} ${y}H${x + 9}"/>`
}

const px = (value: number) => Number(value.toFixed(1))
