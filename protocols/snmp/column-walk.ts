import { compareOid, isUnder } from '../../core/profile/oid.ts'
import type { Answer, SourceFailure, Varbind } from '../../core/profile/varbind.ts'
import { SnmpFailure } from './failure.ts'
import { asFailure, attempt, failedOid, type Run } from './run.ts'
import type { Found } from './session.ts'
import { grew, missedBulk, tooBig, unanswered } from './tuning.ts'

/** Columns asked for side by side in one request. */
const ABREAST = 8
/** One walk reads no more than this: an agent that never ends must not fill the memory. */
const MAX_VARBINDS = 200_000

interface Cursor {
  readonly root: string
  at: string
  done: boolean
  readonly seen: Set<string> | null
}

/** Walks several columns in lockstep with GETBULK (GETNEXT where bulk is off), as many varbinds per answer as this device has shown to bear. */
export async function walkColumns(run: Run, roots: readonly string[]): Promise<Answer> {
  const varbinds: Varbind[] = []
  const failed: SourceFailure[] = []
  for (let i = 0; i < roots.length; i += ABREAST) {
    const cursors = roots
      .slice(i, i + ABREAST)
      .map((root): Cursor => ({ root, at: root, done: false, seen: run.nonincreasing ? new Set() : null }))
    await walkAbreast(run, cursors, varbinds, failed)
  }
  return { varbinds, failed }
}

async function walkAbreast(run: Run, cursors: readonly Cursor[], varbinds: Varbind[], failed: SourceFailure[]): Promise<void> {
  for (;;) {
    const open = cursors.filter((cursor) => !cursor.done)
    if (open.length === 0) return
    if (varbinds.length > MAX_VARBINDS) {
      fail(open, new SnmpFailure('other', 'protocol', `more than ${MAX_VARBINDS} objects: the device does not come to an end`), failed)
      return
    }
    try {
      const columns = await step(run, open)
      for (const [i, cursor] of open.entries()) advance(cursor, columns[i] ?? [], varbinds, failed)
    } catch (error) {
      const failure = asFailure(error)
      // Version 1 says noSuchName for "nothing behind this": one column's end must not end the others.
      if (failure.kind === 'bad_oid' && failure.reason === 'no_such') endColumn(open, failure)
      else if (failure.kind === 'bad_oid' && open.length > 1) await oneByOne(run, open, varbinds, failed)
      else fail(open, failure, failed)
    }
  }
}

function endColumn(open: readonly Cursor[], failure: SnmpFailure): void {
  const culprit = open.find((cursor) => cursor.at === failure.oid)
  for (const cursor of culprit ? [culprit] : open) cursor.done = true
}

/** A general error in one column (a broken table row) leaves the others to be read alone. */
async function oneByOne(run: Run, open: readonly Cursor[], varbinds: Varbind[], failed: SourceFailure[]): Promise<void> {
  for (const cursor of open) await walkAbreast(run, [cursor], varbinds, failed)
}

function fail(open: readonly Cursor[], failure: SnmpFailure, failed: SourceFailure[]): void {
  for (const cursor of open) {
    cursor.done = true
    failed.push(failedOid(cursor.root, failure))
  }
}

async function step(run: Run, open: readonly Cursor[]): Promise<Found[][]> {
  const { session, tuning, timeoutMs, signal } = run
  if (!tuning.bulk) return stepNext(run, open)
  const at = open.map((cursor) => cursor.at)
  for (let tries = 0; ; tries++) {
    const repetitions = Math.max(1, Math.floor(tuning.repetitions / open.length))
    try {
      const columns = await attempt(run, () => session.getBulk(at, repetitions, timeoutMs, signal), 0)
      grew(tuning)
      return columns
    } catch (error) {
      const failure = asFailure(error)
      if (run.fatal || (failure.kind !== 'timeout' && failure.kind !== 'too_big')) throw failure
      if (failure.kind === 'timeout') unanswered(tuning, tries)
      if (failure.kind === 'too_big' ? tooBig(tuning) : tries < run.retries) continue
      return await stepWithoutBulk(run, open)
    }
  }
}

async function stepNext(run: Run, open: readonly Cursor[]): Promise<Found[][]> {
  const { session, timeoutMs, signal } = run
  const at = open.map((cursor) => cursor.at)
  const next = await attempt(run, () => session.getNext(at, timeoutMs, signal))
  return next.map((found) => [found])
}

/** Some cards break on GETBULK alone: where GETNEXT is answered three times instead, bulk stays off. */
async function stepWithoutBulk(run: Run, open: readonly Cursor[]): Promise<Found[][]> {
  const columns = await stepNext(run, open)
  missedBulk(run.tuning)
  return columns
}

function advance(cursor: Cursor, column: readonly Found[], varbinds: Varbind[], failed: SourceFailure[]): void {
  if (column.length === 0) cursor.done = true
  for (const { varbind } of column) {
    if (cursor.done) return
    if (!varbind || !isUnder(varbind.oid, cursor.root) || varbind.oid === cursor.root) {
      cursor.done = true
      return
    }
    const forward = compareOid(varbind.oid, cursor.at) > 0
    if (cursor.seen ? cursor.seen.has(varbind.oid) : !forward) {
      cursor.done = true
      failed.push({ oid: cursor.root, reason: 'protocol', detail: `OIDs do not increase at ${varbind.oid}` })
      return
    }
    cursor.seen?.add(varbind.oid)
    cursor.at = varbind.oid
    varbinds.push(varbind)
  }
}
