import { ProbeError, type Reason } from '../../core/model/reason.ts'
import type { ProbeDeps, Target } from '../probe.ts'
import type { PointOptions, Via } from './options.ts'

/** What one point answered. */
export type Answer = { readonly raw: number | string } | { readonly reason: Reason; readonly detail: string }

/** Reads all points of a station. */
export interface PointReader {
  /** By the point's name; every point is among them. Throws only when nothing can be read at all. */
  read(signal: AbortSignal): Promise<ReadonlyMap<string, Answer>>
  close(): void
}

export interface ReaderContext {
  readonly target: Target
  readonly deps: ProbeDeps
  /** Points that can be read. */
  readonly points: readonly PointOptions[]
}

export type ReaderFactory = (context: ReaderContext) => PointReader

/** Which of the ways `via` names. ProbeError('config') for none or several. */
export function wayOf(via: Via): 'snmp' | 'modbus' | 'ydn23' {
  const named = (['snmp', 'modbus', 'ydn23'] as const).filter((way) => via[way] !== undefined)
  const [way] = named
  if (way === undefined || named.length > 1) throw new ProbeError('config', 'via: needs exactly one of snmp, modbus, ydn23')
  return way
}

export const failed = (error: unknown): Answer => {
  if (error instanceof ProbeError) return { reason: error.reason, detail: error.message }
  throw error
}
