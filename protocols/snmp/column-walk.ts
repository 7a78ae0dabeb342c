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

/**
 * Walks columns in lockstep with GETBULK (GETNEXT where bulk is off), as many varbinds per answer as this device has shown to bear.
 * Several short tables share a request. A table that gets no answer is read alone from then on, and last, so that it takes nothing with it.
 */
export async function walkColumns(run: Run, roots: readonly string[]): Promise<Answer> {
  const varbinds: Varbind[] = []
  const failed: SourceFailure[] = []
  const { suspects } = run.tuning
  const calm = roots.filter((root) => !suspects.has(tableOf(root)))
  for (let i = 0; i < calm.length; i += ABREAST) await walkAbreast(run, cursorsOf(run, calm.slice(i, i + ABREAST)), varbinds, failed)
  const doubtful = roots.filter((root) => !calm.includes(root))
  for (const table of tablesOf(doubtful)) {
    const before = failed.length
    await walkAbreast(run, cursorsOf(run, table), varbinds, failed)
    if (failed.length === before && table[0] !== undefined) suspects.delete(tableOf(table[0]))
  }
  return { varbinds, failed }
}

/** Columns stand under their table's entry. */
const tableOf = (root: string): string => root.slice(0, root.lastIndexOf('.'))

function tablesOf(roots: readonly string[]): string[][] {
  const tables = new Map<string, string[]>()
  for (const root of roots) tables.set(tableOf(root), [...(tables.get(tableOf(root)) ?? []), root])
  return [...tables.values()]
}

function cursorsOf(run: Run, roots: readonly string[]): Cursor[] {
  return roots.map((root) => ({ root, at: root, done: false, seen: run.nonincreasing ? new Set() : null }))
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
      await afterFailure(run, open, asFailure(error), varbinds, failed)
    }
  }
}

async function afterFailure(run: Run, open: Cursor[], failure: SnmpFailure, varbinds: Varbind[], failed: SourceFailure[]): Promise<void> {
  const tables = tablesOf(open.map((cursor) => cursor.root))
  // Version 1 says noSuchName for "nothing behind this": one column's end must not end the others.
  if (failure.kind === 'bad_oid' && failure.reason === 'no_such') endColumn(open, failure)
  else if (failure.kind === 'bad_oid' && open.length > 1) await oneByOne(run, open, varbinds, failed)
  else if (failure.kind === 'timeout' && tables.length > 1 && !run.fatal) {
    for (const table of tables) {
      const own = open.filter((cursor) => table.includes(cursor.root))
      await walkAbreast(run, own, varbinds, failed)
    }
  } else {
    if (failure.kind === 'timeout') for (const cursor of open) run.tuning.suspects.add(tableOf(cursor.root))
    fail(open, failure, failed)
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
  const { tuning } = run
  if (!tuning.bulk) return stepNext(run, open)
  const { repetitions, proven } = tuning
  try {
    return await stepBulk(run, open)
  } catch (error) {
    // Nothing came back at any size: size was not the reason.
    if (asFailure(error).kind === 'timeout') Object.assign(tuning, { repetitions, proven })
    throw error
  }
}

async function stepBulk(run: Run, open: readonly Cursor[]): Promise<Found[][]> {
  const { session, tuning, timeoutMs, signal } = run
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
      // Several tables: whoever does not answer is found out first.
      if (failure.kind === 'timeout' && tablesOf(open.map((cursor) => cursor.root)).length > 1) throw failure
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
