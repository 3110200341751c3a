// Logs two records before any LoggerProvider is there, then ends in the way that the argument names.

import { writeSync } from 'node:fs'
import { createBridge } from '../../src/index.ts'
import { LoggerProvider, logs } from '../support/otel.ts'

const bridge = createBridge()
bridge.emit({ body: 'first' })
bridge.emit({ body: 'second' })

const register = () =>
  logs.setGlobalLoggerProvider(
    new LoggerProvider({
      processors: [
        {
          onEmit: ({ body }) => void writeSync(1, `exported ${body}\n`),
          forceFlush: async () => {},
          shutdown: async () => {},
        },
      ],
    }),
  )

switch (process.argv[2]) {
  case 'ends':
    break
  case 'exits':
    process.exit(7)
    break
  case 'throws':
    throw new Error('the app failed')
  case 'registers and exits':
    register()
    process.exit(7)
    break
  case 'registers in an exit listener':
    process.prependListener('exit', register)
    break
  case 'closes':
    await bridge.close()
    break
}
