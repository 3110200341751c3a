// The way to the collector, step by step: the package for it, its name, its port, its certificate. The first step that fails names itself,
// and the ones behind it are not tried.

import { lookup } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { reasonOf } from '../../src/internal-logger.ts'
import { adviceFor } from '../../src/pipeline/advice.ts'
import { loadOptional } from '../../src/pipeline/load.ts'
import { checkTls, type OtlpConfiguration } from '../../src/pipeline/otlp-configuration.ts'
import { targetOf } from '../../src/pipeline/otlp-grpc.ts'
import { type Check, fail, LATE, ok, within } from './check.ts'

const GRPC = '@grpc/grpc-js'
const STEP_MS = 4000
const NO_ANSWER = 'look at the address and at firewalls on the way'

interface Place {
  readonly host: string
  readonly port: number
}

/** @returns what each step saw; the last one failed, where one did. */
export async function connectionChecks({ url, tls, protocol }: OtlpConfiguration): Promise<Check[]> {
  const port = Number(targetOf(url).split(':').at(-1))
  // Of IPv6 a URL has brackets around it.
  const place = { host: url.hostname.replace(/^\[|\]$/g, ''), port }
  const steps = [() => nameCheck(place), () => portCheck(place)]
  if (protocol === 'grpc') steps.unshift(grpcCheck)
  if (url.protocol === 'https:') steps.push(() => certificateCheck(place, tls, protocol))
  const checks: Check[] = []
  for (const step of steps) {
    const check = await step()
    checks.push(check)
    if (check.status === 'fail') break
  }
  return checks
}

async function grpcCheck(): Promise<Check> {
  try {
    await loadOptional(GRPC)
    return ok('grpc', `${GRPC} is there`)
  } catch (error) {
    return fail('grpc', reasonOf(error), `npm install ${GRPC}`)
  }
}

async function nameCheck({ host }: Place): Promise<Check> {
  try {
    const found = await within(STEP_MS, lookup(host, { all: true }))
    if (found === LATE)
      return fail('dns', `no answer for ${host} within ${STEP_MS} ms`, "look at this machine's resolver")
    return ok('dns', `${host} is ${found.map(({ address }) => address).join(', ')}`)
  } catch (error) {
    return failure('dns', reasonOf(error))
  }
}

async function portCheck({ host, port }: Place): Promise<Check> {
  const socket = connect({ host, port })
  const found = await outcomeOf(socket, 'connect')
  socket.destroy()
  if (found === LATE) return fail('tcp', `no answer of ${host}:${port} within ${STEP_MS} ms`, NO_ANSWER)
  return found === undefined ? ok('tcp', `${host}:${port} takes connections`) : failure('tcp', found)
}

async function certificateCheck(
  { host, port }: Place,
  files: OtlpConfiguration['tls'],
  protocol: OtlpConfiguration['protocol'],
): Promise<Check> {
  try {
    checkTls(files)
  } catch (error) {
    return fail(
      'tls',
      reasonOf(error),
      'name PEM files in OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_KEY and _CLIENT_CERTIFICATE',
    )
  }
  const socket = connectTls({
    ...files,
    host,
    port,
    // What is wrong is told below, and the certificate with it.
    rejectUnauthorized: false,
    ...(isIP(host) === 0 && { servername: host }),
    ...(protocol === 'grpc' && { ALPNProtocols: ['h2'] }),
  })
  try {
    const found = await outcomeOf(socket, 'secureConnect')
    if (found === LATE) return fail('tls', `no handshake with ${host}:${port} within ${STEP_MS} ms`, NO_ANSWER)
    return found === undefined ? verdictOn(socket) : failure('tls', found)
  } finally {
    socket.destroy()
  }
}

function verdictOn(socket: TLSSocket): Check {
  const { subject, issuer, valid_to: end = 'an unknown time' } = socket.getPeerCertificate()
  const text = `${socket.getProtocol()}, a certificate for ${subject?.CN ?? '?'} by ${issuer?.CN ?? '?'}, valid until ${end}`
  if (socket.authorized) return ok('tls', text)
  // A code, or an error with one; Node's types know the error alone.
  const error: unknown = socket.authorizationError
  const reason =
    error instanceof Error ? `${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}`.trim() : String(error)
  return failure('tls', `${reason}: ${text}`)
}

/** @returns why it failed; undefined where `event` came. */
async function outcomeOf(socket: Socket, event: string): Promise<string | undefined | typeof LATE> {
  const outcome = new Promise<string | undefined>((resolve) => {
    socket.once(event, () => resolve(undefined))
    socket.on('error', (error) => resolve(reasonOf(error)))
    socket.once('close', () => resolve('the connection was closed'))
  })
  return within(STEP_MS, outcome)
}

function failure(name: string, reason: string): Check {
  return fail(name, reason, adviceFor(reason))
}
