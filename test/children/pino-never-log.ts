// Makes a logger, and never needs it.

import { createLogger, type Form } from './pino-forms.ts'

createLogger(process.argv[2] as Form)
if (process.argv[3] === 'exit') process.exit(0)
