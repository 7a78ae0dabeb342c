import { constants, gunzipSync } from 'node:zlib'
import { type DataHeader, MAX_MESSAGE_BYTES, parseHeader } from '../../core/wire/header.ts'

/** A data message as it came: its header as soon as that can be read, its text when asked for. */
export interface Unpacked {
  /** null: plain line protocol, or damaged so much that not even the header is left. */
  readonly header: DataHeader | null
  /** Everything behind the header line. Throws in words when it can't be unpacked or is too large. */
  body(): string
}

const LONGEST_HEADER_BYTES = 256
/** A gzip member whose only block is stored (RFC 1952 §2.3, RFC 1951 §3.2.4): 10 bytes, 1 block type, 2 length, 2 complement. */
const STORED_AT = 15

/** Reads the header without unpacking the body where the agent made it a member of its own. */
export function unpack(payload: Buffer): Unpacked {
  if (!isGzip(payload)) return split(payload)
  const line = storedHeader(payload)
  const header = line === null ? null : parseHeader(line)
  if (header) return { header, body: () => behindFirstLine(inflate(payload)) }
  try {
    return split(inflate(payload))
  } catch (error) {
    return {
      header: peek(payload),
      body: () => {
        throw error
      },
    }
  }
}

export const isGzip = (payload: Buffer): boolean => payload[0] === 0x1f && payload[1] === 0x8b

/** Packed, a message may be larger than unpacked, but not by much. */
const MAX_PACKED_BYTES = MAX_MESSAGE_BYTES + 64 * 1024
const GZIP_TRAILER_BYTES = 8
/** From the beginning of a member; the shorter ones end before damage that the longer ones hold. */
const PEEKS = [1024, 512, 256, 128] as const

/** The header of a packed message that is damaged, cut or too large behind it: without it the agent would send it for ever. */
function peek(payload: Buffer): DataHeader | null {
  for (const bytes of PEEKS) {
    try {
      const part = payload.subarray(0, Math.min(bytes, payload.length - GZIP_TRAILER_BYTES))
      const { header } = split(gunzipSync(part, { finishFlush: constants.Z_SYNC_FLUSH }))
      if (header) return header
    } catch {
      // a shorter one may do
    }
  }
  return null
}

function inflate(payload: Buffer): Buffer {
  if (payload.length > MAX_PACKED_BYTES) throw new Error(`larger than ${MAX_PACKED_BYTES} bytes packed`)
  try {
    return gunzipSync(payload, { maxOutputLength: MAX_MESSAGE_BYTES })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new Error(`larger than ${MAX_MESSAGE_BYTES} bytes unpacked`)
    throw new Error(`gzip: ${(error as Error).message}`)
  }
}

function split(plain: Buffer): Unpacked {
  const end = plain.indexOf(10)
  const header = parseHeader(plain.toString('latin1', 0, Math.min(end < 0 ? plain.length : end, LONGEST_HEADER_BYTES)))
  return {
    header,
    body() {
      if (plain.length > MAX_MESSAGE_BYTES) throw new Error(`larger than ${MAX_MESSAGE_BYTES} bytes`)
      return header ? behindFirstLine(plain) : plain.toString('utf8')
    },
  }
}

function behindFirstLine(plain: Buffer): string {
  const end = plain.indexOf(10)
  return end < 0 ? '' : plain.toString('utf8', end + 1)
}

/** The one line of a stored first member; null when it is packed otherwise. */
function storedHeader(payload: Buffer): string | null {
  if (payload.length < STORED_AT || payload[3] !== 0 || payload[10] !== 1) return null
  const length = payload.readUInt16LE(11)
  if (length === 0 || length > LONGEST_HEADER_BYTES || payload.length < STORED_AT + length) return null
  const text = payload.toString('latin1', STORED_AT, STORED_AT + length)
  return text.endsWith('\n') ? text.slice(0, -1) : null
}
