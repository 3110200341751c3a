// Logs, and waits for close() with nothing else that would keep the process alive.

import pino from 'pino'
import { createPinoTransport } from '../../adapters/pino/index.ts'

const transport = createPinoTransport()
const logger = pino(transport)
for (let i = 0; i < 2000; i++) logger.info({ i }, 'logged')
// Until the thread has started it keeps the process alive in any case.
await new Promise<unknown>((resolve) => logger.flush(resolve))
logger.info({ i: 2000 }, 'logged')
await transport.close()
await transport.close()
process.stdout.write(JSON.stringify(transport.stats()))
