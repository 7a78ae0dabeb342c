import type { ProbeKind } from './probe.ts'

/** Loads a pull kind's code when the first check needs it. */
export type LazyProbe = () => Promise<ProbeKind<unknown>>

/** Every pull kind. One line per kind; its options stand in kinds.ts under the same name. */
export const probes = {
  host: async () => (await import('./host/host.ts')).host,
  tcp: async () => (await import('./tcp/tcp.ts')).tcp,
} satisfies Record<string, LazyProbe>
