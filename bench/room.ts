import { gzipSync } from 'node:zlib'
import { Counters } from '../core/lifecycle/counters.ts'
import { nanoseconds } from '../core/line/encode.ts'
import { silentLog } from '../core/log/log.ts'
import { openSegmentLog } from '../core/segment/log.ts'
import type { SegmentLog } from '../core/segment/types.ts'

/** A room as the benches see it: `devices` with LINES lines of FIELDS fields each, every 10 s. */
export const LINES = 10
export const FIELDS = 5
export const TICK_MS = 10_000

/** The lines of one device at one tick; values move like temperatures and loads do. */
export function deviceLines(device: number, tick: number, start: number): string[] {
  const time = nanoseconds(start + tick * TICK_MS + device)
  return Array.from({ length: LINES }, (_, line) => {
    const fields = Array.from({ length: FIELDS }, (__, field) => `f${field}=${roomValue(device, line, field, tick)}`)
    return `m${line},device=dev-${device},part=p${line},site=s ${fields.join(',')} ${time}`
  })
}

export const roomValue = (device: number, line: number, field: number, tick: number): number =>
  Math.round((50 + 20 * Math.sin((tick + device + line * 7 + field) / 30) + ((device * 31 + tick * 17) % 10) / 10) * 100) / 100

/** A journal in `dir` with one gzip record per device and tick, as agents send them. */
export async function fillJournal(dir: string, o: { devices: number; ticks: number; start: number; gzip?: boolean }): Promise<SegmentLog> {
  const journal = await openSegmentLog({ dir, log: silentLog, counters: new Counters() })
  for (let tick = 0; tick < o.ticks; tick++) {
    const receivedAt = o.start + tick * TICK_MS
    const appends = Array.from({ length: o.devices }, (_, device) => {
      const head = `# jifang/1 session=s seq=${tick + 1} base=1 sent=${receivedAt}000000 config=1`
      const text = `${head}\n${deviceLines(device, tick, o.start).join('\n')}\n`
      const payload = o.gzip === false ? Buffer.from(text) : gzipSync(text, { level: 1 })
      return journal.append({ kind: 'data', receivedAt, agent: `a${device}`, session: 's', seq: tick + 1, payload })
    })
    await Promise.all(appends)
  }
  return journal
}

/** CPU of this process over `work`, µs. */
export async function cpuOf<T>(work: () => Promise<T>): Promise<{ result: T; cpuUs: number }> {
  const before = process.cpuUsage()
  const result = await work()
  const used = process.cpuUsage(before)
  return { result, cpuUs: used.user + used.system }
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
