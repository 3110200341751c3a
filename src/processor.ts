export {
  BufferedLogRecordProcessor,
  type BufferedLogRecordProcessorOptions,
  type LogRecordExporter,
} from './pipeline/buffered-processor.ts'
export type { DeliveryResult } from './pipeline/delivery-queue.ts'
