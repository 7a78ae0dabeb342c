import { createSharedPool, type Lease } from '../../core/lifecycle/shared.ts'
import { ProbeError } from '../../core/model/reason.ts'
import { numberOf, textOf } from '../../core/profile/decode.ts'
import type { Varbind } from '../../core/profile/varbind.ts'
import { openSnmpDevice } from '../../protocols/snmp/device.ts'
import { createSnmpSockets, type SnmpSockets } from '../../protocols/snmp/sockets.ts'
import type { ProbeDeps } from '../probe.ts'
import type { PointOptions, Via } from './options.ts'
import type { Answer, PointReader, ReaderContext } from './readers.ts'

const pool = createSharedPool<SnmpSockets>((sockets) => sockets.close())

export const leaseStationSockets = (deps: Pick<ProbeDeps, 'counters'>): Lease<SnmpSockets> =>
  pool.lease(deps.counters, 'contacts', () => createSnmpSockets({ counters: deps.counters, perFamily: 1 }))

/** An object that was once missing is looked for again after this, ms. */
const LOOK_AGAIN_MS = 60_000

/** All points in as few GETs as the station bears. */
export function createSnmpReader({ target, deps, points }: ReaderContext, access: NonNullable<Via['snmp']>): PointReader {
  if (target.address === undefined) throw new ProbeError('config', 'contacts over snmp need an address')
  const oids = new Map(points.map((point) => [point.name, oidOf(point)]))
  const lease = leaseStationSockets(deps)
  const device = openSnmpDevice({ address: target.address, access, sockets: lease.value })
  let missedAt: number | null = null
  return {
    async read(signal) {
      const now = deps.clock.monotonic()
      if (missedAt !== null && now - missedAt > LOOK_AGAIN_MS) {
        device.forget()
        missedAt = null
      }
      const source = await device.source(signal)
      const { varbinds, failed } = await source.get([...new Set(oids.values())])
      const found = new Map(varbinds.map((varbind) => [varbind.oid, varbind]))
      const broken = new Map(failed.map((failure) => [failure.oid, failure]))
      const answers = new Map<string, Answer>()
      for (const [name, oid] of oids) {
        const varbind = found.get(oid)
        const failure = broken.get(oid)
        if (varbind) answers.set(name, answerOf(varbind))
        else if (failure) answers.set(name, { reason: failure.reason, detail: failure.detail ?? failure.reason })
        else {
          missedAt ??= now
          answers.set(name, { reason: 'no_such', detail: `the station has no object ${oid}` })
        }
      }
      return answers
    },
    close() {
      device.close()
      lease.release()
    },
  }
}

function oidOf(point: PointOptions): string {
  const oid = point.oid ?? (typeof point.source === 'string' ? point.source : point.output?.oid)
  if (oid === undefined) throw new ProbeError('config', `the point ${point.name} needs an oid`)
  return oid.replace(/^\./, '')
}

/** Integers of any kind, digits in text and words are all taken as they come. */
function answerOf(varbind: Varbind): Answer {
  const number = numberOf(varbind)
  if (number !== null) return { raw: Number(number) }
  const text = textOf(varbind)
  return text === '' ? { reason: 'bad_value', detail: 'the station sends nothing for this point' } : { raw: text }
}
