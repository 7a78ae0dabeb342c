import { readFile } from 'node:fs/promises'
import type { Log } from '../../core/log/log.ts'
import { writeDurably } from '../../core/segment/durable-file.ts'
import type { RecordSource } from '../../core/segment/types.ts'
import { type StreamState, Streams } from './streams.ts'

interface Snapshot {
  /** Everything in the journal below this is in `streams`. */
  readonly offset: number
  readonly streams: readonly StreamState[]
}

/** What has come of each stream, from the snapshot and the journal behind it: reading all of a large journal would take minutes. */
export async function restoreStreams(path: string, journal: Pick<RecordSource, 'first' | 'synced' | 'read'>, log: Log): Promise<Streams> {
  const streams = new Streams()
  const snapshot = await readSnapshot(path, log)
  let from = journal.first
  // A snapshot ahead of the journal belongs to another journal.
  if (snapshot && snapshot.offset <= journal.synced) {
    streams.restore(snapshot.streams)
    from = Math.max(from, snapshot.offset)
  }
  while (from < journal.synced) {
    const batch = await journal.read(from)
    for (const { kind, agent, session, seq, receivedAt } of batch.records)
      if (kind === 'data' && session !== '' && agent !== 'collector') streams.seen(agent, session, seq, receivedAt)
    if (batch.next <= from) break
    from = batch.next
  }
  return streams
}

export async function saveStreams(path: string, journal: Pick<RecordSource, 'synced'>, streams: Streams): Promise<void> {
  // `synced` grows and `streams` is told within one run of microtasks: after a turn of the loop they agree.
  await new Promise(setImmediate)
  const snapshot: Snapshot = { offset: journal.synced, streams: streams.states() }
  await writeDurably(path, JSON.stringify(snapshot))
}

async function readSnapshot(path: string, log: Log): Promise<Snapshot | null> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as Snapshot
    if (Number.isSafeInteger(value.offset) && Array.isArray(value.streams)) return value
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    log.warn({ path, err: error }, 'the ingest state can not be read, the whole journal is read instead')
  }
  return null
}
