// Logs, closes nothing, and has nothing else to do.

import { createLogger, type Form } from './pino-forms.ts'

const logger = createLogger(process.argv[2] as Form)
for (let i = 0; i < 2000; i++) logger.info({ i }, 'logged')
