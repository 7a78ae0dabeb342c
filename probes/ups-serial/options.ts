import * as v from 'valibot'
import { duration } from '../../core/config/duration.ts'
import { lineEntries, lineNeedsAddress } from '../../protocols/line/address.ts'
import type { KindSpec } from '../kind-spec.ts'

const options = v.strictObject({
  ...lineEntries,
  /** `q6` also asks for phases, runtime and charge; `auto` finds out. */
  protocol: v.optional(v.picklist(['auto', 'q1', 'q6']), 'auto'),
  /** 2-volt cells of the whole battery; default: from the ratings that the UPS tells. */
  cells: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(400))),
  /** For one answer; at 2400 baud a long one takes half a second. */
  request_timeout: v.optional(duration, '1500ms'),
  retries: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(5)), 2),
  /** Interval while the UPS is off mains. */
  fast: v.optional(duration, '5s'),
})
export type UpsSerialOptions = v.InferOutput<typeof options>

export const upsSerialKind: KindSpec = {
  options,
  intervalMs: 30_000,
  timeoutMs: 15_000,
  where: 'remote',
  needsAddress: lineNeedsAddress,
  secrets: [],
  title: { zh: 'UPS (串口)', en: 'UPS (serial)' },
}
