import snmp, { type Session as NetSession, type User, type WireVarbind } from 'net-snmp'
import type { Varbind } from '../../core/profile/varbind.ts'
import { failureOf, SnmpFailure } from './failure.ts'
import type { SharedSocket } from './sockets.ts'
import { varbindOf } from './wire-varbind.ts'

export type AuthProtocol = 'md5' | 'sha' | 'sha224' | 'sha256' | 'sha384' | 'sha512'
/** `aes256`: key extension of Blumenthal (Net-SNMP); `aes256c`: of Reeder (Cisco). */
export type PrivacyProtocol = 'des' | 'aes' | 'aes256' | 'aes256c'

export type Credentials =
  | { readonly version: '1' | '2c'; readonly community: string }
  | {
      readonly version: '3'
      readonly user: string
      readonly auth?: { readonly protocol: AuthProtocol; readonly password: string }
      readonly privacy?: { readonly protocol: PrivacyProtocol; readonly password: string }
      readonly context?: string
    }

export interface SessionOptions {
  /** An IP address: names are resolved before. */
  readonly address: string
  readonly port: number
  readonly credentials: Credentials
  readonly socket: SharedSocket
}

/** A varbind, or that there is none at this OID (or behind it). */
export type Found = { readonly varbind: Varbind } | { readonly varbind: null; readonly oid: string; readonly end: boolean }

/** One conversation with one device. Every call is one request of one datagram; failures are SnmpFailure. */
export interface SnmpSession {
  readonly version: '1' | '2c' | '3'
  get(oids: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<Found[]>
  getNext(oids: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<Found[]>
  /** Per OID the objects behind it, at most `repetitions` each. */
  getBulk(oids: readonly string[], repetitions: number, timeoutMs: number, signal: AbortSignal): Promise<Found[][]>
  /** Writes one INTEGER. */
  set(oid: string, value: number, timeoutMs: number, signal: AbortSignal): Promise<void>
  close(): void
}

type Ask = (session: NetSession, done: (error: Error | null, result?: unknown) => void) => void

export function createSnmpSession(options: SessionOptions): SnmpSession {
  const { credentials, socket } = options
  const privacy = credentials.version === '3' && credentials.privacy !== undefined
  let session: NetSession | null = null
  const opened = (): NetSession => {
    session ??= open(options)
    return session
  }

  /** A device that restarted answers "not in time window" or with another engine once: a fresh discovery heals it. */
  async function request(ask: Ask, timeoutMs: number, signal: AbortSignal): Promise<unknown> {
    try {
      return await once(ask, timeoutMs, signal)
    } catch (error) {
      if (!(error instanceof SnmpFailure) || error.kind !== 'time_window') throw error
      session?.close()
      session = null
      return await once(ask, timeoutMs, signal)
    }
  }

  async function once(ask: Ask, timeoutMs: number, signal: AbortSignal): Promise<unknown> {
    let release: () => void
    try {
      release = await socket.slot(signal)
    } catch {
      throw aborted()
    }
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(aborted())
      signal.addEventListener('abort', stop, { once: true })
      const done = (error: Error | null, result?: unknown): void => {
        release()
        signal.removeEventListener('abort', stop)
        if (error) reject(failureOf(error, credentials.version, privacy))
        else resolve(result)
      }
      try {
        const current = opened() as NetSession & { timeout: number }
        current.timeout = timeoutMs
        ask(current, done)
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)))
      }
    })
  }

  return {
    version: credentials.version,
    async get(oids, timeoutMs, signal) {
      return list(await request((to, done) => to.get([...oids], done), timeoutMs, signal)).map(foundOf)
    },
    async getNext(oids, timeoutMs, signal) {
      return list(await request((to, done) => to.getNext([...oids], done), timeoutMs, signal)).map(foundOf)
    },
    async getBulk(oids, repetitions, timeoutMs, signal) {
      const answer = await request((to, done) => to.getBulk([...oids], 0, repetitions, done), timeoutMs, signal)
      return (Array.isArray(answer) ? answer : []).map((column) => list(column).map(foundOf))
    },
    async set(oid, value, timeoutMs, signal) {
      const type = snmp.ObjectType.Integer ?? 2
      await request((to, done) => to.set([{ oid, type, value }], done), timeoutMs, signal)
    },
    close() {
      session?.close()
      session = null
    },
  }
}

const aborted = (): SnmpFailure => new SnmpFailure('aborted', 'timeout', "the device's time was over")

const list = (answer: unknown): WireVarbind[] => (Array.isArray(answer) ? (answer as WireVarbind[]) : [])

function foundOf(wire: WireVarbind): Found {
  const varbind = varbindOf(wire)
  return varbind ? { varbind } : { varbind: null, oid: String(wire.oid), end: wire.type === snmp.ObjectType.EndOfMibView }
}

function open({ address, port, credentials, socket }: SessionOptions): NetSession {
  const common = { port, retries: 0, dgramModule: socket.moduleFor(address, port) }
  const session =
    credentials.version === '3'
      ? snmp.createV3Session(address, userOf(credentials), { ...common, version: snmp.Version3, context: credentials.context ?? '' })
      : snmp.createSession(address, credentials.community, {
          ...common,
          version: credentials.version === '1' ? snmp.Version1 : snmp.Version2c,
        })
  // Unreadable datagrams are announced here; the request that waits for a readable one times out.
  session.on('error', () => undefined)
  return session
}

const PRIVACY: Readonly<Record<PrivacyProtocol, string>> = { des: 'des', aes: 'aes', aes256: 'aes256b', aes256c: 'aes256r' }

/** The user of version 3 as net-snmp wants it. */
export function userOf(credentials: Extract<Credentials, { version: '3' }>): User {
  const { user, auth, privacy } = credentials
  const { SecurityLevel } = snmp
  if (!auth) return { name: user, level: SecurityLevel.noAuthNoPriv }
  const base = { name: user, authProtocol: snmp.AuthProtocols[auth.protocol], authKey: auth.password }
  if (!privacy) return { ...base, level: SecurityLevel.authNoPriv }
  return { ...base, level: SecurityLevel.authPriv, privProtocol: snmp.PrivProtocols[PRIVACY[privacy.protocol]], privKey: privacy.password }
}
