import * as v from 'valibot'
import { duration } from '../../core/config/duration.ts'
import { type Cidr, parseCidr } from '../../core/net/cidr.ts'
import type { EventDesk } from './event-desk.ts'
import type { SourceGate } from './source-gate.ts'
import type { Sources } from './sources.ts'

const positive = v.pipe(v.number(), v.minValue(0.1), v.maxValue(100_000))

/** Options of everything that receives from many sources, with its own defaults for the quantities. */
export const receivingEntries = (defaults: { port: number; rate: number; burst: number }) => ({
  /** `0.0.0.0`: all of IPv4; `::`: IPv6 and IPv4; or one address of this host. */
  listen: v.optional(v.pipe(v.string(), v.ip('must be an IP address')), '0.0.0.0'),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)), defaults.port),
  /** Blocks of addresses that may send; left out: everybody. */
  allow: v.optional(v.array(v.pipe(v.string(), v.check(isCidr, 'must be an address or a block such as 10.1.0.0/16'))), []),
  /** Messages per second of one source, and how many at once; what is more is dropped, counted and told. */
  rate: v.optional(positive, defaults.rate),
  burst: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000)), defaults.burst),
  /** What repeats itself within this is one event with its count. */
  fold: v.optional(duration, '30s'),
  /** Address or host name → device. The collector fills in the addresses of devices.yaml; what stands here goes before. */
  sources: v.optional(v.record(v.string(), v.string()), {}),
})

/** Valid by the schema. */
export const blocksOf = (texts: readonly string[]): Cidr[] => texts.flatMap((text) => parseCidr(text) ?? [])

function isCidr(text: string): boolean {
  return parseCidr(text) !== null
}

/** Sources whose losses are told one by one; the rest is one event. */
const TOLD_SOURCES = 20

/** Tells what the gate dropped since the last time, as an event `storm` per source. */
export function tellDropped(gate: SourceGate, desk: EventDesk, sources: Sources, now: number): number {
  const dropped = gate.takeDropped(now).sort((a, b) => b.dropped - a.dropped)
  const rest = dropped.slice(TOLD_SOURCES).reduce((sum, entry) => sum + entry.dropped, 0)
  const told = [...dropped.slice(0, TOLD_SOURCES), ...(rest > 0 ? [{ source: '*', dropped: rest }] : [])]
  for (const { source, dropped: count } of told) {
    desk.take({
      source,
      device: sources.deviceOf(source),
      event: 'storm',
      name: 'storm',
      severity: 'minor',
      text: `消息过多，丢弃 ${count} 条 / too many messages, ${count} dropped`,
      same: `storm ${now}`,
      count,
    })
  }
  return dropped.reduce((sum, entry) => sum + entry.dropped, 0)
}
