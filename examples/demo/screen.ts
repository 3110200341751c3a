// How the demo looks in a terminal. styleText leaves colours out where standard output is none, or NO_COLOR is set.

import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Text of a table's cell; numbers are aligned to the right. */
export type Cell = string | number | { readonly text: string | number; readonly style: Style }

const MARGIN = '   '
const GAP = '   '

export const good = (text: string | number): Cell => ({ text, style: 'green' })
export const bad = (text: string | number): Cell => ({ text, style: ['red', 'bold'] })

export function line(text = ''): void {
  console.log(text === '' ? '' : MARGIN + text)
}

export function dim(text: string): void {
  line(styleText('dim', text))
}

export function heading(title: string, shows: string, proves: string): void {
  console.log(`\n${styleText('bold', title)}`)
  dim(shows)
  dim(proves)
  line()
}

/** Prints rows under their heads. Columns of which the head ends in a space are aligned to the left. */
export function table(heads: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => textOf(row[column]).length)))
  const print = (cells: readonly (Cell | undefined)[], style?: Style) => {
    const padded = cells.map((cell, column) => {
      const width = widths[column] ?? 0
      const left = heads[column]?.endsWith(' ')
      const text = left ? textOf(cell).padEnd(width) : textOf(cell).padStart(width)
      const cellStyle = style ?? (typeof cell === 'object' ? cell.style : undefined)
      return cellStyle === undefined ? text : styleText(cellStyle, text)
    })
    line(padded.join(GAP).trimEnd())
  }
  print(heads, 'underline')
  for (const row of rows) print(row)
}

/** The last line: green where all is well, else red with what was wrong. */
export function verdict(success: string, problems: readonly string[]): void {
  console.log()
  if (problems.length === 0) console.log(styleText(['green', 'bold'], success))
  for (const problem of problems) console.log(`${styleText(['red', 'bold'], 'Wrong:')} ${problem}`)
}

/** 20000 as 20,000. */
export function count(value: number): string {
  return value.toLocaleString('en')
}

function textOf(cell: Cell | undefined): string {
  const text = typeof cell === 'object' ? cell.text : (cell ?? '')
  return typeof text === 'number' ? count(text) : text
}
