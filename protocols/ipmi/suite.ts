import { createCipheriv, createDecipheriv, createHmac, randomBytes, randomFillSync } from 'node:crypto'
import { createMac, type Mac } from './mac.ts'

/** Cipher suites of RMCP+ (IPMI 2.0 §22.15.2, table 22-20) and the arithmetic they name. */

export type Hash = 'sha1' | 'sha256'

export interface CipherSuite {
  readonly id: number
  /** Numbers as proposed in Open Session Request (§13.27, 13.28). */
  readonly authentication: 0 | 1 | 3
  readonly integrity: 0 | 1 | 4
  readonly confidentiality: 0 | 1
}

export const CIPHER_SUITES: ReadonlyMap<number, CipherSuite> = new Map(
  (
    [
      { id: 0, authentication: 0, integrity: 0, confidentiality: 0 },
      { id: 1, authentication: 1, integrity: 0, confidentiality: 0 },
      { id: 2, authentication: 1, integrity: 1, confidentiality: 0 },
      { id: 3, authentication: 1, integrity: 1, confidentiality: 1 },
      { id: 15, authentication: 3, integrity: 0, confidentiality: 0 },
      { id: 16, authentication: 3, integrity: 4, confidentiality: 0 },
      { id: 17, authentication: 3, integrity: 4, confidentiality: 1 },
    ] satisfies CipherSuite[]
  ).map((suite) => [suite.id, suite]),
)

/** Suites that leave the password, the data or both unprotected: only by explicit configuration. */
export const isWeak = (suite: CipherSuite): boolean => suite.integrity === 0 || suite.confidentiality === 0

export function hashOf(suite: CipherSuite): Hash | null {
  if (suite.authentication === 1) return 'sha1'
  return suite.authentication === 3 ? 'sha256' : null
}

/** Bytes of the packet trailer's AuthCode, also of the integrity check value in RAKP 4. */
export const authCodeLength = (suite: CipherSuite): number => (suite.authentication === 1 ? 12 : suite.authentication === 3 ? 16 : 0)

export interface SessionKeys {
  readonly suite: CipherSuite
  /** The AuthCode of packets, with K1; null when the suite does not sign. */
  readonly mac: Mac | null
  /** AES-CBC-128 with K2; null when the suite does not encrypt. */
  readonly payloads: PayloadCipher | null
}

export const hmac = (hash: Hash, key: Buffer, ...parts: readonly Buffer[]): Buffer => {
  const mac = createHmac(hash, key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

/** K1 and K2 from the session integrity key (§13.32): the constants are 20 bytes long for every algorithm in practice. */
export function deriveKeys(suite: CipherSuite, sik: Buffer): SessionKeys {
  const hash = hashOf(suite)
  if (!hash) return { suite, mac: null, payloads: null }
  const k1 = hmac(hash, sik, Buffer.alloc(20, 1))
  const mac = suite.integrity === 0 ? null : createMac(hash, k1, authCodeLength(suite))
  const k2 = hmac(hash, sik, Buffer.alloc(20, 2)).subarray(0, 16)
  return { suite, mac, payloads: suite.confidentiality === 1 ? createPayloadCipher(k2) : null }
}

/** Encrypted payloads (§13.29): IV, then data, pad 01 02 03 …, pad length, in AES-CBC-128. */
export interface PayloadCipher {
  encrypt(payload: Buffer): Buffer
  /** Null when the length or the padding cannot come from an honest sender. */
  decrypt(payload: Buffer): Buffer | null
}

const BLOCK = 16

/**
 * One cipher object for all packets of a session, which costs a fifth of one per packet. CBC makes that possible: a random first block
 * comes out as a fresh, unpredictable IV, and what a decipher makes of the first block (the IV) is thrown away.
 */
export function createPayloadCipher(k2: Buffer): PayloadCipher {
  const cipher = createCipheriv('aes-128-cbc', k2, randomBytes(BLOCK)).setAutoPadding(false)
  const decipher = createDecipheriv('aes-128-cbc', k2, Buffer.alloc(BLOCK)).setAutoPadding(false)
  const random = Buffer.alloc(64 * BLOCK)
  let used = random.length

  return {
    encrypt(payload) {
      if (used === random.length) {
        randomFillSync(random)
        used = 0
      }
      const padding = (BLOCK - ((payload.length + 1) % BLOCK)) % BLOCK
      const plain = Buffer.allocUnsafe(BLOCK + payload.length + padding + 1)
      for (let i = 0; i < BLOCK; i++) plain[i] = random[used++] ?? 0
      plain.set(payload, BLOCK)
      for (let i = 0; i < padding; i++) plain[BLOCK + payload.length + i] = i + 1
      plain[plain.length - 1] = padding
      return cipher.update(plain)
    },
    decrypt(payload) {
      if (payload.length < 2 * BLOCK || payload.length % BLOCK !== 0) return null
      const plain = decipher.update(payload)
      const padding = plain.readUInt8(plain.length - 1)
      if (padding >= BLOCK) return null
      const end = plain.length - 1 - padding
      for (let i = 0; i < padding; i++) if (plain[end + i] !== i + 1) return null
      return plain.subarray(BLOCK, end)
    },
  }
}
