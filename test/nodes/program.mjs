// One record each through pino, in process and from its worker's file, and winston. Loaded as ESM and as CJS.

export async function program({ bridge, pinoBridge, winstonBridge, pino, winston, sdk, resolve }) {
  const exporter = new sdk.InMemoryLogRecordExporter()
  const loggerProvider = new sdk.LoggerProvider({ processors: [new sdk.SimpleLogRecordProcessor({ exporter })] })

  pino({ base: null }, pinoBridge.createPinoStream({ loggerProvider })).info({ from: 'pino' }, 'hello')
  const logger = winston.createLogger({ transports: [new winstonBridge.OpenTelemetryTransport({ loggerProvider })] })
  logger.info('hello', { from: 'winston' })
  bridge.withLogsSuppressed(() => logger.info('not this one'))

  const bridged = exporter.getFinishedLogRecords().map(({ body, attributes }) => `${attributes.from} ${body}`)
  const stats = bridge.bridgeStats()
  const expected = JSON.stringify([['pino hello', 'winston hello'], 3, 2, 1])
  const found = JSON.stringify([bridged, stats.seen, stats.emitted, stats.dropped.suppressed])
  if (found !== expected) throw new Error(`expected ${expected}, found ${found}`)
  if (!resolve('otel-log-bridge/pino').endsWith('.cjs'))
    throw new Error('require.resolve does not find the pino target')
}
