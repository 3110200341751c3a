// What each example has to show, by the name of its folder.

import { Backend } from './backend.ts'
import { checkCollectors } from './collector.ts'
import type { Example } from './example.ts'
import { checkUnderLoad, ORDER_LINES } from './web.ts'

/** @returns figures. @throws Error that says what is missing or wrong. */
export type Check = (example: Example) => Promise<string>

export const checks: Readonly<Record<string, Check>> = {
  fastify: (example) => checkUnderLoad(example, [...ORDER_LINES, 'incoming request', 'request completed']),
  'express-winston': (example) => checkUnderLoad(example, ORDER_LINES),
  nestjs: (example) => checkUnderLoad(example, [...ORDER_LINES, 'request completed']),
  'cli-tool': checkTool,
  'exporter-that-logs': checkExporter,
  collector: checkCollectors,
  piscina: checkByItself,
}

async function checkTool(example: Example): Promise<string> {
  const backend = await Backend.start()
  try {
    const beganAt = Date.now()
    const { stdout, stderr } = await example.run({ OTEL_EXPORTER_OTLP_ENDPOINT: backend.endpoint })
    const ms = Date.now() - beganAt
    const bodies = (await backend.ask('the last records')).map(({ body }) => body)
    expectSame('records', bodies, ['reading', 'counted', 'done'])
    if (!/^\d+ words\n$/.test(stdout) || stderr !== '') throw new Error(`it said:\n${stdout}${stderr}`)
    return `3 records of 3, the process took ${ms} ms`
  } finally {
    backend.stop()
  }
}

async function checkExporter(example: Example): Promise<string> {
  const guarded = lastLine((await example.run()).stdout)
  const unguarded = lastLine((await example.run({}, 'start:unguarded')).stdout)
  expectSame('suppressedExporter', guarded, '1 in the archive after 10 flushes, 1 of them different')
  expectSame('the exporter as it is', unguarded, '10 in the archive after 10 flushes, 2 of them different')
  return `suppressedExporter: ${guarded}; without: ${unguarded}`
}

/** It knows what it has to show: it prints that, and exits with 0 where it holds. */
async function checkByItself(example: Example): Promise<string> {
  const { stdout } = await example.run()
  return stdout.trimEnd().replaceAll('\n', '; ')
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? ''
}

function expectSame(what: string, actual: unknown, expected: unknown): void {
  const [was, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (was !== wanted) throw new Error(`${what}: expected ${wanted}, not ${was}`)
}
