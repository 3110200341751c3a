// What to do about an export that failed, where its reason tells: a reason alone helps who knows the protocols.

const ADVICE: readonly (readonly [reason: RegExp, advice: string])[] = [
  [
    /ECONNREFUSED/,
    'nothing listens there: start the collector, or set OTEL_EXPORTER_OTLP_ENDPOINT to where it is (in a container, localhost is the container)',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|name resolution failed/i,
    "the host's name does not resolve: correct it in OTEL_EXPORTER_OTLP_ENDPOINT",
  ],
  [
    /Parse Error|HPE_/,
    'what answers speaks no HTTP/1.1: for a gRPC port (4317) set OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or send to the HTTP port (4318)',
  ],
  [
    /^gRPC .*(?:HTTP status code|RST_STREAM|Protocol error|Connection dropped|ECONNRESET|socket hang up|Expected HTTP)/i,
    'what answers speaks no gRPC: for an HTTP port (4318) set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or send to the gRPC port (4317)',
  ],
  [
    /^HTTP 404/,
    'no receiver of logs at this path: OTEL_EXPORTER_OTLP_ENDPOINT is the base to which /v1/logs is added, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT is taken as it is',
  ],
  [/^gRPC 12\b/, 'the collector has no pipeline for logs behind its OTLP receiver: add one'],
  [/^(?:HTTP 40[13]|gRPC (?:7|16))\b/, "put the backend's key into OTEL_EXPORTER_OTLP_HEADERS as name=value"],
  [
    /^HTTP 415/,
    'the receiver does not take this encoding: try OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or http/protobuf',
  ],
  [/HTTP request to an HTTPS server/i, 'the port speaks TLS: begin the endpoint with https://'],
  [/CERT_HAS_EXPIRED|certificate has expired/i, "renew the collector's certificate, or correct this machine's clock"],
  [
    /ALTNAME|altnames/i,
    "the certificate is for other host names: use one of them in the endpoint, or a certificate for the endpoint's",
  ],
  [
    /self.signed|unable to (?:get|verify)|UNABLE_TO_|DEPTH_ZERO/i,
    'the certificate is of an authority that is not trusted here: name its PEM file in OTEL_EXPORTER_OTLP_CERTIFICATE or NODE_EXTRA_CA_CERTS',
  ],
  [/wrong version number|packet length too long|EPROTO/i, 'the port speaks no TLS: begin the endpoint with http://'],
  [
    /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|no answer within|^gRPC 4\b/,
    'no way there, or nobody who answers in time: look at the address, firewalls and OTEL_EXPORTER_OTLP_TIMEOUT',
  ],
]

/** @returns undefined where the reason tells nothing of that. */
export function adviceFor(reason: string): string | undefined {
  return ADVICE.find(([pattern]) => pattern.test(reason))?.[1]
}

/** The reason, and what to do. */
export function withAdvice(reason: string): string {
  const advice = adviceFor(reason)
  return advice === undefined ? reason : `${reason}; ${advice}`
}
