// Logs with an exporter that cannot be made, lives on, and logs again.

import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger, type Form } from './pino-forms.ts'

const logger = createLogger(process.argv[2] as Form)
for (let i = 0; i < 100; i++) {
  logger.info({ i }, 'logged')
  await sleep(5)
}
await new Promise((resolve) => logger.flush(resolve))
logger.info('logged')
process.stdout.write('went on')
