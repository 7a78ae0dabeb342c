import { timingSafeEqual } from 'node:crypto'
import { authCodeLength, type CipherSuite, deriveKeys, hashOf, hmac, type SessionKeys } from './suite.ts'

/** Open Session and RAKP 1–4 (IPMI 2.0 §13.17–13.23): messages and key arithmetic, pure. */

export interface OpenRequest {
  readonly tag: number
  readonly privilege: number
  /** Our session id: what the BMC puts into packets for us. */
  readonly consoleId: number
  readonly suite: CipherSuite
}

/** One algorithm payload: type 0 authentication, 1 integrity, 2 confidentiality (§13.17, bytes 9…). */
const algorithm = (type: number, value: number): number[] => [type, 0, 0, 8, value, 0, 0, 0]

export function encodeOpenRequest(request: OpenRequest): Buffer {
  const bytes = Buffer.alloc(32)
  bytes[0] = request.tag
  bytes[1] = request.privilege
  bytes.writeUInt32LE(request.consoleId, 4)
  const { suite } = request
  bytes.set([...algorithm(0, suite.authentication), ...algorithm(1, suite.integrity), ...algorithm(2, suite.confidentiality)], 8)
  return bytes
}

interface Head {
  readonly tag: number
  readonly status: number
  readonly consoleId: number
}

/** Common start of the BMC's messages. A refusal may end after its status. */
function decodeHead(bytes: Buffer): Head | null {
  if (bytes.length < 2) return null
  const [tag, status] = [bytes.readUInt8(0), bytes.readUInt8(1)]
  if (bytes.length < 8) return status === 0 ? null : { tag, status, consoleId: 0 }
  return { tag, status, consoleId: bytes.readUInt32LE(4) }
}

export interface OpenResponse extends Head {
  readonly bmcId: number
  readonly authentication: number
  readonly integrity: number
  readonly confidentiality: number
}

export function decodeOpenResponse(bytes: Buffer): OpenResponse | null {
  const head = decodeHead(bytes)
  if (!head) return null
  if (head.status !== 0) return { ...head, bmcId: 0, authentication: 0, integrity: 0, confidentiality: 0 }
  if (bytes.length < 36) return null
  return {
    ...head,
    bmcId: bytes.readUInt32LE(8),
    authentication: bytes.readUInt8(16) & 0x3f,
    integrity: bytes.readUInt8(24) & 0x3f,
    confidentiality: bytes.readUInt8(32) & 0x3f,
  }
}

/** Everything both sides know before the keys: names as in §13.31. */
export interface RakpFacts {
  readonly suite: CipherSuite
  readonly consoleId: number
  readonly bmcId: number
  readonly consoleRandom: Buffer
  readonly bmcRandom: Buffer
  readonly guid: Buffer
  /** Requested maximum privilege, with bit 4 for name-only look-up, exactly as sent in RAKP 1. */
  readonly role: number
  readonly username: Buffer
  /** K_UID: the password, 20 bytes at most. */
  readonly userKey: Buffer
  /** K_G, or K_UID when none is set. */
  readonly bmcKey: Buffer
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32LE(value, 0)
  return bytes
}

const who = (facts: RakpFacts): Buffer => Buffer.concat([Buffer.from([facts.role, facts.username.length]), facts.username])

export function encodeRakp1(tag: number, bmcId: number, consoleRandom: Buffer, role: number, username: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, 0, 0, 0]), u32(bmcId), consoleRandom, Buffer.from([role, 0, 0, username.length]), username])
}

export interface Rakp2 extends Head {
  readonly bmcRandom: Buffer
  readonly guid: Buffer
  readonly code: Buffer
}

export function decodeRakp2(bytes: Buffer): Rakp2 | null {
  const head = decodeHead(bytes)
  if (!head) return null
  if (head.status !== 0) return { ...head, bmcRandom: Buffer.alloc(16), guid: Buffer.alloc(16), code: Buffer.alloc(0) }
  if (bytes.length < 40) return null
  return { ...head, bmcRandom: bytes.subarray(8, 24), guid: bytes.subarray(24, 40), code: bytes.subarray(40) }
}

/** The proof in RAKP 2 that the BMC knows the password: HMAC_KUID(SIDM, SIDC, RM, RC, GUIDC, RoleM, ULengthM, UNameM). */
export function rakp2Code(facts: RakpFacts): Buffer {
  const hash = hashOf(facts.suite)
  if (!hash) return Buffer.alloc(0)
  return hmac(hash, facts.userKey, u32(facts.consoleId), u32(facts.bmcId), facts.consoleRandom, facts.bmcRandom, facts.guid, who(facts))
}

/** Our proof: HMAC_KUID(RC, SIDM, RoleM, ULengthM, UNameM). */
export function rakp3Code(facts: RakpFacts): Buffer {
  const hash = hashOf(facts.suite)
  return hash ? hmac(hash, facts.userKey, facts.bmcRandom, u32(facts.consoleId), who(facts)) : Buffer.alloc(0)
}

export function encodeRakp3(tag: number, status: number, bmcId: number, code: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, status, 0, 0]), u32(bmcId), code])
}

export interface Rakp4 extends Head {
  readonly code: Buffer
}

export function decodeRakp4(bytes: Buffer): Rakp4 | null {
  const head = decodeHead(bytes)
  return head && { ...head, code: bytes.subarray(8) }
}

/** SIK = HMAC_KG(RM, RC, RoleM, ULengthM, UNameM) (§13.31). */
export function sessionIntegrityKey(facts: RakpFacts): Buffer {
  const hash = hashOf(facts.suite)
  return hash ? hmac(hash, facts.bmcKey, facts.consoleRandom, facts.bmcRandom, who(facts)) : Buffer.alloc(0)
}

/** Integrity check value of RAKP 4: HMAC_SIK(RM, SIDC, GUIDC), truncated as the suite says. */
export function rakp4Code(facts: RakpFacts, sik: Buffer): Buffer {
  const hash = hashOf(facts.suite)
  if (!hash) return Buffer.alloc(0)
  return hmac(hash, sik, facts.consoleRandom, u32(facts.bmcId), facts.guid).subarray(0, authCodeLength(facts.suite))
}

export const keysOf = (facts: RakpFacts): SessionKeys => deriveKeys(facts.suite, sessionIntegrityKey(facts))

export const sameCode = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b)

/** Passwords and K_G are 20 bytes at most (§13.31); padding with zeros changes nothing in an HMAC key. */
export const rakpKey = (secret: string): Buffer => Buffer.from(secret, 'utf8').subarray(0, 20)
