export type { AnyValue, AnyValueMap } from './attributes.ts'
export { type Bridge, createBridge } from './bridge.ts'
export type { BridgeOptions } from './bridge-options.ts'
export type { DeliveryMessage, DropMessage } from './channels.ts'
export type { Drop, OnDrop } from './drop.ts'
export type { EnrichmentOptions } from './enrichment.ts'
export type { ExceptionFacts } from './exception.ts'
export {
  diagLogger,
  type InternalLogEntry,
  type InternalLogLevel,
  type InternalLogSink,
  setInternalLogSink,
} from './internal-logger.ts'
export type { RecordLimits } from './limits.ts'
export type { Logger, LoggerProvider, LogRecord } from './provider.ts'
export type { SourceRecord } from './record.ts'
export { type BridgeStats, bridgeStats } from './stats.ts'
export {
  areLogsSuppressed,
  type SuppressionCarrier,
  suppressedExporter,
  suppressionCarrier,
  suppressLogs,
  unsuppressLogs,
  withLogsSuppressed,
  withLogsUnsuppressed,
  withSuppressionCarrier,
} from './suppression.ts'
