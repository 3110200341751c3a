// A collector for tests in each of OTLP's protocols, over plain connections, TLS and mTLS, that reads what it is sent by
// OTLP's own definitions.

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import { read } from './certificates.ts'
import { type GrpcReceiver, type ReceiverTls, startGrpcReceiver } from './grpc-receiver.ts'
import { decodeJson, decodeProtobuf, encodeAnswer, type PartialSuccess, type WireRecord } from './otlp-proto.ts'

export const HTTP = ['http/protobuf', 'http/json'] as const
export const PROTOCOLS = ['grpc', ...HTTP] as const
export type Protocol = (typeof PROTOCOLS)[number]

export interface Receiver {
  readonly endpoint: string
  readonly records: readonly WireRecord[]
  /** Of the last request. */
  header(name: string): unknown
  bytesRead(): number
  /** Says so in every answer. */
  answerWith(partialSuccess: PartialSuccess): void
}

export async function grpcReceiver(tls?: ReceiverTls): Promise<GrpcReceiver> {
  const receiver = await startGrpcReceiver(tls)
  onTestFinished(() => receiver.close())
  return receiver
}

export async function startReceiver(protocol: Protocol, tls?: ReceiverTls): Promise<Receiver> {
  if (protocol !== 'grpc') return startHttpReceiver(tls)
  const receiver = await grpcReceiver(tls)
  return {
    endpoint: receiver.endpoint,
    records: receiver.records,
    header: (name) => receiver.requests.at(-1)?.metadata.get(name)[0],
    bytesRead: receiver.bytesRead,
    answerWith: (partialSuccess) => {
      receiver.misbehaviour = () => partialSuccess
    },
  }
}

export async function startHttpReceiver(
  tls?: ReceiverTls,
): Promise<Receiver & { respond?: (to: ServerResponse) => void }> {
  const records: WireRecord[] = []
  let headers: IncomingHttpHeaders = {}
  let bytes = 0
  let partialSuccess: PartialSuccess | undefined
  const options = tls && {
    ...read(tls.certificates.server),
    ca: read(tls.certificates.authority).cert,
    requestCert: tls.mutual === true,
    rejectUnauthorized: tls.mutual === true,
  }
  const server = options === undefined ? createServer() : createTlsServer(options)
  server.on('request', async (request, response: ServerResponse) => {
    const body = await buffer(request)
    bytes += body.length
    headers = request.headers
    const message = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
    if (receiver.respond !== undefined) return receiver.respond(response)
    const json = headers['content-type'] === 'application/json'
    try {
      if (request.url === '/v1/logs') records.push(...(json ? decodeJson(message) : decodeProtobuf(message)))
    } catch (error) {
      response.writeHead(400).end(String(error))
      return
    }
    const answer = json ? JSON.stringify(partialSuccess ? { partialSuccess } : {}) : encodeAnswer(partialSuccess)
    response.writeHead(200, { 'content-type': headers['content-type'] }).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const receiver: Receiver & { respond?: (to: ServerResponse) => void } = {
    endpoint: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    records,
    header: (name) => headers[name],
    bytesRead: () => bytes,
    answerWith: (given) => {
      partialSuccess = given
    },
  }
  return receiver
}
