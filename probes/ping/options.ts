import * as v from 'valibot'
import type { KindSpec } from '../kind-spec.ts'

const options = v.strictObject({
  packets: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 5),
  /** Between two packets, ms. Below 200 an ordinary user may not go with `ping`. */
  gap_ms: v.optional(v.pipe(v.number(), v.integer(), v.minValue(10), v.maxValue(10_000)), 200),
  /** Payload, bytes. */
  size: v.optional(v.pipe(v.number(), v.integer(), v.minValue(12), v.maxValue(65_000)), 56),
})
export type PingOptions = v.InferOutput<typeof options>

export const pingKind: KindSpec = {
  options,
  intervalMs: 15_000,
  timeoutMs: 10_000,
  where: 'remote',
  secrets: [],
  title: { zh: 'Ping', en: 'ping' },
}
