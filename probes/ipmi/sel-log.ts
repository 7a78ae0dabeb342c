import type { IpmiClient } from '../../protocols/ipmi/client.ts'
import { NETFN } from '../../protocols/ipmi/message.ts'
import { COMPLETION, CompletionError } from '../../protocols/ipmi/status.ts'
import { decodeSelRecord, type SelRecord } from './sel.ts'

/** Reading the event log piece by piece, never clearing it (IPMI 2.0 §31). */

export interface SelInfo {
  readonly entries: number
  readonly freeBytes: number
  readonly overflow: boolean
  /** 0–100. */
  readonly usedPercent: number
  /** Changes whenever an entry is added or the log is cleared. */
  readonly stamp: string
}

const GET_INFO = 0x40
const GET_ENTRY = 0x43
const GET_TIME = 0x48
const RECORD_BYTES = 16
const FIRST = 0x0000
const LAST = 0xffff

export async function readSelInfo(client: IpmiClient, signal: AbortSignal): Promise<SelInfo> {
  const data = await client.call({ netFn: NETFN.storage, command: GET_INFO }, signal)
  const entries = data.length < 3 ? 0 : data.readUInt16LE(1)
  const freeBytes = data.length < 5 ? 0 : data.readUInt16LE(3)
  const used = entries * RECORD_BYTES
  const overflow = ((data[13] ?? 0) & 0x80) !== 0
  const usedPercent = overflow ? 100 : used + freeBytes === 0 ? 0 : Math.round((1000 * used) / (used + freeBytes)) / 10
  return { entries, freeBytes, overflow, usedPercent, stamp: data.subarray(0, 13).toString('hex') }
}

/** The BMC's clock, seconds. */
export async function readSelTime(client: IpmiClient, signal: AbortSignal): Promise<number> {
  const data = await client.call({ netFn: NETFN.storage, command: GET_TIME }, signal)
  return data.length < 4 ? 0 : data.readUInt32LE(0)
}

/** Null when there is no such record. Whole records need no reservation (§31.5). */
async function readEntry(client: IpmiClient, id: number, signal: AbortSignal): Promise<{ next: number; record: SelRecord | null } | null> {
  const data = Buffer.from([0, 0, id & 0xff, id >> 8, 0, 0xff])
  try {
    const answer = await client.call({ netFn: NETFN.storage, command: GET_ENTRY, data }, signal)
    if (answer.length < 2) return null
    return { next: answer.readUInt16LE(0), record: decodeSelRecord(answer.subarray(2)) }
  } catch (error) {
    if (error instanceof CompletionError && (error.code === COMPLETION.notPresent || error.code === COMPLETION.outOfRange)) return null
    throw error
  }
}

export interface NewRecords {
  readonly records: readonly SelRecord[]
  /** The log was cleared, or its ring has overtaken us: what came in between is lost. */
  readonly restarted: boolean
  /** More is waiting for the next call. */
  readonly more: boolean
}

/** Remembers the last record that was read, and finds what has come since. */
export class SelCursor {
  #last: SelRecord | null = null
  #stamp: string | null = null
  /** While a log is read again from its start: what is older (s) was told before, unless the log was really cleared. */
  #told: number | null = null

  /** At most `limit` new records, in order. `info` saves the walk when nothing has changed. */
  async advance(client: IpmiClient, info: SelInfo, limit: number, signal: AbortSignal): Promise<NewRecords> {
    if (info.stamp === this.#stamp) return { records: [], restarted: false, more: false }
    if (info.entries === 0) {
      const restarted = this.#last !== null
      this.#last = null
      this.#told = null
      this.#stamp = info.stamp
      return { records: [], restarted, more: false }
    }
    const start = await this.#start(client, signal)
    if (start.restarted) this.#told = this.#last?.seconds ?? null
    const records: SelRecord[] = []
    let id = start.next
    while (id !== LAST && records.length < limit) {
      const entry = await readEntry(client, id, signal)
      if (!entry) break
      if (entry.record) {
        if (!this.#wasTold(entry.record)) records.push(entry.record)
        this.#last = entry.record
      }
      if (entry.next === id) break
      id = entry.next
    }
    const more = id !== LAST && records.length >= limit
    if (!more) {
      this.#stamp = info.stamp
      this.#told = null
    }
    return { records, restarted: start.restarted, more }
  }

  /** Begins at the end: for a log whose past nobody wants to hear. */
  async skipToEnd(client: IpmiClient, info: SelInfo, signal: AbortSignal): Promise<SelRecord | null> {
    const entry = info.entries === 0 ? null : await readEntry(client, LAST, signal)
    this.#last = entry?.record ?? null
    this.#stamp = info.stamp
    return this.#last
  }

  #wasTold(record: SelRecord): boolean {
    return this.#told !== null && record.seconds !== null && !record.preInit && record.seconds < this.#told
  }

  /** Where to go on: behind the last record if it is still the same one, else at the first. */
  async #start(client: IpmiClient, signal: AbortSignal): Promise<{ next: number; restarted: boolean }> {
    const last = this.#last
    if (!last) return { next: FIRST, restarted: false }
    const again = await readEntry(client, last.id, signal)
    if (again?.record?.raw.equals(last.raw)) return { next: again.next, restarted: false }
    return { next: FIRST, restarted: true }
  }
}
