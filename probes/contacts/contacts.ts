import { ProbeError } from '../../core/model/reason.ts'
import type { Sample } from '../../core/model/sample.ts'
import { accessWarning } from '../../protocols/snmp/access.ts'
import type { GroupOutcome, Probe, ProbeDeps, ProbeKind, Reading, Target } from '../probe.ts'
import { type Debounced, type Delays, debounce, shown, UNREAD } from './debounce.ts'
import { createMeaning, type Meaning } from './meaning.ts'
import { createModbusReader } from './modbus-reader.ts'
import type { ContactsOptions, PointOptions } from './options.ts'
import { type Answer, type PointReader, type ReaderContext, wayOf } from './readers.ts'
import { createTeller, type PointTeller } from './samples.ts'
import { createSnmpReader } from './snmp-reader.ts'
import { createYdnReader } from './ydn-reader.ts'

/** A change is read again after this, ms. */
const CONFIRM_MS = 1_000

interface Point {
  readonly options: PointOptions
  readonly delays: Delays
  readonly meaningOf: (raw: number | string) => Meaning
  readonly teller: PointTeller
  state: Debounced
  /** Told as a failing group of the check, so that its recovery is told as well. */
  failing: boolean
}

interface Failure {
  readonly point: string
  readonly reason: GroupOutcome['reason']
  readonly detail: string
}

/** Reads a station by the operator's point table. What a point says is confirmed and debounced here; only the alarm latches. */
export const contacts: ProbeKind<ContactsOptions> = {
  create(target: Target, options: ContactsOptions, deps: ProbeDeps): Probe {
    const points = options.points.filter(isRead).map((point) => makePoint(point, options.repeat))
    const names = new Set(points.map((point) => point.options.name))
    if (names.size < points.length) throw new ProbeError('config', 'two points have the same name')
    const reader = openReader({ target, deps, points: points.map((point) => point.options) }, options)
    const warning = options.via.snmp ? accessWarning(options.via.snmp) : null
    if (warning) deps.log.warn({}, warning)

    async function answers(signal: AbortSignal): Promise<ReadonlyMap<string, Answer>> {
      try {
        return await reader.read(signal)
      } catch (error) {
        if (!(error instanceof ProbeError)) throw error
        return new Map(points.map(({ options: { name } }) => [name, { reason: error.reason, detail: error.message }]))
      }
    }

    return {
      async run(signal) {
        const found = await answers(signal)
        const clock = { at: deps.clock.monotonic(), time: deps.clock.now() }
        const samples: Sample[] = []
        const failures: Failure[] = []
        const groups: GroupOutcome[] = []
        for (const point of points) {
          const failure = take(point, found.get(point.options.name), clock, samples)
          if (failure) failures.push(failure)
          if (failure || point.failing) groups.push({ name: point.options.name, reason: failure?.reason ?? 'ok', ...detailOf(failure) })
          point.failing = failure !== null
        }
        const unsure = points.some((point) => point.state.candidate !== null)
        return { samples, ...verdict(failures, groups, points.length), ...(unsure ? { againMs: CONFIRM_MS } : {}) }
      },
      close: () => reader.close(),
    }
  },
}

/** Points that only can be switched and say nowhere how they stand are not read. */
const isRead = ({ oid, source, output }: PointOptions): boolean =>
  oid !== undefined ||
  source !== undefined ||
  output === undefined ||
  output.oid !== undefined ||
  output.coil !== undefined ||
  output.register !== undefined

function makePoint(options: PointOptions, repeatMs: number): Point {
  const delays = { onMs: options.on_delay, offMs: options.off_delay, staleMs: options.stale }
  const teller = createTeller(options, repeatMs)
  return { options, delays, meaningOf: createMeaning(options), teller, state: UNREAD, failing: false }
}

function openReader(context: ReaderContext, { via }: ContactsOptions): PointReader {
  const way = wayOf(via)
  if (way === 'snmp' && via.snmp) return createSnmpReader(context, via.snmp)
  if (way === 'modbus' && via.modbus) return createModbusReader(context, via.modbus)
  if (via.ydn23) return createYdnReader(context, via.ydn23)
  throw new ProbeError('config', 'via: needs one of snmp, modbus, ydn23')
}

/** Moves one point on and says why it can't be read, null when it can. */
function take(point: Point, answer: Answer | undefined, clock: { at: number; time: number }, samples: Sample[]): Failure | null {
  const { name } = point.options
  const meaning = answer && 'raw' in answer ? point.meaningOf(answer.raw) : null
  point.state = debounce(point.state, meaning?.state ?? 'unknown', clock.at, point.delays)
  const state = shown(point.state, clock.at, point.delays)
  // A quantity that is out of its bounds is no value, whether or not the fault is confirmed.
  const sample = state === null ? null : point.teller.tell(state, state === 'unknown' ? null : meaning, clock.at, clock.time)
  if (sample) samples.push(sample)
  if (answer && 'reason' in answer) return { point: name, reason: answer.reason, detail: answer.detail }
  return meaning?.state === 'unknown' ? { point: name, reason: 'bad_value', detail: meaning.detail ?? 'unknown value' } : null
}

const detailOf = (failure: Failure | null): { detail?: string } => (failure ? { detail: failure.detail } : {})

function verdict(
  failures: readonly Failure[],
  groups: readonly GroupOutcome[],
  points: number,
): Pick<Reading, 'reason' | 'detail' | 'groups'> {
  const [first] = failures
  if (!first) return { reason: 'ok', groups }
  if (failures.length === points && failures.every(({ reason }) => reason === first.reason))
    return { reason: first.reason, detail: first.detail }
  const detail = failures.map((failure) => `${failure.point}: ${failure.detail}`).join('; ')
  return { reason: 'partial', detail: detail.slice(0, 500), groups }
}
