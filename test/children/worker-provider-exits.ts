// A burst through WorkerLoggerProvider, or pino's transport, then the end of the process in the way that is asked for.

import pino from 'pino'
import { createPinoStream, createPinoTransport } from '../../adapters/pino/index.ts'
import { WorkerLoggerProvider } from '../../src/worker.ts'

const logger = pino(
  {},
  process.argv[3] === 'transport'
    ? createPinoTransport()
    : createPinoStream({ loggerProvider: new WorkerLoggerProvider() }),
)
for (let i = 0; i < 20_000; i++) logger.info({ i }, 'burst')

switch (process.argv[2]) {
  case 'exit':
    process.exit(3)
    break
  case 'throw':
    throw new Error('the app is broken')
  case 'reject':
    void Promise.reject(new Error('the app is broken'))
    break
  case 'handled-sigterm':
    process.once('SIGTERM', () => process.exit(4))
    process.kill(process.pid, 'SIGTERM')
    setInterval(() => {}, 1000)
    break
  case 'SIGTERM':
  case 'SIGINT':
    process.kill(process.pid, process.argv[2])
}
