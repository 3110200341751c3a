export type { DeliveryResult } from './pipeline/delivery-queue.ts'
export { WorkerLoggerProvider, type WorkerLoggerProviderOptions } from './pipeline/worker-logger-provider.ts'
