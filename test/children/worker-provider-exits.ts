// A burst through WorkerLoggerProvider, then the end of the process in the way that is asked for.

import pino from 'pino'
import { createPinoStream } from '../../adapters/pino/index.ts'
import { WorkerLoggerProvider } from '../../src/worker.ts'

const provider = new WorkerLoggerProvider()
const logger = pino({}, createPinoStream({ loggerProvider: provider }))
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
}
