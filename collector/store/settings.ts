export interface StoreSettings {
  /** Days whose end is older than this are deleted, ms. */
  readonly retentionMs: number
  /** Bound of DuckDB's own memory; sorting takes somewhat more of the process. Default 256 MB. */
  readonly memoryBytes?: number
  /** How often hours and days are looked at for sealing and deletion, ms. Default 30 s. */
  readonly maintenanceMs?: number
}

export const DEFAULT_MEMORY_BYTES = 256_000_000
export const DEFAULT_MAINTENANCE_MS = 30_000
/** A query that takes longer is interrupted. */
export const QUERY_DEADLINE_MS = 10_000
/** Queries that may wait for the one that runs. */
export const MAX_QUERIES = 32
