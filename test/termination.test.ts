// A termination signal that the app leaves to Node ends the process as ever, with nothing unsent; one that the app
// listens for is the app's.

import type { ChildProcess } from 'node:child_process'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type ChildResult, resultOf, runChild, startChild } from './children/internal-spawn.ts'
import { type OtlpReceiver, startOtlpReceiver } from './support/otlp-receiver.ts'

let receiver: OtlpReceiver

beforeEach(async () => {
  receiver = await startOtlpReceiver()
  for (const [name, value] of Object.entries(receiver.env)) vi.stubEnv(name, value)
  // Nothing is sent but by a flush.
  vi.stubEnv('OTEL_BLRP_SCHEDULE_DELAY', '60000')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await receiver.close()
})

interface Started {
  readonly child: ChildProcess
  readonly result: Promise<ChildResult>
  /** Resolves when the child has said `text`. */
  says(text: string): Promise<void>
}

function start(name: string, ...args: string[]): Started {
  const child = startChild(name, args)
  let stdout = ''
  child.stdout?.on('data', (text) => {
    stdout += String(text)
  })
  return {
    child,
    result: resultOf(child),
    says: (text) =>
      vi.waitFor(
        () => {
          if (!stdout.includes(text)) throw new Error(`the child has said ${JSON.stringify(stdout)}`)
        },
        { timeout: 15_000 },
      ),
  }
}

/** Answers nothing until it is called. */
function holdAnswers(): () => void {
  const held: ServerResponse[] = []
  receiver.misbehaviour = (_request, response) => void held.push(response)
  return () => {
    receiver.misbehaviour = undefined
    // To be sent once more, as the receiver keeps nothing of a request that it does not answer itself.
    for (const response of held) response.writeHead(503, { 'retry-after': '0' }).end()
  }
}

const bodies = () => receiver.records.map(({ body }) => body)
const sorted = () => receiver.records.map(({ scopeName, body }) => `${scopeName} ${body}`).sort()
const ofEach = (count: number, ...scopes: string[]) =>
  scopes.flatMap((scope) => Array.from({ length: count }, (_, i) => `${scope} ${i}`)).sort()
const ALL = ['first', 'second', 'transport']
const NOTHING_LOST = expect.not.stringContaining('undelivered')

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s: all pipelines send, then the process dies by it',
  async (signal) => {
    const { child, result, says } = start('termination-stays')
    await says('logged')
    child.kill(signal)
    expect(await result).toMatchObject({ code: null, signal, stderr: '' })
    expect(sorted()).toEqual(ofEach(10, ...ALL))
  },
)

test('what is logged while the rest is sent arrives too', async () => {
  const answer = holdAnswers()
  const { child, result, says } = start('termination-stays')
  await says('logged')
  child.kill('SIGTERM')
  await receiver.until(() => receiver.requests.length === 3)
  child.stdin?.write('log')
  await says('done')
  answer()
  expect(await result).toMatchObject({ code: null, signal: 'SIGTERM', stderr: NOTHING_LOST })
  expect(sorted()).toEqual(ofEach(11, ...ALL))
})

test('a pipeline that is closed while it is sending loses nothing', async () => {
  const answer = holdAnswers()
  const { child, result, says } = start('termination-stays')
  await says('logged')
  child.kill('SIGTERM')
  await receiver.until(() => receiver.requests.length === 3)
  child.stdin?.write('close')
  await says('done')
  answer()
  expect(await result).toMatchObject({ code: null, signal: 'SIGTERM', stderr: NOTHING_LOST })
  expect(sorted()).toEqual(ofEach(10, ...ALL))
})

test('the same signal by two ways at once is one', async () => {
  const { result } = start('termination-stays', 'twice')
  expect(await result).toMatchObject({ code: null, signal: 'SIGINT', stderr: '' })
  expect(sorted()).toEqual(ofEach(10, ...ALL))
})

test('a second signal ends the process at once, and what is lost is told', async () => {
  receiver.misbehaviour = () => {}
  const { child, result, says } = start('termination-stays')
  await says('logged')
  child.kill('SIGTERM')
  await receiver.until(() => receiver.requests.length === 3)
  const since = performance.now()
  const again = setInterval(() => child.kill('SIGINT'), 100)
  const { code, signal, stderr } = await result
  clearInterval(again)
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGINT' })
  expect(performance.now() - since).toBeLessThan(4000)
  expect(stderr.match(/\[undelivered\] 10 records were not delivered at exit/g)).toHaveLength(3)
})

test('with no collector a busy app ends within the deadline, and what is lost is told', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1')
  const { child, result, says } = start('termination-stays', 'logging')
  await says('logged')
  const since = performance.now()
  child.kill('SIGTERM')
  const { code, signal, stderr } = await result
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGTERM' })
  expect(performance.now() - since).toBeLessThan(13_000)
  expect(stderr.match(/\[undelivered\] \d\d+ records were not delivered at exit/g)).toHaveLength(3)
})

test.each(['on', 'once'])('an app that listens by `%s` decides', async (how) => {
  const { child, result, says } = start('termination-app-decides', how)
  await says('logged')
  child.kill('SIGTERM')
  expect(await result).toMatchObject({ code: 42, signal: null, stderr: '' })
  expect(bodies()).toEqual(['logged', 'shut down in context: none'])
})

test('an app that begins to listen while its records are sent decides', async () => {
  const answer = holdAnswers()
  const { child, result, says } = start('termination-app-decides', 'late')
  await says('logged')
  child.kill('SIGTERM')
  await receiver.until(() => receiver.requests.length === 1)
  child.stdin?.write('listen')
  await says('listens')
  answer()
  expect(await result).toMatchObject({ code: 42, signal: null, stderr: NOTHING_LOST })
  expect(bodies()).toEqual(['logged', 'shut down in context: none'])
})

test('an app that does not end at the signal goes on', async () => {
  const { child, result, says } = start('termination-app-decides', 'reloads')
  await says('logged')
  child.kill('SIGTERM')
  await says('reloaded')
  child.kill('SIGINT')
  expect(await result).toMatchObject({ code: null, signal: 'SIGINT', stderr: '' })
  expect(bodies()).toEqual(['logged', 'reloaded'])
})

test.each([
  ['that ends the process if nobody else listens', 'library', ['logged']],
  ['that raises the signal again in its own time', 'raises again', ['logged', 'shut down']],
])('a listener %s does so, and nothing is lost', async (_what, how, expected) => {
  const { child, result, says } = start('termination-app-decides', how)
  await says('logged')
  child.kill('SIGTERM')
  expect(await result).toMatchObject({ code: null, signal: 'SIGTERM', stderr: '' })
  expect(bodies()).toEqual(expected)
})

test('there are listeners only while something is unsent, one for each signal, on the main thread', async () => {
  const { stdout, stderr } = await runChild('termination-listeners')
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual({
    'never logged': '0 0 0',
    'one unsent': '1 1 1',
    'three owners': '1 1 1',
    'one left': '1 1 1',
    'all delivered': '0 0 0',
    'logged again': '1 1 1',
    closed: '0 0 0',
    'on another thread': '0 0 0',
  })
})

test.each([
  ['keep their word', 'sound', 'ended, may wait: true\n'],
  ['throw and reject', 'broken', 'ended, may wait: true\nended, may wait: true\n'],
  ['never finish', 'endless', 'ended, may wait: true\nended, may wait: true\n'],
])('pipelines that %s: a process with nothing else to do waits for them, and ends', async (_what, how, stdout) => {
  const result = await runChild('termination-owners', how)
  expect(result).toMatchObject({ code: null, signal: 'SIGTERM', stdout, stderr: '' })
  expect(result.milliseconds).toBeLessThan(how === 'endless' ? 13_000 : 5000)
})

test('a signal that comes with the last delivery ends the process', async () => {
  expect(await runChild('termination-owners', 'last moment')).toMatchObject({
    code: null,
    signal: 'SIGTERM',
    stderr: '',
  })
})

test('the processor of the app’s own SDK is flushed too', async () => {
  const result = await runChild('processor-terminated')
  expect(result).toMatchObject({ signal: 'SIGTERM', stderr: '' })
  expect(bodies()).toEqual(Array.from({ length: 5000 }, (_, i) => `record ${i}`))
})

test('a logger that was collected takes nothing of others with it at process.exit()', async () => {
  const result = await runChild('exit-after-collected')
  expect(result).toMatchObject({ code: 3, stderr: '' })
  expect(bodies()).toEqual(Array.from({ length: 1000 }, (_, i) => `record ${i}`))
})
