import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Log } from '../core/log/log.ts'
import type { Entry } from './ledger-entry.ts'

/** How far alarms.jsonl has been taken over. */
export interface Position {
  readonly offset: number
  /** Id and time of the last event; tells a rewritten file from a new one. */
  readonly last: { readonly id: string; readonly at: number } | null
}

/** One line of the file: entries as they now are, and the position when it moved with them. `all` begins a compacted file. */
interface Line {
  readonly put: readonly Entry[]
  readonly position?: Position
  readonly all?: true
}

/**
 * The ledger on disk: lines of changed entries, each fdatasynced before anybody acts on it. A line that was torn by a crash is cut off.
 * kill -9 between the acceptance of a message and its record leaves an entry with `trying` set: that one message may be sent twice, none is lost.
 */
export interface Outbox {
  readonly position: Position
  /** Resolves when it is on disk. When the disk refuses, it rejects; everything is written anew with the next save that works. */
  save(entries: readonly Entry[], position?: Position): Promise<void>
  close(): Promise<void>
}

export interface OutboxOptions {
  readonly dir: string
  /** The current entries, for compaction. */
  readonly all: () => Iterable<Entry>
  readonly log: Log
  readonly counters: Counters
  /** The file is rewritten when it is larger than this and four times its last compacted size. */
  readonly compactBytes?: number
}

const FILE = 'outbox.jsonl'
const PIECE = 500
const START: Position = { offset: 0, last: null }

/** Opens or creates the outbox; `entries` are what it held, attempts whose fate is unknown included. */
export async function openOutbox(options: OutboxOptions): Promise<{ outbox: Outbox; entries: Entry[] }> {
  await mkdir(options.dir, { recursive: true })
  const path = join(options.dir, FILE)
  const { entries, position, size, bad } = await load(path)
  if (bad > 0) {
    options.counters.add('jifang_notify_outbox_corrupt_total', bad)
    options.log.error({ file: path, lines: bad }, 'outbox has unreadable lines, stepped over')
  }
  const handle = await open(path, 'a')
  await handle.truncate(size)
  return { outbox: new FileOutbox(options, path, handle, position, size), entries }
}

async function load(path: string): Promise<{ entries: Entry[]; position: Position; size: number; bad: number }> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  })
  const size = bytes.lastIndexOf(0x0a) + 1
  let entries = new Map<string, Entry>()
  let position = START
  let bad = 0
  for (const text of bytes.subarray(0, size).toString('utf8').split('\n')) {
    if (text === '') continue
    const line = parse(text)
    if (!line) {
      bad++
      continue
    }
    if (line.all) entries = new Map()
    for (const entry of line.put) entries.set(`${entry.person}\n${entry.alarm.id}`, entry)
    position = line.position ?? position
  }
  return { entries: [...entries.values()], position, size, bad }
}

function parse(text: string): Line | null {
  try {
    const line = JSON.parse(text) as Partial<Line>
    return Array.isArray(line.put) ? (line as Line) : null
  } catch {
    return null
  }
}

class FileOutbox implements Outbox {
  readonly #options: OutboxOptions
  readonly #path: string
  #handle: FileHandle
  #position: Position
  #size: number
  #compacted = 0
  /** A write failed: the file lacks entries that memory has. */
  #behind = false
  #tail: Promise<void> = Promise.resolve()

  constructor(options: OutboxOptions, path: string, handle: FileHandle, position: Position, size: number) {
    this.#options = options
    this.#path = path
    this.#handle = handle
    this.#position = position
    this.#size = size
  }

  get position(): Position {
    return this.#position
  }

  save(entries: readonly Entry[], position?: Position): Promise<void> {
    if (position) this.#position = position
    if (entries.length === 0 && !position) return this.#tail
    const line: Line = { put: entries, ...(position ? { position } : {}) }
    const saved = this.#tail.then(() => this.#write(line))
    this.#tail = saved.catch(() => undefined)
    return saved
  }

  async close(): Promise<void> {
    await this.#tail
    await this.#handle.close()
  }

  async #write(line: Line): Promise<void> {
    const limit = Math.max(this.#options.compactBytes ?? 1_000_000, this.#compacted * 4)
    if (this.#behind || this.#size > limit) return this.#compact()
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
    try {
      await this.#handle.appendFile(bytes)
      await this.#handle.datasync()
      this.#size += bytes.length
    } catch (error) {
      this.#behind = true
      this.#options.counters.add('jifang_notify_outbox_errors_total')
      await this.#handle.truncate(this.#size).catch(() => undefined)
      throw error
    }
  }

  /** Memory is ahead of every line still waiting, so writing all of it is never less than what was asked for. */
  async #compact(): Promise<void> {
    const temporary = `${this.#path}.new`
    const entries = [...this.#options.all()]
    const handle = await open(temporary, 'w')
    let size = 0
    try {
      // In pieces, so that thousands of entries don't hold up the program that this is part of.
      for (let from = 0; from === 0 || from < entries.length; from += PIECE) {
        const line: Line = { put: entries.slice(from, from + PIECE), ...(from === 0 ? { position: this.#position, all: true } : {}) }
        const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
        await handle.appendFile(bytes)
        size += bytes.length
      }
      await handle.datasync()
      await rename(temporary, this.#path)
    } catch (error) {
      this.#behind = true
      this.#options.counters.add('jifang_notify_outbox_errors_total')
      await handle.close()
      throw error
    }
    await syncFolder(this.#options.dir)
    await this.#handle.close()
    this.#handle = handle
    this.#size = size
    this.#compacted = size
    this.#behind = false
  }
}

async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
