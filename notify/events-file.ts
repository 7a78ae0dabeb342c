import { type FSWatcher, watch } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Log } from '../core/log/log.ts'
import type { AlarmEvent } from '../core/model/alarm.ts'
import type { Position } from './outbox.ts'

export interface EventsFileOptions {
  readonly path: string
  readonly from: Position
  /** Called in order, one batch at a time; the next is read when it has resolved, the same one again when it rejects. */
  readonly onEvents: (events: readonly AlarmEvent[], position: Position) => Promise<void>
  readonly log: Log
  readonly counters: Counters
  /** A change that the file system doesn't tell is found after this long. */
  readonly pollMs?: number
}

export interface EventsFile {
  /** Resolves when all that the file holds now has been handed over. */
  catchUp(): Promise<void>
  stop(): Promise<void>
}

const CHUNK = 1 << 20
/** A line longer than this is no alarm event. */
const MAX_LINE = 1 << 20

/** Follows alarms.jsonl from a byte position: whole lines only, also while the file is still being written or does not exist yet. */
export function followEvents(options: EventsFileOptions): EventsFile {
  let position = options.from
  let running: Promise<void> | null = null
  let again = false
  let stopped = false
  let complained = ''

  const drain = async (): Promise<void> => {
    do {
      again = false
      while (!stopped && (await readOn())) again = false
    } while (again && !stopped)
  }
  const wake = (): Promise<void> => {
    again = true
    running ??= drain()
      .then(
        () => {
          complained = ''
        },
        (error: unknown) => {
          if (String(error) !== complained)
            options.log.error({ file: options.path, err: String(error) }, 'alarm events can not be taken over')
          complained = String(error)
        },
      )
      .finally(() => {
        running = null
      })
    return running
  }

  /** True when something was taken over. */
  const readOn = async (): Promise<boolean> => {
    const bytes = await readFrom(options.path, position.offset)
    if (bytes === 'shrunk') {
      options.log.warn(
        { file: options.path, offset: position.offset },
        'alarm events file is shorter than before, reading it from the start',
      )
      options.counters.add('jifang_notify_events_restarts_total')
      position = { offset: 0, last: position.last }
      return true
    }
    let end = bytes.lastIndexOf(0x0a) + 1
    if (end === 0 && bytes.length > MAX_LINE) end = bytes.length
    if (end === 0) return false
    const events = parseLines(bytes.subarray(0, end).toString('utf8'), position, options)
    const newest = events.at(-1)
    const next = { offset: position.offset + end, last: newest ? { id: newest.id, at: newest.at } : position.last }
    await options.onEvents(events, next)
    position = next
    return true
  }

  const watcher = watchFor(options.path, () => void wake())
  const timer = setInterval(() => void wake(), options.pollMs ?? 2000)
  return {
    catchUp: wake,
    stop: async () => {
      stopped = true
      watcher?.close()
      clearInterval(timer)
      await running
    },
  }
}

async function readFrom(path: string, offset: number): Promise<Buffer | 'shrunk'> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (!handle) return Buffer.alloc(0)
  try {
    const { size } = await handle.stat()
    if (size < offset) return 'shrunk'
    const bytes = Buffer.alloc(Math.min(CHUNK * 2, size - offset))
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset)
    return bytes.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** Events that were taken over before (the file was rewritten) are left out: their id and their time are not above the last one's. */
function parseLines(text: string, position: Position, options: EventsFileOptions): AlarmEvent[] {
  const events: AlarmEvent[] = []
  let { last } = position
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const event = parseEvent(line)
    if (!event) {
      options.counters.add('jifang_notify_events_corrupt_total')
      options.log.error({ file: options.path, after: position.offset }, 'unreadable alarm event, stepped over')
      continue
    }
    if (last && event.at <= last.at && compareIds(event.id, last.id) <= 0) continue
    events.push(event)
    last = { id: event.id, at: event.at }
  }
  return events
}

function parseEvent(line: string): AlarmEvent | null {
  try {
    const event = JSON.parse(line) as Partial<AlarmEvent>
    const { alarm } = event
    const whole = typeof event.id === 'string' && typeof event.at === 'number' && typeof event.kind === 'string'
    return whole && typeof alarm?.id === 'string' && typeof alarm.state === 'string' ? (event as AlarmEvent) : null
  } catch {
    return null
  }
}

/** `<offset>.<n>` by number. */
function compareIds(a: string, b: string): number {
  const [offsetA = 0, countA = 0] = a.split('.').map(Number)
  const [offsetB = 0, countB = 0] = b.split('.').map(Number)
  return offsetA - offsetB || countA - countB
}

/** The folder is watched, because the file may come later or be replaced; where that is impossible, polling alone must do. */
function watchFor(path: string, onChange: () => void): FSWatcher | null {
  try {
    const name = basename(path)
    const watcher = watch(dirname(path), (_event, changed) => {
      if (changed === null || changed === name) onChange()
    })
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return null
  }
}
