import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { mosquittoAcl } from '../../broker/acl.ts'
import type { LinkSettings } from '../../core/wire/link.ts'
import { COLLECTOR_USER, SITE } from './broker.ts'
import { freePort } from './free-port.ts'
import { type ServerProcess, serverProcess } from './server-process.ts'
import { which } from './tools.ts'

export interface Mosquitto extends ServerProcess {
  /** TLS with password. */
  withPassword(user: string): LinkSettings
  /** TLS with a client certificate whose common name is the user. */
  withCertificate(user: string): LinkSettings
}

/** A real mosquitto on 127.0.0.1: TLS, passwords or client certificates, and the topic rules that jifang writes. `dir` is kept by the caller. */
export async function startMosquitto(dir: string, users: readonly string[]): Promise<Mosquitto> {
  const program = which('mosquitto')
  if (!program) throw new Error('mosquitto is not installed')
  await mkdir(dir, { recursive: true })
  const file = (name: string): string => join(dir, name)
  makeCertificates(dir, ['broker', ...users])
  for (const [index, user] of [...users, COLLECTOR_USER].entries())
    execFileSync('mosquitto_passwd', ['-b', ...(index === 0 ? ['-c'] : []), file('passwd'), user, `${user}-secret`], { stdio: 'pipe' })
  writeFileSync(file('acl'), mosquittoAcl({ site: SITE, collectors: [COLLECTOR_USER] }))
  const [password, certificate] = [await freePort(), await freePort()]
  writeFileSync(file('mosquitto.conf'), configuration(dir, password, certificate))
  const server = serverProcess({
    program,
    args: ['-c', file('mosquitto.conf')],
    url: `mqtts://127.0.0.1:${password}`,
    logFile: file('log'),
    ready: async () => (await answers(password)) && (await answers(certificate)),
  })
  await server.start()
  return {
    ...server,
    withPassword: (user) => ({ url: server.url, username: user, password: `${user}-secret`, ca: file('ca.crt') }),
    withCertificate: (user) => ({
      url: `mqtts://127.0.0.1:${certificate}`,
      ca: file('ca.crt'),
      cert: file(`${user}.crt`),
      key: file(`${user}.key`),
    }),
  }
}

function configuration(dir: string, password: number, certificate: number): string {
  const tls = ['cafile', 'certfile', 'keyfile'].map(
    (key, index) => `${key} ${join(dir, ['ca.crt', 'broker.crt', 'broker.key'][index] ?? '')}`,
  )
  return [
    'user root',
    'per_listener_settings true',
    'log_type error',
    'persistence false',
    `listener ${password} 127.0.0.1`,
    ...tls,
    `password_file ${join(dir, 'passwd')}`,
    `acl_file ${join(dir, 'acl')}`,
    'allow_anonymous false',
    `listener ${certificate} 127.0.0.1`,
    ...tls,
    'require_certificate true',
    'use_identity_as_username true',
    `acl_file ${join(dir, 'acl')}`,
    '',
  ].join('\n')
}

/** An authority (`ca.crt`) and, signed by it, one certificate (`NAME.crt`, `NAME.key`) for each name. */
export function makeCertificates(dir: string, names: readonly string[]): void {
  const run = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe', cwd: dir })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  run('req', '-x509', ...key, '-days', '2', '-subj', '/CN=test authority', '-keyout', 'ca.key', '-out', 'ca.crt')
  writeFileSync(join(dir, 'ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  for (const name of names) {
    run('req', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    run(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      'ext',
      '-out',
      `${name}.crt`,
    )
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
