// OTLP over gRPC, on grpc-js: the same bytes as in HTTP's protobuf, and the answer read for what it says of each batch
// (https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-response).

import type { ChannelCredentials, Client, Metadata, ServiceError } from '@grpc/grpc-js'
import type { DeliveryOutcome } from './delivery-queue.ts'
import { loadOptional } from './load.ts'
import { checkTls, type OtlpConfiguration } from './otlp-configuration.ts'
import type { OtlpSender, ReadAnswer } from './otlp-sender.ts'
import { outcomeOfGrpc } from './otlp-status.ts'
import { delimitedFields, int64Field } from './protobuf.ts'

const METHOD = '/opentelemetry.proto.collector.logs.v1.LogsService/Export'
const GZIP = 2
/** By default grpc-js stays away for up to 2 minutes, and fails every attempt until then: longer than any flush waits. */
const FIRST_RECONNECT_MS = 500
const MAX_RECONNECT_MS = 2000

type GrpcPackage = typeof import('@grpc/grpc-js')

/** @throws Error that names the package to install. */
export async function createGrpcSender(configuration: OtlpConfiguration, readAnswer: ReadAnswer): Promise<OtlpSender> {
  const grpc = await loadOptional<GrpcPackage>('@grpc/grpc-js')
  const { url, timeoutMillis } = configuration
  const client: Client = new grpc.Client(targetOf(url), credentialsOf(grpc, configuration), {
    'grpc.default_compression_algorithm': configuration.gzip ? GZIP : 0,
    'grpc.primary_user_agent': 'otel-log-bridge',
    'grpc.initial_reconnect_backoff_ms': FIRST_RECONNECT_MS,
    'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_MS,
  })
  const metadata = new grpc.Metadata()
  for (const [name, value] of Object.entries(configuration.headers)) {
    metadata.set(name, name.toLowerCase().endsWith('-bin') ? Buffer.from(value, 'base64') : value)
  }
  return {
    send(body) {
      return new Promise((resolve) => {
        client.makeUnaryRequest(
          METHOD,
          (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
          (bytes: Buffer) => bytes,
          body,
          metadata,
          { deadline: Date.now() + timeoutMillis },
          (error, answer) => resolve(error === null ? readAnswer(answer ?? new Uint8Array()) : outcomeOf(error)),
        )
      })
    },
    close: () => client.close(),
  }
}

/** A URL leaves its scheme's own port out, and grpc-js would then take 443 for both. */
export function targetOf({ protocol, hostname, port }: URL): string {
  return `${hostname}:${port || (protocol === 'http:' ? 80 : 443)}`
}

function credentialsOf(grpc: GrpcPackage, { url, tls }: OtlpConfiguration): ChannelCredentials {
  if (url.protocol === 'http:') return grpc.credentials.createInsecure()
  checkTls(tls)
  return grpc.credentials.createSsl(tls.ca, tls.key, tls.cert)
}

function outcomeOf({ code, details, metadata }: ServiceError): DeliveryOutcome {
  return outcomeOfGrpc(code, `gRPC ${code} ${details}`, retryInfoOf(metadata))
}

/** google.rpc.Status with a detail of google.rpc.RetryInfo, in the trailer that gRPC has for it. @returns ms. */
function retryInfoOf(metadata: Metadata | undefined): number | undefined {
  const [status] = metadata?.get('grpc-status-details-bin') ?? []
  if (!Buffer.isBuffer(status)) return undefined
  try {
    for (const detail of delimitedFields(status, 3)) {
      const [type] = delimitedFields(detail, 1)
      if (Buffer.from(type ?? []).toString() !== 'type.googleapis.com/google.rpc.RetryInfo') continue
      const [retryInfo] = delimitedFields(detail, 2)
      const [delay] = retryInfo === undefined ? [] : delimitedFields(retryInfo, 1)
      if (delay === undefined) return undefined
      return int64Field(delay, 1) * 1000 + Math.ceil(int64Field(delay, 2) / 1e6)
    }
  } catch {
    // A trailer that cannot be read says nothing of when to try again.
  }
  return undefined
}
