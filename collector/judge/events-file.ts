import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { AlarmEvent } from '../../core/model/alarm.ts'
import { writeDurably } from '../../core/segment/durable-file.ts'

/** Position of an event: journal offset and number within that record. */
export interface EventId {
  readonly offset: number
  readonly n: number
}

export function parseEventId(id: string): EventId | null {
  const match = /^(\d{1,15})\.(\d{1,9})$/.exec(id)
  return match ? { offset: Number(match[1]), n: Number(match[2]) } : null
}

export const compareIds = (a: EventId, b: EventId): number => a.offset - b.offset || a.n - b.n

/** alarms.jsonl: every alarm event, one JSON object a line, in order, on disk before anyone is told. */
export interface EventsFile {
  /** Id of the last event in the file; null when there is none. */
  readonly last: EventId | null
  /** Durable when it resolves. After a failure nothing of it is in the file. */
  append(events: readonly AlarmEvent[]): Promise<void>
  /** Events behind `after` (all for null), oldest first, at most `limit`. */
  since(after: EventId | null, limit: number): Promise<AlarmEvent[]>
  /** The newest events in about the last `bytes` of the file, oldest first. */
  tail(bytes: number): Promise<AlarmEvent[]>
  /** Drops the oldest events when the file has grown over its bound; whoever follows it by position starts anew. Not beside `append`. */
  trim(): Promise<boolean>
  close(): Promise<void>
}

/** `keep` must hold what a start reads for its history, and what a consumer may be behind. */
export interface EventsBound {
  readonly max: number
  readonly keep: number
}

const TAIL = 1 << 20
/** About 80,000 and 40,000 events: years of a quiet room. */
const BOUND: EventsBound = { max: 96 << 20, keep: 48 << 20 }

/** Opens or creates the file; a line that a crash left unfinished is cut. */
export async function openEventsFile(path: string, bound: EventsBound = BOUND): Promise<EventsFile> {
  await mkdir(dirname(path), { recursive: true })
  const opened = (): Promise<FileHandle> => open(path, 'a+', 0o640)
  let handle = await opened()
  let size = await cutUnfinished(handle, (await handle.stat()).size)
  let last = await lastId(handle, size)
  return {
    get last() {
      return last
    },
    async append(events) {
      if (events.length === 0) return
      const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
      try {
        await handle.appendFile(bytes)
        await handle.datasync()
      } catch (error) {
        await handle.truncate(size)
        throw error
      }
      size += bytes.length
      last = parseEventId(events[events.length - 1]?.id ?? '') ?? last
    },
    async since(after, limit) {
      const newest = after === null ? [] : await readTail(handle, size, TAIL)
      if (after && newest[0] && compareIds(newest[0].at, after) <= 0) {
        return newest
          .filter(({ at }) => compareIds(at, after) > 0)
          .map(({ event }) => event)
          .slice(0, limit)
      }
      const events: AlarmEvent[] = []
      const input = createReadStream(path)
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        const event = parseEvent(line)
        if (!event || (after && compareIds(event.at, after) <= 0)) continue
        events.push(event.event)
        if (events.length >= limit) break
      }
      input.destroy()
      return events
    },
    async trim() {
      if (size <= bound.max) return false
      const kept = await readEnd(handle, size, bound.keep)
      await writeDurably(path, kept)
      const old = handle
      handle = await opened()
      size = kept.length
      await old.close()
      return true
    },
    tail: async (bytes) => (await readTail(handle, size, bytes)).map((event) => event.event),
    close: () => handle.close(),
  }
}

async function cutUnfinished(handle: FileHandle, size: number): Promise<number> {
  let end = size
  while (end > 0) {
    const from = Math.max(0, end - TAIL)
    const chunk = Buffer.alloc(end - from)
    await handle.read(chunk, 0, chunk.length, from)
    const newline = chunk.lastIndexOf(10)
    if (newline >= 0) {
      end = from + newline + 1
      break
    }
    end = from
  }
  if (end < size) await handle.truncate(end)
  return end
}

async function lastId(handle: FileHandle, size: number): Promise<EventId | null> {
  const events = await readTail(handle, size, TAIL)
  return events[events.length - 1]?.at ?? null
}

async function readTail(handle: FileHandle, size: number, bytes: number): Promise<{ at: EventId; event: AlarmEvent }[]> {
  return (await readEnd(handle, size, bytes))
    .toString('utf8')
    .split('\n')
    .flatMap((line) => parseEvent(line) ?? [])
}

/** Whole lines only. */
async function readEnd(handle: FileHandle, size: number, bytes: number): Promise<Buffer> {
  const from = Math.max(0, size - bytes)
  const chunk = Buffer.alloc(size - from)
  await handle.read(chunk, 0, chunk.length, from)
  return chunk.subarray(from === 0 ? 0 : chunk.indexOf(10) + 1)
}

/** null for a line that is no event: a damaged one is passed over. */
function parseEvent(line: string): { at: EventId; event: AlarmEvent } | null {
  if (line === '') return null
  try {
    const event = JSON.parse(line) as AlarmEvent
    const at = parseEventId(event.id)
    return at ? { at, event } : null
  } catch {
    return null
  }
}
