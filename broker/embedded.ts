import { timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Running } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import { type BrokerUsers, mayAccess } from './acl.ts'

export interface BrokerSettings extends BrokerUsers {
  readonly host: string
  readonly port: number
  /** Passwords by user name, secrets resolved. */
  readonly passwords: ReadonlyMap<string, string>
  /** PEM files; with `clientCa` clients must show a certificate, whose common name is their user name. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string }
  /** Users of this very process: from this machine their password is enough, also with `clientCa`. */
  readonly insiders?: readonly string[]
}

export interface Broker extends Running {
  readonly port: number
}

/** A subscriber that does not read would stall every publisher of its topics until its keep-alive ends. */
const DRAIN_TIMEOUT_MS = 2_000
/** MQTT 3.1.1 §3.2.2.3 */
const BAD_USERNAME_OR_PASSWORD = 4

/**
 * The broker of `jifang up`: aedes with per-agent credentials and the topic rules that mosquitto would have. Nothing outlives it.
 * @throws when the address can't be had, in words with what to do
 */
export async function startBroker(settings: BrokerSettings, deps: { readonly log: Log; readonly counters: Counters }): Promise<Broker> {
  const { log, counters } = deps
  const users = new WeakMap<Client, string>()
  const aedes = await Aedes.createBroker({
    drainTimeout: DRAIN_TIMEOUT_MS,
    queueLimit: 1_000,
    // Sessions that outlive their connection would queue without bound; jifang's own clients never ask for one.
    preConnect: (_client, packet, done) => done(null, packet.clean === true),
    authenticate(client, username, password, done) {
      const certified = certificateUser(client)
      const user = certified ?? username ?? ''
      const byPassword = settings.tls?.clientCa === undefined || isInsider(settings, client, user)
      if (certified !== undefined || (byPassword && matches(settings.passwords.get(user), password))) {
        users.set(client, user)
        return done(null, true)
      }
      counters.add('jifang_broker_refused_total')
      log.warn({ user, client: client.id, ...(byPassword ? {} : { certificate: 'none' }) }, 'login refused by the embedded broker')
      done(Object.assign(new Error('wrong user name or password'), { returnCode: BAD_USERNAME_OR_PASSWORD }) as AuthenticateError, false)
    },
    authorizePublish(client, packet, done) {
      // Without a client it is the broker itself: a will, or its own announcements.
      const user = client ? (users.get(client) ?? '') : null
      if (user === null || mayAccess(settings, user, 'write', packet.topic)) return done(null)
      counters.add('jifang_broker_denied_total')
      log.warn({ user, topic: packet.topic }, 'publishing denied by the embedded broker')
      done(new Error(`${user} may not publish to ${packet.topic}`))
    },
    authorizeSubscribe(client, subscription, done) {
      const user = users.get(client) ?? ''
      if (mayAccess(settings, user, 'read', subscription.topic)) return done(null, subscription)
      counters.add('jifang_broker_denied_total')
      log.warn({ user, topic: subscription.topic }, 'subscribing denied by the embedded broker')
      done(null, null)
    },
  })
  aedes.on('clientError', (client, error) => log.debug({ client: client.id, err: error }, 'broker client error'))
  aedes.on('connectionError', (client, error) => log.debug({ client: client.id, err: error }, 'broker connection error'))

  const sockets = new Set<Socket>()
  const server = await makeServer(settings, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    aedes.handle(socket)
  })
  try {
    await listen(server, settings.host, settings.port)
  } catch (error) {
    await closeAedes(aedes)
    throw error
  }
  server.on('error', (error) => log.error({ err: error }, 'the embedded broker has a problem'))
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : settings.port,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await closeAedes(aedes)
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

const closeAedes = (aedes: Aedes): Promise<void> => new Promise((resolve) => aedes.close(() => resolve()))

async function makeServer({ tls }: BrokerSettings, onSocket: (socket: Socket) => void): Promise<Server> {
  if (!tls) return createServer({ noDelay: true }, onSocket)
  const [cert, key, ca] = await Promise.all([
    readFile(tls.cert),
    readFile(tls.key),
    tls.clientCa === undefined ? undefined : readFile(tls.clientCa),
  ])
  return createTlsServer(
    // Who shows no good certificate is refused at the login, where insiders are known.
    { cert, key, noDelay: true, minVersion: 'TLSv1.2', ...(ca && { ca, requestCert: true, rejectUnauthorized: false }) },
    onSocket,
  )
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(whyNot(error, host, port), { cause: error })))
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function whyNot(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `the embedded broker can't listen on ${host}:${port}, the port is taken: stop the other program (another jifang, mosquitto?) or set mqtt.listen, or mqtt.url to use that broker`
    case 'EADDRNOTAVAIL':
      return `the embedded broker can't listen on ${host}:${port}, this machine has no such address: correct mqtt.listen`
    case 'EACCES':
      return `the embedded broker can't listen on ${host}:${port}, not permitted: set mqtt.listen to a port from 1024 on`
    default:
      return `the embedded broker can't listen on ${host}:${port}: ${error.message}`
  }
}

/** The common name of a verified client certificate. */
function certificateUser(client: Client): string | undefined {
  const { conn } = client as { conn: unknown }
  if (!isTls(conn) || !conn.authorized) return undefined
  const name: unknown = conn.getPeerCertificate().subject?.CN
  return typeof name === 'string' ? name : undefined
}

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

function isInsider({ insiders = [] }: BrokerSettings, client: Client, user: string): boolean {
  const { conn } = client as { conn: unknown }
  return insiders.includes(user) && isTls(conn) && LOOPBACK.has(conn.remoteAddress ?? '')
}

const isTls = (conn: unknown): conn is import('node:tls').TLSSocket =>
  typeof conn === 'object' && conn !== null && 'getPeerCertificate' in conn && 'authorized' in conn

/** Same time for every wrong password of one length; a missing user has none that matches. */
function matches(expected: string | undefined, given: Buffer | undefined): boolean {
  if (expected === undefined || given === undefined) return false
  const wanted = Buffer.from(expected)
  return wanted.length === given.length && timingSafeEqual(wanted, given)
}
