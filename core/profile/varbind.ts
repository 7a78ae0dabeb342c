import type { Reason } from '../model/reason.ts'

export type SnmpType = 'integer' | 'octets' | 'null' | 'oid' | 'ip' | 'counter32' | 'gauge32' | 'timeticks' | 'opaque' | 'counter64'

/** One value as the device sent it. Octets and opaque are bytes; counter64 may be a bigint; oid and ip are text. */
export interface Varbind {
  readonly oid: string
  readonly type: SnmpType
  readonly value: number | bigint | string | Uint8Array | null
}

/** OIDs or subtrees that could not be read, and why. What does not exist on the device is not a failure: it is simply not among the varbinds. */
export interface SourceFailure {
  readonly oid: string
  readonly reason: Reason
  readonly detail?: string
}

export interface Answer {
  readonly varbinds: readonly Varbind[]
  readonly failed: readonly SourceFailure[]
}

/** Where values come from: a live session, a recording, or a simulated device. One path reads all three. Nothing here throws for a silent or broken device. */
export interface VarbindSource {
  /** Exact objects. */
  get(oids: readonly string[]): Promise<Answer>
  /** Everything below each root, e.g. the columns of a table. A part that was read before a failure is kept. */
  columns(roots: readonly string[]): Promise<Answer>
  /** The object that follows each OID in the device's order, for probing without an error when it does not exist. */
  next(oids: readonly string[]): Promise<Answer & { readonly following: ReadonlyMap<string, Varbind> }>
}
