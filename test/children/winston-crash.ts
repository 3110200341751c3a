// What the crash programs share: an exporter that writes each record to standard output at once, and the crash.

import { writeSync } from 'node:fs'
import type { LoggerProvider } from '../../src/index.ts'

export const loggerProvider: LoggerProvider = {
  getLogger: () => ({
    emit({ body, severityText, attributes }) {
      writeSync(1, `${JSON.stringify({ body, severityText, attributes })}\n`)
    },
  }),
}

export class CrashError extends Error {}
