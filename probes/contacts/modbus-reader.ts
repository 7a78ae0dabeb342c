import { ProbeError, type Reason } from '../../core/model/reason.ts'
import { leaseBus, type RequestLimits } from '../../protocols/modbus/bus.ts'
import type { ModbusOptions, ModbusSource } from '../../protocols/modbus/options.ts'
import { type ModbusRange, planRanges } from '../../protocols/modbus/ranges.ts'
import { type ModbusItem, modbusItem, modbusValue } from '../../protocols/modbus/value.ts'
import type { PointOptions } from './options.ts'
import { type Answer, failed, type PointReader, type ReaderContext } from './readers.ts'

/** Failures of a whole unit: its other ranges are not tried in this run. */
const SILENT: ReadonlySet<Reason> = new Set(['timeout', 'unreachable', 'refused', 'dns', 'permission', 'missing_tool'])

/** Neighbouring points come in one request; one that the unit doesn't have is read apart from then on, so that it takes no others with it. */
export function createModbusReader({ target, deps, points }: ReaderContext, options: ModbusOptions): PointReader {
  const items = new Map(points.map((point) => [point.name, modbusItem(sourceOf(point), options)]))
  const limits: RequestLimits = { timeoutMs: options.request_timeout, retries: options.retries, gapMs: options.gap }
  const apart = new Set<ModbusItem>()
  const lease = leaseBus(deps.counters, options, target.address)
  let ranges = planRanges([...items.values()], options)

  function split(range: ModbusRange): void {
    for (const item of range.items) apart.add(item)
    const together = [...items.values()].filter((item) => !apart.has(item))
    ranges = [...planRanges(together, options), ...[...apart].flatMap((item) => planRanges([item], options))]
  }

  async function readRange(range: ModbusRange, signal: AbortSignal): Promise<readonly number[]> {
    return await lease.value.read(range.unit, range.fc, range.start, range.count, limits, signal)
  }

  return {
    async read(signal) {
      const values = new Map<ModbusItem, Answer>()
      const silent = new Map<number, Answer>()
      // A range that is split is read again at once, item by item.
      for (const queue = [...ranges]; queue.length > 0; ) {
        const range = queue.shift()
        if (!range) break
        const lost = silent.get(range.unit)
        if (lost) {
          for (const item of range.items) values.set(item, lost)
          continue
        }
        try {
          const words = await readRange(range, signal)
          for (const item of range.items) values.set(item, answerOf(item, words.slice(item.address - range.start)))
        } catch (error) {
          const answer = failed(error)
          if (!('reason' in answer)) throw error
          if (SILENT.has(answer.reason)) silent.set(range.unit, answer)
          if (answer.reason === 'no_such' && range.items.length > 1) {
            split(range)
            queue.push(...range.items.flatMap((item) => planRanges([item], options)))
          } else for (const item of range.items) values.set(item, answer)
        }
      }
      return new Map([...items].map(([name, item]) => [name, values.get(item) ?? { reason: 'internal', detail: 'not read' }]))
    },
    close: () => lease.release(),
  }
}

function answerOf(item: ModbusItem, words: readonly number[]): Answer {
  if (words.length < item.size) return { reason: 'protocol', detail: 'fewer registers came than were asked for' }
  const value = modbusValue(item, words)
  return value === null ? { reason: 'bad_value', detail: 'the registers hold no number' } : { raw: value }
}

function sourceOf(point: PointOptions): ModbusSource {
  const { source, output } = point
  if (typeof source === 'object' && !('cid1' in source)) return source
  const common = { byte_order: 'big', word_order: 'big', ...(output?.unit === undefined ? {} : { unit: output.unit }) } as const
  if (source === undefined && output?.coil !== undefined) return { ...common, fc: 1, address: output.coil }
  if (source === undefined && output?.register !== undefined) return { ...common, fc: 3, address: output.register }
  throw new ProbeError('config', `the point ${point.name} needs source: { fc, address }`)
}
