import type { GenericSchema } from 'valibot'

/** What the inventory needs to know of a check kind (probes/kind-spec.ts fits it). */
export interface CheckKind {
  readonly options: GenericSchema
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly where: 'remote' | 'local' | 'push'
  readonly secrets: readonly string[]
  /** False for a remote kind that can do without one, e.g. over a serial line; a function where its options decide. Default true. */
  readonly needsAddress?: boolean | ((options: Readonly<Record<string, unknown>>) => boolean)
  /** What a person should know of valid options. */
  readonly warning?: (options: Readonly<Record<string, unknown>>) => string | null
  /** A listener for many devices: its option `sources` is filled with the addresses of the inventory (slice.ts). */
  readonly manySources?: boolean
}
