import { EventEmitter } from 'node:events'
import snmp, { type Received } from 'net-snmp'
import { BerError, elements, readInteger, TAG } from './ber.ts'
import { type Credentials, userOf } from './session.ts'
import { notification, type TrapMessage } from './trap-message.ts'
import { varbindOf } from './wire-varbind.ts'

/** Why a datagram is no notification; words that hold nothing of what was sent. */
export type TrapRefusal = 'malformed' | 'community' | 'user' | 'authentication' | 'engines' | 'version'

export type V3User = Extract<Credentials, { version: '3' }>

/** A reply to what was just taken in. */
export type Reply = (datagram: Uint8Array) => void

export interface V3Receiver {
  /** A notification, `reported` (the sender asked for our engine and got it), or why not. Never throws. */
  take(datagram: Buffer, reply: Reply): TrapMessage | TrapRefusal | 'reported'
  close(): void
}

/** Machine rooms have fewer. */
const MAX_ENGINES = 4096
/** An engine that was never heard of costs a key derivation over a megabyte, some ms: so many at once, and so many per second. */
const NEW_ENGINES = 64
const NEW_ENGINES_PER_SECOND = 4
const MAX_VARBINDS = 64
const AUTHENTICATED = 1

/**
 * SNMPv3 by net-snmp, fed by hand: the socket is ours, so that a source can be refused before anything is parsed.
 * `engineId`: 5 to 32 octets as hex, the receiver's own, which senders of informs ask for. `now`: monotonic ms.
 */
export function createV3Receiver(users: readonly V3User[], engineId: string, now: () => number): V3Receiver {
  const socket = new HandSocket()
  let outcome: TrapMessage | TrapRefusal | 'reported' = 'malformed'
  const receiver = snmp.createReceiver(
    { dgramModule: { createSocket: () => socket }, engineID: engineId, includeAuthentication: true },
    // The text of a digest error holds the digest that would have been right.
    (error, received) => {
      outcome = error ? (/malformed|process incoming/i.test(error.message) ? 'malformed' : 'authentication') : read(received, known)
    },
  )
  const known = new Set(users.map(({ user }) => user))
  for (const user of users) receiver.getAuthorizer().addUser(userOf(user))
  const genuine = new Set<string>([engineId.toLowerCase()])
  const allowance = { tokens: NEW_ENGINES, at: now() }
  const mayDerive = (): boolean => {
    const at = now()
    allowance.tokens = Math.min(NEW_ENGINES, allowance.tokens + ((at - allowance.at) / 1000) * NEW_ENGINES_PER_SECOND)
    allowance.at = at
    if (allowance.tokens < 1) return false
    allowance.tokens--
    return true
  }

  return {
    take(datagram, reply) {
      const header = readHeader(datagram)
      if (header === null) return 'malformed'
      // Discovery (RFC 3414 clause 4) has no user; a notification without one was written by nobody we know.
      if (header.user !== '' && !known.has(header.user)) return 'user'
      const fresh = (header.flags & AUTHENTICATED) !== 0 && !genuine.has(header.engine)
      if (fresh && (genuine.size > MAX_ENGINES || !mayDerive())) return 'engines'
      outcome = 'reported'
      socket.reply = reply
      try {
        socket.emit('message', datagram, { address: '0.0.0.0', port: 0 })
      } catch {
        outcome = 'malformed'
      }
      if (fresh && typeof outcome !== 'string') genuine.add(header.engine)
      else if (fresh) forgetKeys(users, header)
      return outcome
    },
    close: () => receiver.close(),
  }
}

/** net-snmp keeps every derived key for ever; those for engines that somebody invented are not worth it. */
function forgetKeys(users: readonly V3User[], { user, engine }: Header): void {
  const { authToKeyCache, computeCacheKey } = snmp.Authentication
  for (const { user: name, auth, privacy } of users) {
    const protocol = auth ? snmp.AuthProtocols[auth.protocol] : undefined
    if (name !== user || protocol === undefined) continue
    for (const password of [auth?.password, privacy?.password])
      if (password !== undefined) delete authToKeyCache[computeCacheKey(protocol, password, Buffer.from(engine, 'hex'))]
  }
}

/** Stands for the UDP socket in net-snmp. */
class HandSocket extends EventEmitter {
  reply: Reply = () => {}
  bind(): void {}
  close(): void {}
  address(): object {
    return {}
  }
  send(buffer: Buffer, offset: number, length: number): void {
    this.reply(buffer.subarray(offset, offset + length))
  }
}

function read(received: Received | undefined, known: ReadonlySet<string>): TrapMessage | TrapRefusal {
  const { pdu } = received ?? {}
  if (!pdu?.varbinds || pdu.user === undefined || !known.has(pdu.user)) return 'user'
  try {
    const varbinds = pdu.varbinds.slice(0, MAX_VARBINDS).flatMap((wire) => varbindOf(wire) ?? [])
    const cut = Math.max(0, pdu.varbinds.length - MAX_VARBINDS)
    return notification('3', pdu.user, { varbinds, cut }, pdu.type === snmp.PduType.InformRequest)
  } catch {
    return 'malformed'
  }
}

interface Header {
  readonly flags: number
  readonly engine: string
  readonly user: string
}

/** The plain part of a version 3 message (RFC 3412 clause 6, RFC 3414 clause 2.4); null when it is not whole. */
function readHeader(datagram: Uint8Array): Header | null {
  try {
    const [message] = elements(datagram)
    if (message?.tag !== TAG.sequence) return null
    const [version, global, security] = elements(message.content)
    if (version?.tag !== TAG.integer || readInteger(version.content) !== 3) return null
    if (global?.tag !== TAG.sequence || security?.tag !== TAG.octets) return null
    const flags = [...elements(global.content)][2]?.content[0]
    const [parameters] = elements(security.content)
    if (flags === undefined || parameters?.tag !== TAG.sequence) return null
    const [engine, , , user] = elements(parameters.content)
    if (engine?.tag !== TAG.octets || user?.tag !== TAG.octets || engine.content.length > 32) return null
    return { flags, engine: Buffer.from(engine.content).toString('hex'), user: Buffer.from(user.content).toString('utf8') }
  } catch (error) {
    if (error instanceof BerError) return null
    throw error
  }
}
