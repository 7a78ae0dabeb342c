import type { Reason } from '../core/model/reason.ts'

/** What is known of a remote check since the start of the program. */
export interface History {
  readonly kind: string
  /** Failures in a row for which nobody answered. */
  losses: number
  /** Turns left out since the last run. */
  skipped: number
  everUp: boolean
  reason: Reason
}

export const newHistory = (kind: string): History => ({ kind, losses: 0, skipped: 0, everUp: false, reason: 'ok' })

/** Reasons that cost a whole deadline and say that nobody is there. Others answer quickly and are asked every time. */
const LOSS: ReadonlySet<Reason> = new Set(['timeout', 'unreachable', 'overrun', 'dns'])

/** Losses before anything is left out: one lost packet changes nothing. */
const PATIENCE = 3
/** A check that alone gets no answer is asked every n-th turn, sooner or later. */
const ALONE = [
  { after: 5, every: 2 },
  { after: 10, every: 4 },
] as const
/** While the device's scout gets no answer either, the others are asked this rarely: only in case the scout is wrong. */
const BEHIND_SCOUT_EVERY = 8

/** The cheaper a kind, the better it stands for its device. */
const CHEAPNESS: readonly string[] = ['ping', 'tcp', 'snmp']

export function remember(history: History, reason: Reason): void {
  history.reason = reason
  history.skipped = 0
  if (LOSS.has(reason)) history.losses++
  else {
    history.losses = 0
    history.everUp ||= reason === 'ok' || reason === 'partial'
  }
}

/** The check that is asked every turn while its device is gone: the cheapest of those that ever had an answer. */
export function scoutOf(device: Iterable<History>): History | null {
  let best: History | null = null
  for (const history of device) {
    if (history.everUp && (best === null || cost(history) < cost(best))) best = history
  }
  return best
}

/** Whether a due check is left out this turn; counts the turn when it is. `device`: all remote checks of one address. */
export function skips(history: History, device: Iterable<History>): boolean {
  if (history.losses < PATIENCE) return false
  const scout = scoutOf(device)
  if (scout === history) return false
  const every = scout && scout.losses >= 1 ? BEHIND_SCOUT_EVERY : everyAlone(history.losses)
  if (history.skipped + 1 >= every) return false
  history.skipped++
  return true
}

function everyAlone(losses: number): number {
  let every = 1
  for (const step of ALONE) if (losses >= step.after) every = step.every
  return every
}

function cost(history: History): number {
  const rank = CHEAPNESS.indexOf(history.kind)
  return rank < 0 ? CHEAPNESS.length : rank
}
