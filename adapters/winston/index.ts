export { OpenTelemetryTransport, type OpenTelemetryTransportOptions } from './transport.ts'
