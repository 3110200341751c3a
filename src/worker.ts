export type { DeliveryResult } from './pipeline/delivery-queue.ts'
/** What its thread runs. Not for calling: a bundler makes a file of its own of it. */
export { default } from './pipeline/record-target.ts'
export { WorkerLoggerProvider, type WorkerLoggerProviderOptions } from './pipeline/worker-logger-provider.ts'
