import type { ListenerKind, ProbeKind } from './probe.ts'

/** Loads a pull kind's code when the first check needs it. */
export type LazyProbe = () => Promise<ProbeKind<unknown>>

/** Every pull kind. One line per kind; its options stand in kinds.ts under the same name. */
export const probes = {
  host: async () => (await import('./host/host.ts')).host,
  ping: async () => (await import('./ping/ping.ts')).ping,
  tcp: async () => (await import('./tcp/tcp.ts')).tcp,
  http: async () => (await import('./http/http.ts')).http,
  ipmi: async () => (await import('./ipmi/ipmi.ts')).ipmi,
  'ipmi-local': async () => (await import('./ipmi/ipmi.ts')).ipmiLocal,
  snmp: async () => (await import('./snmp/snmp.ts')).snmp,
  contacts: async () => (await import('./contacts/contacts.ts')).contacts,
  'ups-serial': async () => (await import('./ups-serial/ups-serial.ts')).upsSerial,
} satisfies Record<string, LazyProbe>

/** Loads a push kind's code when the first check needs it. */
export type LazyListener = () => Promise<ListenerKind<unknown>>

/** Every push kind. */
export const listeners = {
  trap: async () => (await import('./listeners/trap/trap.ts')).trap,
  syslog: async () => (await import('./listeners/syslog/syslog.ts')).syslog,
} satisfies Record<string, LazyListener>
