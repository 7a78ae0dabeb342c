import type { Answer, SourceFailure, Varbind, VarbindSource } from '../../core/profile/varbind.ts'
import { walkColumns } from './column-walk.ts'
import type { SnmpFailure } from './failure.ts'
import { asFailure, attempt, failedOid, type LiveOptions, type Run } from './run.ts'
import type { Found } from './session.ts'

/** Reads a device over the network as a VarbindSource. Never throws: what fails is told per OID, what answered is kept. */
export function createLiveSource(options: LiveOptions): VarbindSource {
  const run: Run = { ...options, silences: 0, fatal: null }
  return {
    async get(oids) {
      const { tuning } = run
      const wanted = oids.filter((oid) => !tuning.absent.has(oid))
      return await inChunks(run, wanted, (chunk) => run.session.get(chunk, run.timeoutMs, run.signal))
    },
    async columns(roots) {
      return await walkColumns(run, roots)
    },
    async next(oids) {
      const following = new Map<string, Varbind>()
      const answer = await inChunks(run, oids, async (chunk) => {
        const found = await run.session.getNext(chunk, run.timeoutMs, run.signal)
        found.forEach((item, i) => {
          const asked = chunk[i]
          if (asked !== undefined && item.varbind) following.set(asked, item.varbind)
        })
        return found
      })
      return { ...answer, following }
    },
  }
}

/** Sends lists of OIDs in requests the device can bear; splits what is too big, drops what breaks the rest, repeats what got lost. */
async function inChunks(run: Run, oids: readonly string[], ask: (chunk: readonly string[]) => Promise<Found[]>): Promise<Answer> {
  const varbinds: Varbind[] = []
  const failed: SourceFailure[] = []
  const queue: (readonly string[])[] = []
  for (let i = 0; i < oids.length; i += run.tuning.maxOids) queue.push(oids.slice(i, i + run.tuning.maxOids))
  for (let chunk = queue.shift(); chunk; chunk = queue.shift()) {
    if (chunk.length === 0) continue
    try {
      for (const { varbind } of await attempt(run, () => ask(chunk))) if (varbind) varbinds.push(varbind)
    } catch (error) {
      const failure = asFailure(error)
      const rest = recover(run, chunk, failure)
      if (rest) queue.unshift(...rest)
      else failed.push(...chunk.map((oid) => failedOid(oid, failure)))
    }
  }
  return { varbinds, failed }
}

/** Smaller requests that may still work; null when there is nothing left to try. */
function recover(run: Run, chunk: readonly string[], failure: SnmpFailure): (readonly string[])[] | null {
  if (run.fatal) return null
  if (failure.kind === 'bad_oid') {
    const named = failure.oid !== null && chunk.includes(failure.oid) ? failure.oid : null
    const culprit = named ?? (chunk.length === 1 ? (chunk[0] ?? null) : null)
    if (culprit !== null) {
      if (failure.reason === 'no_such') run.tuning.absent.add(culprit)
      return failure.reason === 'no_such' || chunk.length > 1 ? [chunk.filter((oid) => oid !== culprit)] : null
    }
    return halves(chunk)
  }
  if (chunk.length <= 1 || (failure.kind !== 'too_big' && failure.kind !== 'timeout')) return null
  if (failure.kind === 'too_big') run.tuning.maxOids = Math.max(1, chunk.length >> 1)
  return halves(chunk)
}

const halves = (chunk: readonly string[]): (readonly string[])[] => [chunk.slice(0, chunk.length >> 1), chunk.slice(chunk.length >> 1)]
