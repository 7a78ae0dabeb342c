import { gzipSync } from 'node:zlib'

/** What one message carries, as it waits in the spool: everything but the header, which is put at publish time. */
export interface SpoolPayload {
  /** Version of the configuration the samples were taken under. */
  readonly config: number
  readonly samples: number
  /** Line protocol, each line ended; plain, or one gzip member. */
  readonly body: Buffer
}

const GZIP_ABOVE_BYTES = 1024
/** Cheaper levels grow spool, wire and journal by a tenth and save little. */
const GZIP_LEVEL = 4

/** Samples' lines to a body; gzip when it pays. */
export function packBody(lines: string): Buffer {
  const plain = Buffer.from(lines, 'utf8')
  return plain.length > GZIP_ABOVE_BYTES ? gzipSync(plain, { level: GZIP_LEVEL }) : plain
}

/** `<config> <samples>\n<body>` */
export function encodeSpoolPayload(payload: SpoolPayload): Buffer {
  return Buffer.concat([Buffer.from(`${payload.config} ${payload.samples}\n`, 'latin1'), payload.body])
}

/** null when the bytes are not what encodeSpoolPayload writes. */
export function decodeSpoolPayload(bytes: Buffer): SpoolPayload | null {
  const end = bytes.indexOf(10)
  if (end < 0 || end > 40) return null
  const match = /^(\d{1,15}) (\d{1,9})$/.exec(bytes.toString('latin1', 0, end))
  if (!match) return null
  return { config: Number(match[1]), samples: Number(match[2]), body: bytes.subarray(end + 1) }
}
