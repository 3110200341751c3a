// Tells how many listeners there are for each signal as records come and go.

import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { createPinoTransport } from '../../adapters/pino/index.ts'
import type * as Termination from '../../src/pipeline/termination.ts'
import { WorkerLoggerProvider } from '../../src/worker.ts'

const counts = () => (['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map((signal) => process.listenerCount(signal)).join(' ')
const immediate = () => new Promise((resolve) => setImmediate(resolve))

async function none(): Promise<string> {
  const deadline = Date.now() + 10_000
  while (counts() !== '0 0 0' && Date.now() < deadline) await immediate()
  return counts()
}

const provider = new WorkerLoggerProvider()
const transport = createPinoTransport()
const logger = provider.getLogger('shop')

if (isMainThread) {
  const seen: Record<string, string> = { 'never logged': counts() }
  logger.emit({ body: 'one' })
  seen['one unsent'] = counts()
  transport.write('{"level":30,"msg":"two"}\n')
  // As a second copy of the package has it.
  const copy = '../../src/pipeline/termination.ts?copy'
  const { holdTermination, releaseTermination } = (await import(copy)) as typeof Termination
  const owner = { flush: async () => {}, endAtExit() {} }
  holdTermination(owner)
  seen['three owners'] = counts()
  await Promise.all([provider.flush(), transport.flush()])
  await immediate()
  seen['one left'] = counts()
  releaseTermination(owner)
  seen['all delivered'] = await none()
  logger.emit({ body: 'three' })
  seen['logged again'] = counts()
  await Promise.all([provider.close(), transport.close()])
  seen.closed = await none()
  const worker = new Worker(new URL(import.meta.url))
  seen['on another thread'] = await new Promise((resolve) => worker.once('message', resolve))
  process.stdout.write(JSON.stringify(seen))
} else {
  logger.emit({ body: 'four' })
  parentPort?.postMessage(counts())
  await Promise.all([provider.close(), transport.close()])
}
