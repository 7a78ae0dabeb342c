/** First line of every data message: `# jifang/1 session=<id> seq=<n> base=<m> sent=<ns> config=<v>` (DESIGN §5). */
export interface DataHeader {
  readonly session: string
  readonly seq: number
  /** Lowest seq the agent still holds; everything below is acknowledged or was dropped and counted. */
  readonly base: number
  /** The agent's clock when it published, ms. */
  readonly sent: number
  /** The configuration version the samples were taken under; 0 before the first. */
  readonly config: number
}

const PATTERN = /^# jifang\/1 session=([A-Za-z0-9][A-Za-z0-9._-]{0,62}) seq=(\d{1,15}) base=(\d{1,15}) sent=(\d{1,19}) config=(\d{1,15})$/

export function encodeHeader(header: DataHeader): string {
  return `# jifang/1 session=${header.session} seq=${header.seq} base=${header.base} sent=${BigInt(Math.round(header.sent)) * 1_000_000n} config=${header.config}`
}

/** The header of a message's first line; null when the line is not one (then it is plain line protocol). */
export function parseHeader(line: string): DataHeader | null {
  const match = PATTERN.exec(line)
  if (!match) return null
  const [, session, seq, base, sent, config] = match as unknown as [string, string, string, string, string, string]
  return { session, seq: Number(seq), base: Number(base), sent: Number(BigInt(sent) / 1_000_000n), config: Number(config) }
}

/** Largest message body after unpacking. */
export const MAX_MESSAGE_BYTES = 256 * 1024
