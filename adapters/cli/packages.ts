// The packages of a folder, as Node finds them from there, and every copy in its tree.

import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export interface Installed {
  readonly name: string
  readonly version: string
  /** Without symbolic links. */
  readonly folder: string
  readonly peers: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly engines: Readonly<Record<string, string>>
}

/** @returns undefined where there is none, or none that can be read. */
function packageIn(folder: string): Installed | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const { name = '', version = '', peerDependencies: peers = {}, dependencies = {}, engines = {} } = manifest
    return { name, version, folder: realpathSync(folder), peers, dependencies, engines }
  } catch {
    return undefined
  }
}

/** What `import 'name'` finds in a file of `folder`. */
export function packageFrom(folder: string, name: string): Installed | undefined {
  for (const parent of ancestorsOf(folder)) {
    const found = packageIn(join(parent, 'node_modules', name))
    if (found !== undefined) return found
  }
  try {
    // Of a package manager without node_modules.
    return packageIn(dirname(createRequire(join(folder, 'x.js')).resolve(`${name}/package.json`)))
  } catch {
    return undefined
  }
}

/** The package that `file` is in. */
export function packageAround(file: string): Installed | undefined {
  for (const parent of ancestorsOf(dirname(file))) {
    const found = packageIn(parent)
    if (found !== undefined && found.name !== '') return found
  }
  return undefined
}

function ancestorsOf(folder: string): string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...ancestorsOf(parent)]
}

/** Folders that are looked into: a large app has some thousands. */
const MAX_FOLDERS = 20_000

/** Every copy of the packages `names` in the tree of `folder`: those of node_modules above it, and nested ones. */
export function copiesIn(folder: string, names: readonly string[]): Installed[] {
  const copies = new Map<string, Installed>()
  const waiting = ancestorsOf(folder)
    .map((parent) => join(parent, 'node_modules'))
    .filter((modules) => existsSync(modules))
  let left = MAX_FOLDERS
  for (let modules = waiting.pop(); modules !== undefined && left > 0; modules = waiting.pop()) {
    for (const name of names) {
      const found = packageIn(join(modules, name))
      if (found !== undefined) copies.set(found.folder, found)
    }
    for (const entry of packageFoldersIn(modules)) {
      left--
      const nested = join(entry, 'node_modules')
      if (existsSync(nested)) waiting.push(nested)
    }
  }
  return [...copies.values()]
}

/** Also those of pnpm's store, of which each holds the node_modules of one package. Links lead to what is found anyway. */
function packageFoldersIn(modules: string): string[] {
  try {
    return readdirSync(modules, { withFileTypes: true }).flatMap((entry) => {
      const path = join(modules, entry.name)
      if (!entry.isDirectory() || entry.name === '.bin') return []
      return entry.name.startsWith('@') || entry.name === '.pnpm' ? packageFoldersIn(path) : [path]
    })
  } catch {
    return []
  }
}

/** Whether `version` is in `range`, of the forms that peer dependencies have; true for a form that is not known. */
export function isInRange(version: string, range: string): boolean {
  return range.split('||').some((one) =>
    one
      .trim()
      .split(/\s+/)
      .every((bound) => keeps(version, bound)),
  )
}

function keeps(version: string, bound: string): boolean {
  const [, operator = '', text] = /^(>=|<=|>|<|\^|~|)v?(\d+(?:\.\d+)*)/.exec(bound) ?? []
  if (text === undefined) return true
  const order = compare(version, text)
  const [major = 0, minor = 0] = numbersOf(text)
  switch (operator) {
    case '>=':
      return order >= 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '<':
      return order < 0
    case '^':
      return order >= 0 && compare(version, major > 0 ? `${major + 1}` : `0.${minor + 1}`) < 0
    case '~':
      return order >= 0 && compare(version, `${major}.${minor + 1}`) < 0
    default:
      return order === 0
  }
}

/** Negative where `a` is the older one. */
export function compare(a: string, b: string): number {
  const others = numbersOf(b)
  for (const [place, number] of numbersOf(a).entries()) {
    const difference = number - (others[place] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** A pre-release counts as its release. */
function numbersOf(version: string): number[] {
  const numbers = (version.split(/[-+]/)[0] ?? '').split('.').map(Number)
  return [0, 1, 2].map((place) => numbers[place] ?? 0)
}
