import { gunzipSync } from 'node:zlib'
import { parseHeader } from '../../core/wire/header.ts'

export interface DataMessage {
  /** The agent's clock when it published, ms; null for plain line protocol. */
  readonly sent: number | null
  /** Lines, the header among them as a comment. */
  readonly text: string
}

/** Ingest has seen to the size of what came in; its remarks on refused lines may have made it larger. */
const MAX_UNPACKED_BYTES = 16 * 1024 * 1024

/** Opens a data record as it was received: gzip or not, with or without the header line. @throws when it is neither. */
export function openPayload(payload: Buffer): DataMessage {
  const bytes = payload[0] === 0x1f && payload[1] === 0x8b ? gunzipSync(payload, { maxOutputLength: MAX_UNPACKED_BYTES }) : payload
  const text = bytes.toString('utf8')
  if (text.charCodeAt(0) !== 35) return { sent: null, text }
  const end = text.indexOf('\n')
  const header = parseHeader((end < 0 ? text : text.slice(0, end)).trimEnd())
  return { sent: header?.sent ?? null, text }
}
