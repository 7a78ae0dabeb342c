import type { PointState } from './meaning.ts'

type Known = Exclude<PointState, 'unknown'>

export interface Delays {
  /** How long alarm or fault must last, ms. */
  readonly onMs: number
  /** How long normal must last to end them, ms. */
  readonly offMs: number
  /** How long the held state is shown without an answer, ms. */
  readonly staleMs: number
}

/** Where one point stands. Immutable; times are monotonic ms. */
export interface Debounced {
  /** What was confirmed last; null before the first time. Silence does not change it. */
  readonly held: Known | null
  /** What is read instead, since when, and how often in a row. */
  readonly candidate: Known | null
  readonly since: number
  readonly reads: number
  /** Of the newest answer; null before the first. */
  readonly answeredAt: number | null
}

export const UNREAD: Debounced = { held: null, candidate: null, since: 0, reads: 0, answeredAt: null }

/** Reads that must agree before a change is believed. */
const CONFIRMATIONS = 2

/**
 * The point after one read. A change is believed when it was read twice in a row and has lasted its delay; one read in between that
 * says something else starts anew, one without an answer (`unknown`) neither counts nor resets: silence must not hide smoke.
 */
export function debounce(before: Debounced, read: PointState, at: number, delays: Delays): Debounced {
  if (read === 'unknown') return before
  if (read === before.held) return { held: read, candidate: null, since: 0, reads: 0, answeredAt: at }
  const same = read === before.candidate
  const since = same ? before.since : at
  const reads = same ? before.reads + 1 : 1
  const delay = read === 'normal' ? delays.offMs : delays.onMs
  // Nothing is known yet and nothing is wrong: no reason to wait.
  const atOnce = before.held === null && read === 'normal'
  if (atOnce || (reads >= CONFIRMATIONS && at - since >= delay)) return { held: read, candidate: null, since: 0, reads: 0, answeredAt: at }
  return { held: before.held, candidate: read, since, reads, answeredAt: at }
}

/** What is told of the point; null while its first state is not yet confirmed. */
export function shown(point: Debounced, at: number, delays: Delays): PointState | null {
  if (point.answeredAt === null || at - point.answeredAt > delays.staleMs) return 'unknown'
  return point.held
}
