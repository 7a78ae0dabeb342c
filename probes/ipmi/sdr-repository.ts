import { setTimeout as delay } from 'node:timers/promises'
import { ProbeError } from '../../core/model/reason.ts'
import type { IpmiClient } from '../../protocols/ipmi/client.ts'
import { NETFN } from '../../protocols/ipmi/message.ts'
import { COMPLETION, CompletionError } from '../../protocols/ipmi/status.ts'
import { decodeSdr, type FruLocator, type Sensor } from './sdr.ts'

/** Reading the SDR repository (IPMI 2.0 §33), or the device SDRs of a controller without one (§35). */

export interface Repository {
  /** Changes whenever the repository does: record count and the two timestamps. */
  readonly stamp: string
  readonly sensors: readonly Sensor[]
  readonly frus: readonly FruLocator[]
  /** Records that could not be decoded. */
  readonly unreadable: number
}

/** Where the records are: the numbers of Get Info, Reserve and Get SDR. */
interface Source {
  readonly netFn: number
  readonly info: number
  readonly reserve: number
  readonly get: number
}

const REPOSITORY: Source = { netFn: NETFN.storage, info: 0x20, reserve: 0x22, get: 0x23 }
const DEVICE_SDRS: Source = { netFn: NETFN.sensor, info: 0x20, reserve: 0x22, get: 0x21 }

const LAST_RECORD = 0xffff
const HEADER = 5
/** A repository holds 65,535 records at most; real ones a few hundred. */
const MAX_RECORDS = 4096
/** Of one record. */
const RESTARTS = 12
/** Longest pause before another reservation, ms; grows by as much with every one that was taken away. */
const PAUSE_MS = 60

export const sourceFor = (hasRepository: boolean): Source => (hasRepository ? REPOSITORY : DEVICE_SDRS)

/** One request that tells whether a remembered repository is still the BMC's. */
export async function repositoryStamp(client: IpmiClient, source: Source, signal: AbortSignal): Promise<string> {
  const data = await client.call({ netFn: source.netFn, command: source.info }, signal)
  return data.toString('hex')
}

/** All sensors. Reads again when the repository changed meanwhile; gives up with `protocol` when that does not end. */
export async function readRepository(client: IpmiClient, source: Source, signal: AbortSignal): Promise<Repository> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const stamp = await repositoryStamp(client, source, signal)
    const records = await readRecords(client, source, signal)
    if ((await repositoryStamp(client, source, signal)) === stamp) return collect(stamp, records)
  }
  throw new ProbeError('protocol', 'the SDR repository changes faster than it can be read')
}

function collect(stamp: string, records: readonly Buffer[]): Repository {
  const sensors: Sensor[] = []
  const frus: FruLocator[] = []
  let unreadable = 0
  for (const record of records) {
    const decoded = decodeSdr(record)
    if (!decoded) unreadable += 1
    else if (decoded.type === 'sensors') sensors.push(...decoded.sensors)
    else if (decoded.type === 'fru') frus.push(decoded.fru)
  }
  return { stamp, sensors, frus, unreadable }
}

async function readRecords(client: IpmiClient, source: Source, signal: AbortSignal): Promise<Buffer[]> {
  const reader = new RecordReader(client, source, signal)
  const records: Buffer[] = []
  const seen = new Set<number>()
  for (let id = 0; id !== LAST_RECORD && records.length < MAX_RECORDS; ) {
    const { next, record } = await reader.read(id)
    records.push(record)
    seen.add(id)
    // A chain that bites its own tail would otherwise never end.
    if (seen.has(next)) break
    id = next
  }
  return records
}

/** Reads single records, as large pieces as the BMC gives, under a reservation that it may cancel at any time. */
class RecordReader {
  readonly #client: IpmiClient
  readonly #source: Source
  readonly #signal: AbortSignal
  #reservation = 0
  /** FFh = the whole record at once; falls when the BMC can't. */
  #piece = 0xff

  constructor(client: IpmiClient, source: Source, signal: AbortSignal) {
    this.#client = client
    this.#source = source
    this.#signal = signal
  }

  async read(id: number): Promise<{ next: number; record: Buffer }> {
    for (let restarts = 1; ; restarts++) {
      try {
        return await this.#readWhole(id)
      } catch (error) {
        if (!(error instanceof CompletionError) || error.code !== COMPLETION.reservationCancelled || restarts > RESTARTS) throw error
        // §33.11: somebody else reserved, the repository changed, or the BMC reset: reserve again and start the record anew.
        // Two readers that did so at once would take it from each other for ever: each waits a while of its own.
        if (restarts > 1) await delay(Math.random() * PAUSE_MS * restarts, undefined, { signal: this.#signal })
        await this.#reserve()
      }
    }
  }

  async #reserve(): Promise<void> {
    const data = await this.#client.call({ netFn: this.#source.netFn, command: this.#source.reserve }, this.#signal)
    this.#reservation = data.length < 2 ? 0 : data.readUInt16LE(0)
  }

  async #readWhole(id: number): Promise<{ next: number; record: Buffer }> {
    let next = LAST_RECORD
    let record = Buffer.alloc(0)
    let total = HEADER
    while (record.length < total) {
      const whole = this.#piece === 0xff && record.length === 0
      if (!whole && this.#reservation === 0) await this.#reserve()
      const count = whole ? 0xff : Math.min(this.#piece === 0xff ? 16 : this.#piece, record.length === 0 ? HEADER : total - record.length)
      const piece = await this.#piecewise(id, record.length, count)
      if (!piece) continue
      if (piece.bytes.length === 0 || (record.length === 0 && piece.bytes.length < HEADER)) {
        throw new ProbeError('protocol', `SDR record ${id}: the BMC sent ${piece.bytes.length} bytes`)
      }
      next = piece.next
      record = Buffer.concat([record, piece.bytes])
      total = HEADER + record.readUInt8(4)
    }
    return { next, record: record.subarray(0, total) }
  }

  /** Null when the BMC can't give that many bytes; the next try asks for fewer. */
  async #piecewise(id: number, offset: number, count: number): Promise<{ next: number; bytes: Buffer } | null> {
    const data = Buffer.alloc(6)
    data.writeUInt16LE(this.#reservation, 0)
    data.writeUInt16LE(id, 2)
    data[4] = offset
    data[5] = count
    try {
      const answer = await this.#client.call({ netFn: this.#source.netFn, command: this.#source.get, data }, this.#signal)
      if (answer.length < 2) throw new ProbeError('protocol', `SDR record ${id}: answer of ${answer.length} bytes`)
      return { next: answer.readUInt16LE(0), bytes: answer.subarray(2) }
    } catch (error) {
      if (!(error instanceof CompletionError) || !TOO_MANY.has(error.code) || this.#piece <= 8) throw error
      this.#piece = this.#piece === 0xff ? 28 : Math.max(8, this.#piece - 6)
      return null
    }
  }
}

const TOO_MANY = new Set<number>([
  COMPLETION.cannotReturnBytes,
  COMPLETION.lengthLimit,
  COMPLETION.lengthInvalid,
  COMPLETION.outOfSpace,
  COMPLETION.unspecified,
])
