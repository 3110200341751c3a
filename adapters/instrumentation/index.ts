export { LogBridgeInstrumentation, type LogBridgeInstrumentationConfig } from './instrumentation.ts'
