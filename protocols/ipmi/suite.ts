import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'

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
  /** K1: packet integrity. */
  readonly k1: Buffer
  /** K2: its first 16 bytes are the AES key. */
  readonly k2: Buffer
}

export const hmac = (hash: Hash, key: Buffer, ...parts: readonly Buffer[]): Buffer => {
  const mac = createHmac(hash, key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

/** K1 and K2 from the session integrity key (§13.32): the constants are 20 bytes long for every algorithm in practice. */
export function deriveKeys(suite: CipherSuite, sik: Buffer): SessionKeys {
  const hash = hashOf(suite)
  if (!hash) return { suite, k1: Buffer.alloc(0), k2: Buffer.alloc(0) }
  return { suite, k1: hmac(hash, sik, Buffer.alloc(20, 1)), k2: hmac(hash, sik, Buffer.alloc(20, 2)).subarray(0, 16) }
}

/** AES-CBC-128 payload (§13.29): IV, then data, pad 01 02 03 …, pad length. */
export function encryptPayload(k2: Buffer, payload: Buffer): Buffer {
  const padding = (16 - ((payload.length + 1) % 16)) % 16
  const plain = Buffer.allocUnsafe(payload.length + padding + 1)
  payload.copy(plain)
  for (let i = 0; i < padding; i++) plain[payload.length + i] = i + 1
  plain[plain.length - 1] = padding
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-128-cbc', k2, iv).setAutoPadding(false)
  return Buffer.concat([iv, cipher.update(plain), cipher.final()])
}

/** Null when the length or the padding cannot come from an honest sender. */
export function decryptPayload(k2: Buffer, payload: Buffer): Buffer | null {
  if (payload.length < 32 || payload.length % 16 !== 0) return null
  const decipher = createDecipheriv('aes-128-cbc', k2, payload.subarray(0, 16)).setAutoPadding(false)
  const plain = Buffer.concat([decipher.update(payload.subarray(16)), decipher.final()])
  const padding = plain.readUInt8(plain.length - 1)
  if (padding > 15) return null
  const end = plain.length - 1 - padding
  for (let i = 0; i < padding; i++) if (plain[end + i] !== i + 1) return null
  return plain.subarray(0, end)
}
