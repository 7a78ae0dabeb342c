import { constants, gunzipSync, gzipSync } from 'node:zlib'
import type { LogRecord } from '../../core/segment/types.ts'

const MAX_UNPACKED_BYTES = 64 * 1024 * 1024
const LEVEL = { level: constants.Z_BEST_SPEED }

/** A member of its own that ends the last line of the one before: payloads need not end in a line feed. */
const LINE_FEED = gzipSync('\n')

/** One gzip body of several payloads as received: packed ones go in unchanged, as members (RFC 1952 §2.2). */
export function packRecords(records: readonly LogRecord[]): Buffer {
  const members: Buffer[] = []
  let plain: Buffer[] = []
  const flush = () => {
    if (plain.length > 0) members.push(gzipSync(Buffer.concat(plain), LEVEL))
    plain = []
  }
  for (const { payload } of records) {
    if (isGzip(payload)) {
      flush()
      members.push(payload, LINE_FEED)
    } else plain.push(payload, NEWLINE)
  }
  flush()
  return Buffer.concat(members)
}

export const packLines = (lines: readonly string[]): Buffer => gzipSync(`${lines.join('\n')}\n`, LEVEL)

/** The lines of a payload without comments and empty ones; null when it does not unpack. */
export function linesOf(payload: Buffer): string[] | null {
  let text: string
  try {
    text = (isGzip(payload) ? gunzipSync(payload, { maxOutputLength: MAX_UNPACKED_BYTES }) : payload).toString('utf8')
  } catch {
    return null
  }
  return text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'))
}

const NEWLINE = Buffer.from('\n')
const isGzip = (payload: Buffer): boolean => payload[0] === 0x1f && payload[1] === 0x8b
