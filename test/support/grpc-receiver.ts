// A collector for tests that speaks OTLP/gRPC: grpc-js' own server, that keeps what it is sent and can be told to
// misbehave, to be gone for a while, and to say what came over its socket.

import { type AddressInfo, connect, createServer, type Server as SocketServer } from 'node:net'
import * as grpc from '@grpc/grpc-js'
import { type Certificates, read } from './certificates.ts'
import { decodeProtobuf, EXPORT_PATH, encodeAnswer, type PartialSuccess, type WireRecord } from './otlp-proto.ts'

export interface GrpcRequest {
  readonly records: readonly WireRecord[]
  readonly metadata: grpc.Metadata
  readonly at: number
}

/** A partial success, a refusal, or no answer at all. */
export type GrpcAnswer = PartialSuccess | (Partial<grpc.StatusObject> & { readonly code: grpc.status }) | 'none'

export interface GrpcReceiver {
  readonly endpoint: string
  /** All requests, those that were refused too. */
  readonly requests: readonly GrpcRequest[]
  /** What was accepted. */
  readonly records: readonly WireRecord[]
  /** In place of the receiver, which then keeps nothing of the request; `undefined` lets it answer itself. */
  misbehaviour: ((request: GrpcRequest) => GrpcAnswer | undefined) | undefined
  /** Bytes of all connections, as they come over the wire. */
  bytesRead(): number
  /** Cuts all connections, and takes new ones on the same port at once. */
  restart(): Promise<void>
  close(): Promise<void>
}

export interface ReceiverTls {
  readonly certificates: Certificates
  /** Asks for a client's certificate of the same authority. */
  readonly mutual?: boolean
}

export async function startGrpcReceiver(tls?: ReceiverTls): Promise<GrpcReceiver> {
  const requests: GrpcRequest[] = []
  const records: WireRecord[] = []
  let server = await serve(0)
  let bytes = 0
  const relay = await startRelay(
    () => server.port,
    (length) => {
      bytes += length
    },
  )

  async function serve(port: number): Promise<{ server: grpc.Server; port: number }> {
    const started = new grpc.Server()
    started.addService(
      {
        Export: {
          path: EXPORT_PATH,
          requestStream: false,
          responseStream: false,
          requestDeserialize: decodeProtobuf,
          requestSerialize: () => Buffer.alloc(0),
          responseSerialize: (answer: PartialSuccess | undefined) => Buffer.from(encodeAnswer(answer)),
          responseDeserialize: () => undefined,
        },
      },
      { Export: answer },
    )
    const bound = await new Promise<number>((resolve, reject) =>
      started.bindAsync(`127.0.0.1:${port}`, credentialsOf(tls), (error, found) =>
        error === null ? resolve(found) : reject(error),
      ),
    )
    return { server: started, port: bound }
  }

  function answer(
    call: grpc.ServerUnaryCall<WireRecord[], PartialSuccess | undefined>,
    callback: grpc.sendUnaryData<PartialSuccess | undefined>,
  ): void {
    const request = { records: call.request, metadata: call.metadata, at: performance.now() }
    requests.push(request)
    const given = receiver.misbehaviour?.(request)
    if (given === 'none') return
    if (given !== undefined && 'code' in given) {
      callback(given)
    } else {
      if (given === undefined) records.push(...request.records)
      callback(null, given as PartialSuccess | undefined)
    }
  }

  const receiver: GrpcReceiver = {
    // grpc-js makes a server name of an address too, and Node warns of that.
    endpoint: tls === undefined ? `http://127.0.0.1:${relay.port}` : `https://localhost:${relay.port}`,
    requests,
    records,
    misbehaviour: undefined,
    bytesRead: () => bytes,
    async restart() {
      relay.cut()
      server.server.forceShutdown()
      server = await serve(0)
    },
    async close() {
      relay.cut()
      server.server.forceShutdown()
      await relay.close()
    },
  }
  return receiver
}

function credentialsOf(tls: ReceiverTls | undefined): grpc.ServerCredentials {
  if (tls === undefined) return grpc.ServerCredentials.createInsecure()
  const { server, authority } = tls.certificates
  const { key, cert } = read(server)
  const pair = [{ private_key: key, cert_chain: cert }]
  return grpc.ServerCredentials.createSsl(read(authority).cert, pair, tls.mutual === true)
}

/** The receiver's port: it outlives a server behind it, and counts the bytes as they are, compressed or not. */
async function startRelay(target: () => number, onBytes: (length: number) => void) {
  const cuts = new Set<() => void>()
  const relay: SocketServer = createServer((client) => {
    const upstream = connect(target(), '127.0.0.1')
    const cut = () => {
      client.destroy()
      upstream.destroy()
      cuts.delete(cut)
    }
    cuts.add(cut)
    for (const socket of [client, upstream]) socket.on('error', cut).on('close', cut)
    client.on('data', (chunk: Buffer) => onBytes(chunk.length))
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  return {
    port: (relay.address() as AddressInfo).port,
    cut: () => {
      for (const cut of [...cuts]) cut()
    },
    close: () => new Promise((resolve) => relay.close(resolve)),
  }
}
