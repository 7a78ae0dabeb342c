import type { LogRecord } from '../../core/segment/types.ts'
import { linesOf, packLines, packRecords } from './body.ts'
import type { Outcome } from './post.ts'

/** A line and the record it came in. */
export interface SourceLine {
  readonly line: string
  readonly record: LogRecord
}

export interface DeliverDeps {
  /** Posts until the database has decided; `null` when stopped before. */
  readonly post: (body: Buffer) => Promise<Exclude<Outcome, { kind: 'wait' }> | null>
  /** Lines that will never be taken, with the database's reason. */
  readonly onDead: (lines: readonly SourceLine[], reason: string) => Promise<void>
  /** Lines older than the database keeps: final, and nobody's fault. */
  readonly onBeyondRetention: (count: number) => void
}

const RETENTION = /beyond retention policy|outside retention|older than.*retention/i

/**
 * Brings records into the database, all of them but those lines that it refuses for good; these are found by halving.
 * Lines that were taken along the way are sent again, which changes nothing: same series, same time.
 * False when stopped before the end.
 */
export async function deliver(records: readonly LogRecord[], deps: DeliverDeps): Promise<boolean> {
  if (records.length === 0) return true
  const outcome = await deps.post(packRecords(records))
  if (outcome === null) return false
  if (outcome.kind === 'accepted') return true
  const [only] = records
  if (records.length === 1 && only) return deliverRecord(only, deps)
  const [left, right] = halves(records)
  return (await deliver(left, deps)) && (await deliver(right, deps))
}

async function deliverRecord(record: LogRecord, deps: DeliverDeps): Promise<boolean> {
  const lines = linesOf(record.payload)
  if (lines === null) {
    await deps.onDead([{ line: '', record }], 'the payload does not unpack')
    return true
  }
  return deliverLines(
    oldestFirst(lines).map((line) => ({ line, record })),
    deps,
  )
}

async function deliverLines(lines: readonly SourceLine[], deps: DeliverDeps): Promise<boolean> {
  if (lines.length === 0) return true
  const outcome = await deps.post(packLines(lines.map(({ line }) => line)))
  if (outcome === null) return false
  if (outcome.kind === 'accepted') return true
  const reason = outcome.kind === 'too_large' ? 'a single line is too large for the database' : outcome.message
  if (lines.length === 1 || (outcome.kind === 'rejected' && allDropped(outcome.message, lines.length))) {
    if (RETENTION.test(reason)) deps.onBeyondRetention(lines.length)
    else await deps.onDead(lines, reason)
    return true
  }
  const [left, right] = halves(lines)
  return (await deliverLines(left, deps)) && (await deliverLines(right, deps))
}

/** `partial write: … dropped=N` about N lines: none was stored. With fewer, the rest was, but a line that can't be parsed may hide behind it. */
function allDropped(message: string, count: number): boolean {
  return Number(/dropped=(\d+)/.exec(message)?.[1] ?? -1) === count
}

function halves<T>(items: readonly T[]): [readonly T[], readonly T[]] {
  const middle = Math.ceil(items.length / 2)
  return [items.slice(0, middle), items.slice(middle)]
}

/** Lines beyond retention stand together then, so that few posts find them. */
function oldestFirst(lines: readonly string[]): string[] {
  const stamp = (line: string) => /(\d{1,19})\s*$/.exec(line)?.[1]?.padStart(19, '0') ?? ''
  return lines
    .map((line) => ({ line, stamp: stamp(line) }))
    .sort((a, b) => (a.stamp < b.stamp ? -1 : a.stamp > b.stamp ? 1 : 0))
    .map(({ line }) => line)
}
