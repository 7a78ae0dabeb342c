import { ProbeError } from '../../core/model/reason.ts'
import type { YdnOptions } from '../../protocols/ydn23/options.ts'
import { leaseYdnLine, ydnCommand } from '../../protocols/ydn23/session.ts'
import { type YdnItem, ydnItem, ydnValue } from '../../protocols/ydn23/value.ts'
import type { PointOptions } from './options.ts'
import { type Answer, failed, type PointReader, type ReaderContext } from './readers.ts'

/** Each command is sent once per run, however many points its answer holds. */
export function createYdnReader({ target, deps, points }: ReaderContext, options: YdnOptions): PointReader {
  const items = new Map(points.map((point) => [point.name, itemOf(point)]))
  const commands = new Map<string, YdnItem>()
  for (const item of items.values()) commands.set(commandKey(item), item)
  const lease = leaseYdnLine(deps.counters, options, target.address)

  async function ask({ cid1, cid2, info }: YdnItem, signal: AbortSignal): Promise<Uint8Array | Answer> {
    try {
      return await ydnCommand(lease.value, options, { cid1, cid2, info: Buffer.from(info, 'hex') }, signal)
    } catch (error) {
      return failed(error)
    }
  }

  return {
    async read(signal) {
      const answers = new Map<string, Uint8Array | Answer>()
      let silent: Answer | null = null
      for (const [key, item] of commands) {
        const answer: Uint8Array | Answer = silent ?? (await ask(item, signal))
        if (!(answer instanceof Uint8Array) && 'reason' in answer && answer.reason !== 'no_such' && answer.reason !== 'protocol')
          silent = answer
        answers.set(key, answer)
      }
      return new Map([...items].map(([name, item]) => [name, answerOf(item, answers.get(commandKey(item)))]))
    },
    close: () => lease.release(),
  }
}

function answerOf(item: YdnItem, info: Uint8Array | Answer | undefined): Answer {
  if (!(info instanceof Uint8Array)) return info ?? { reason: 'internal', detail: 'not read' }
  const value = ydnValue(item, info)
  if (value !== null) return { raw: value }
  return { reason: 'bad_value', detail: `the answer of ${info.length} bytes holds no ${item.type} at ${item.offset}` }
}

const commandKey = ({ cid1, cid2, info }: YdnItem): string => `${cid1} ${cid2} ${info}`

function itemOf(point: PointOptions): YdnItem {
  const { source } = point
  if (typeof source === 'object' && 'cid1' in source) return ydnItem(source)
  throw new ProbeError('config', `the point ${point.name} needs source: { cid1, cid2, offset }`)
}
