import { hash as digest } from 'node:crypto'
import type { Hash } from './suite.ts'

/**
 * The first `length` bytes of the HMAC over `bytes` from `from` to `to`, one character (0–255) for each byte. A string and no Buffer:
 * a Buffer of its own costs more than the hash.
 */
export type Mac = (bytes: Buffer, from: number, to: number) => string

/** Block of SHA-1 and SHA-256. */
const BLOCK = 64

/**
 * HMAC (RFC 2104) for the many short messages of a session, from two one-shot hashes: a quarter of the cost of an Hmac object per packet,
 * and no native objects to collect. `key` must not be longer than a block.
 */
export function createMac(hash: Hash, key: Buffer, length: number): Mac {
  let inner = padded(key, 0x36, 256)
  const outer = padded(key, 0x5c, hash === 'sha1' ? 20 : 32)
  return (bytes, from, to) => {
    const end = BLOCK + to - from
    if (end > inner.length) inner = padded(key, 0x36, 2 * end)
    for (let i = from; i < to; i++) inner[BLOCK + i - from] = bytes[i] ?? 0
    writeCode(digest(hash, inner.subarray(0, end), 'binary'), outer, BLOCK)
    return digest(hash, outer, 'binary').slice(0, length)
  }
}

export function writeCode(code: string, target: Buffer, at: number): void {
  for (let i = 0; i < code.length; i++) target[at + i] = code.charCodeAt(i)
}

/** In a time that does not depend on where they differ. */
export function isCodeAt(code: string, bytes: Buffer, at: number): boolean {
  let different = 0
  for (let i = 0; i < code.length; i++) different |= code.charCodeAt(i) ^ (bytes[at + i] ?? 0x100)
  return different === 0
}

function padded(key: Buffer, pad: number, room: number): Buffer {
  const block = Buffer.alloc(BLOCK + room)
  for (let i = 0; i < BLOCK; i++) block[i] = (key[i] ?? 0) ^ pad
  return block
}
