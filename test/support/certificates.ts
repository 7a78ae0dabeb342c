import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Credentials {
  readonly key: string
  readonly cert: string
}

/** A self-signed certificate by the openssl program, valid from now for `days` (negative: expired). */
export function selfSigned(dir: string, name: string, options: { days?: number; san?: string } = {}): Credentials {
  const key = join(dir, `${name}.key`)
  const cert = join(dir, `${name}.pem`)
  const csr = join(dir, `${name}.csr`)
  const ext = join(dir, `${name}.ext`)
  writeFileSync(ext, `subjectAltName=${options.san ?? 'IP:127.0.0.1,DNS:localhost'}\n`)
  const run = (args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  run(['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', csr, '-subj', `/CN=${name}`])
  run(['x509', '-req', '-in', csr, '-signkey', key, '-days', String(options.days ?? 30), '-extfile', ext, '-out', cert])
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
}
