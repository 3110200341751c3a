// Certificates that exist for one run: an authority, a server's and a client's certificate of it, and an authority that
// nobody trusts. Made by the `openssl` command.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly key: string
  readonly certificate: string
}

export interface Certificates {
  readonly authority: CertificateFiles
  readonly otherAuthority: CertificateFiles
  /** For 127.0.0.1 and localhost. */
  readonly server: CertificateFiles
  readonly client: CertificateFiles
  /** Of the other authority. */
  readonly otherClient: CertificateFiles
  remove(): void
}

/** @throws where `openssl` (3.0 or later) is missing. */
export function createCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'otel-log-bridge-certificates-'))
  const create = (name: string, subject: string, issuer?: CertificateFiles, ...extensions: string[]) => {
    const files = { key: join(folder, `${name}.key`), certificate: join(folder, `${name}.pem`) }
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', files.key]
    const signed = issuer === undefined ? [] : ['-CA', issuer.certificate, '-CAkey', issuer.key]
    const added = extensions.flatMap((extension) => ['-addext', extension])
    const args = ['req', '-x509', ...key, ...signed, '-subj', `/CN=${subject}`, '-days', '2', ...added]
    execFileSync('openssl', [...args, '-out', files.certificate], { stdio: ['ignore', 'ignore', 'pipe'] })
    return files
  }
  const authority = create('authority', 'test authority')
  const otherAuthority = create('other-authority', 'other authority')
  const leaf = 'basicConstraints=critical,CA:FALSE'
  return {
    authority,
    otherAuthority,
    server: create('server', 'localhost', authority, leaf, 'subjectAltName=IP:127.0.0.1,DNS:localhost'),
    client: create('client', 'client', authority, leaf, 'extendedKeyUsage=clientAuth'),
    otherClient: create('other-client', 'client', otherAuthority, leaf, 'extendedKeyUsage=clientAuth'),
    remove: () => rmSync(folder, { recursive: true }),
  }
}

export function read({ key, certificate }: CertificateFiles): { key: Buffer; cert: Buffer } {
  return { key: readFileSync(key), cert: readFileSync(certificate) }
}
