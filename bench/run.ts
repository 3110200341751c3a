// `node bench/run.ts [--quick] [--check] [topics]`. The whole run writes docs/benchmarks.md; a quick one only prints.
// With --check it fails where a ratio is more than twice as bad as its target, and is so once more when it is measured anew.

import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import type { Topic } from './case.ts'
import { caseReport, writeDocs } from './report.ts'
import { type CaseResult, farOff, resultOf, type TopicResult } from './results.ts'
import { type Effort, measure } from './runner.ts'
import { topics } from './topics/index.ts'

/** Node 20 runs neither SDK 3, which needs 22.15, nor TypeScript. */
const OTHER_NODES = ['22', '26']
const WHOLE: Effort = { rounds: 5, turns: 5, shots: 5 }
const QUICK: Effort = { rounds: 2, turns: 6, shots: 3 }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, check: { type: 'boolean', default: false } },
})
const effort = values.quick ? QUICK : WHOLE
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}`
const effortText = `${effort.rounds} rounds of ${effort.turns} turns, ${effort.shots} of what can be measured once a process`

/** @returns the path of its binary, from the npm registry. */
function nodeOf(release: string): string {
  const args = ['--yes', '--package', `node@${release}`, 'node', '--print', 'process.execPath']
  return execFileSync('npx', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}

const versionOf = (node: string) => execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()

async function run(key: string, { title, cases, everyNode }: Topic): Promise<TopicResult> {
  console.log(`\n## ${title}`)
  const nodes = [process.execPath, ...(everyNode && !values.quick ? OTHER_NODES.map(nodeOf) : [])]
  const results: Record<string, Record<string, CaseResult>> = {}
  for (const node of nodes) {
    const version = versionOf(node)
    const measured: Record<string, CaseResult> = {}
    for (const one of cases.filter(({ quick = true }) => quick || !values.quick)) {
      let result = resultOf(one, await measure(key, one, effort, node))
      if (values.check && farOff(result).length > 0) result = resultOf(one, await measure(key, one, effort, node))
      measured[one.name] = result
      console.log(`\n${caseReport(one.name, [version], [result])}`)
    }
    results[version] = measured
  }
  return { takenOn: new Date().toISOString().slice(0, 10), machine, effort: effortText, nodes: results }
}

console.log(`${machine}, Node ${process.version}, ${effortText}`)
const results: Record<string, TopicResult> = {}
for (const [key, load] of Object.entries(topics)) {
  if (positionals.length > 0 && !positionals.includes(key)) continue
  const topic = await load()
  if (topic.cases.every(({ quick }) => quick === false) && values.quick) continue
  const result = await run(key, topic)
  results[key] = result
  if (!values.quick) await writeDocs({ [key]: result })
}

const complaints = Object.entries(results).flatMap(([key, { nodes }]) =>
  Object.entries(nodes).flatMap(([version, cases]) =>
    Object.entries(cases).flatMap(([name, result]) =>
      farOff(result).map(({ of, says, median }) => `${key}, ${name}, Node ${version}: ${of}: ${says}: ${median}`),
    ),
  ),
)
if (complaints.length > 0) console.log(['\nFar from their targets:', ...complaints].join('\n'))
if (values.check && complaints.length > 0) process.exitCode = 1
