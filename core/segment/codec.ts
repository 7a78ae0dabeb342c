import { crc32 } from 'node:zlib'
import type { LogRecord, NewRecord, RecordKind } from './types.ts'

/*
 * One record on disk, big endian:
 *   magic u16 | body length u32 | CRC-32 of body u32 | body
 *   body: kind u8 | receivedAt f64 (ms) | seq f64 | agent length u8, agent | session length u8, session | payload
 * The magic only helps to find the next record behind a damaged one; the CRC decides.
 */
export const MAGIC = 0x4a46
export const HEAD_BYTES = 10
const FIXED_BODY_BYTES = 1 + 8 + 8 + 1 + 1

/** Larger bodies can't be records; a length above it is damage. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024

const KIND_CODE: Readonly<Record<RecordKind, number>> = { data: 1, status: 2, command: 3, tick: 4, reload: 5 }
const KIND_OF_CODE: readonly (RecordKind | undefined)[] = [undefined, 'data', 'status', 'command', 'tick', 'reload']

export function encodeRecord(record: NewRecord): Buffer {
  const agent = Buffer.from(record.agent, 'utf8')
  const session = Buffer.from(record.session, 'utf8')
  if (agent.length > 255 || session.length > 255) throw new RangeError('agent or session name is longer than 255 bytes')
  const bodyBytes = FIXED_BODY_BYTES + agent.length + session.length + record.payload.length
  if (bodyBytes > MAX_BODY_BYTES) throw new RangeError(`record of ${bodyBytes} bytes is over the limit of ${MAX_BODY_BYTES}`)
  const out = Buffer.allocUnsafe(HEAD_BYTES + bodyBytes)
  out.writeUInt16BE(MAGIC, 0)
  out.writeUInt32BE(bodyBytes, 2)
  let at = HEAD_BYTES
  at = out.writeUInt8(KIND_CODE[record.kind], at)
  at = out.writeDoubleBE(record.receivedAt, at)
  at = out.writeDoubleBE(record.seq, at)
  at = out.writeUInt8(agent.length, at)
  at += agent.copy(out, at)
  at = out.writeUInt8(session.length, at)
  at += session.copy(out, at)
  record.payload.copy(out, at)
  out.writeUInt32BE(crc32(out.subarray(HEAD_BYTES)), 6)
  return out
}

export type Decoded =
  | { readonly kind: 'record'; readonly record: LogRecord; readonly bytes: number }
  /** The buffer ends before the record does. */
  | { readonly kind: 'short'; readonly needed: number }
  | { readonly kind: 'corrupt' }

/** Decodes the record at `at`; `offset` is the log offset of `buffer[0]`. The payload is a view into `buffer`. */
export function decodeRecord(buffer: Buffer, at: number, offset: number): Decoded {
  if (buffer.length - at < HEAD_BYTES) return { kind: 'short', needed: HEAD_BYTES }
  if (buffer.readUInt16BE(at) !== MAGIC) return { kind: 'corrupt' }
  const bodyBytes = buffer.readUInt32BE(at + 2)
  if (bodyBytes < FIXED_BODY_BYTES || bodyBytes > MAX_BODY_BYTES) return { kind: 'corrupt' }
  const bytes = HEAD_BYTES + bodyBytes
  if (buffer.length - at < bytes) return { kind: 'short', needed: bytes }
  const body = buffer.subarray(at + HEAD_BYTES, at + bytes)
  if (crc32(body) !== buffer.readUInt32BE(at + 6)) return { kind: 'corrupt' }
  const kind = KIND_OF_CODE[body.readUInt8(0)]
  if (kind === undefined) return { kind: 'corrupt' }
  const agentEnd = 18 + body.readUInt8(17)
  if (agentEnd >= body.length) return { kind: 'corrupt' }
  const sessionEnd = agentEnd + 1 + body.readUInt8(agentEnd)
  if (sessionEnd > body.length) return { kind: 'corrupt' }
  const record: LogRecord = {
    kind,
    receivedAt: body.readDoubleBE(1),
    seq: body.readDoubleBE(9),
    agent: body.toString('utf8', 18, agentEnd),
    session: body.toString('utf8', agentEnd + 1, sessionEnd),
    payload: body.subarray(sessionEnd),
    offset: offset + at,
    next: offset + at + bytes,
  }
  return { kind: 'record', record, bytes }
}

/** Index of the next whole, valid record at or behind `from`; -1 when the buffer holds none. */
export function findRecord(buffer: Buffer, from: number): number {
  for (let at = from; at + HEAD_BYTES <= buffer.length; at++) {
    at = buffer.indexOf(0x4a, at)
    if (at < 0) return -1
    if (decodeRecord(buffer, at, 0).kind === 'record') return at
  }
  return -1
}
