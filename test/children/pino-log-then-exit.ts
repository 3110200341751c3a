// Logs, and calls process.exit() at once: before the thread has read a line.

import { createLogger, type Form } from './pino-forms.ts'

const logger = createLogger(process.argv[2] as Form)
for (let i = 0; i < 2000; i++) logger.info({ i }, 'logged')
process.exit(3)
