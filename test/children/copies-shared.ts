// Three copies of the package in one process: its ESM build, its CJS build and its source. Prints what each of them
// saw of the others, as JSON. The argument is the folder of the builds.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pino from 'pino'
import winston from 'winston'
import * as pinoAdapter from '../../adapters/pino/index.ts'
import * as source from '../../src/index.ts'
import { InMemoryLogRecordExporter, LoggerProvider, simpleProcessor } from '../support/otel.ts'

const folder = String(process.argv[2])
const esm = (await import(pathToFileURL(join(folder, 'src/index.js')).href)) as typeof source
const cjs = createRequire(import.meta.url)(join(folder, 'src/index.cjs')) as typeof source
const winstonAdapter = (await import(
  pathToFileURL(join(folder, 'adapters/winston/index.js')).href
)) as typeof import('../../adapters/winston/index.ts')
const cjsPinoAdapter = createRequire(import.meta.url)(join(folder, 'adapters/pino/index.cjs')) as typeof pinoAdapter

const copies = { esm, cjs, source }
const exporter = new InMemoryLogRecordExporter()
const loggerProvider = new LoggerProvider({
  processors: [
    {
      onEmit: (record) => {
        for (const log of Object.values(logs)) log(`caused by ${record.body}`)
        setImmediate(() => {
          for (const log of Object.values(logs)) log(`caused later by ${record.body}`)
        })
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    },
    simpleProcessor(exporter),
  ],
})
const bridges = Object.fromEntries(
  Object.entries(copies).map(([name, copy]) => [name, copy.createBridge({ loggerProvider })]),
)
const winstonLogger = winston.createLogger({
  transports: [new winstonAdapter.OpenTelemetryTransport({ loggerProvider })],
})
const pinoLogger = pino({}, pinoAdapter.createPinoStream({ loggerProvider }))
const cjsPinoLogger = pino({}, cjsPinoAdapter.createPinoStream({ loggerProvider }))
const logs: Record<string, (body: string) => void> = {
  ...Object.fromEntries(Object.entries(bridges).map(([name, bridge]) => [name, (body) => bridge.emit({ body })])),
  'winston (esm)': (body) => winstonLogger.info(body),
  'pino (source)': (body) => pinoLogger.info(body),
  'pino (cjs)': (body) => cjsPinoLogger.info(body),
}
const bodies = () => exporter.getFinishedLogRecords().map(({ body }) => body)

for (const [name, log] of Object.entries(logs)) log(name)
await new Promise((resolve) => setTimeout(resolve, 20))
const emitted = bodies()

exporter.reset()
for (const copy of Object.values(copies)) {
  copy.withLogsSuppressed(() => {
    for (const log of Object.values(logs)) log('suppressed')
  })
}
const suppressed = bodies()

// A getter of one copy's record logs through the next copy, without end.
exporter.reset()
const ring = Object.values(bridges)
let depth = 0
const nest = (): unknown => ({
  get nested() {
    const bridge = ring[++depth % ring.length]
    bridge?.emit({ body: `depth ${depth}`, attributes: { value: nest() } })
    depth--
    return 'read'
  },
})
esm.createBridge({ loggerProvider }).emit({ body: 'depth 0', attributes: { value: nest() } })
const nested = bodies()

const sinkLines: string[] = []
cjs.setInternalLogSink(({ message }) => void sinkLines.push(message))
for (const [name, copy] of Object.entries(copies)) copy.diagLogger().error(`told by ${name}`)

const report = {
  loggers: Object.keys(logs),
  emitted,
  suppressed,
  nested,
  sinkLines,
  stats: Object.values(copies).map((copy) => copy.bridgeStats()),
}
process.stdout.write(JSON.stringify(report))
