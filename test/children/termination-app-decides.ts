// An app with listeners of its own for the signal: what they do is what happens.

import { AsyncLocalStorage } from 'node:async_hooks'
import pino from 'pino'
import { createPinoStream } from '../../adapters/pino/index.ts'
import { WorkerLoggerProvider } from '../../src/worker.ts'

const logger = pino({}, createPinoStream({ loggerProvider: new WorkerLoggerProvider() }))
const request = new AsyncLocalStorage<string>()
const immediate = () => new Promise((resolve) => setImmediate(resolve))

/** What a framework does: it takes its time, then ends the process itself. */
async function shutDown(): Promise<void> {
  const context = request.getStore() ?? 'none'
  for (let i = 0; i < 10; i++) await immediate()
  logger.info(`shut down in context: ${context}`)
  process.exit(42)
}

/** What others do: they go, and let the signal have its way. */
async function goAndRaiseAgain(signal: NodeJS.Signals): Promise<void> {
  for (let i = 0; i < 10; i++) await immediate()
  logger.info('shut down')
  process.removeListener(signal, goAndRaiseAgain)
  process.kill(process.pid, signal)
}

/** As signal-exit does: it ends the process where nobody but itself listens. */
function endIfAlone(signal: NodeJS.Signals): void {
  if (process.listeners(signal).length !== 1) return
  process.removeListener(signal, endIfAlone)
  process.kill(process.pid, signal)
}

request.run('request', () => logger.info('logged'))
setInterval(() => {}, 1000)
switch (process.argv[2]) {
  case 'on':
    process.on('SIGTERM', shutDown)
    break
  case 'once':
    process.once('SIGTERM', shutDown)
    break
  case 'late':
    process.stdin.once('data', () => {
      process.once('SIGTERM', shutDown)
      process.stdout.write('listens')
    })
    break
  case 'raises again':
    process.on('SIGTERM', goAndRaiseAgain)
    break
  case 'library':
    process.on('SIGTERM', endIfAlone)
    break
  case 'reloads':
    process.on('SIGTERM', () => {
      logger.info('reloaded')
      process.stdout.write('reloaded')
    })
}
process.stdout.write('logged')
