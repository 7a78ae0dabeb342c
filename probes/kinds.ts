import { contactsKind } from './contacts/options.ts'
import { hostKind } from './host/options.ts'
import { httpKind } from './http/options.ts'
import { ipmiKind, ipmiLocalKind } from './ipmi/options.ts'
import type { KindSpec } from './kind-spec.ts'
import { syslogKind } from './listeners/syslog/options.ts'
import { trapKind } from './listeners/trap/options.ts'
import { pingKind } from './ping/options.ts'
import { snmpKind } from './snmp/options.ts'
import { tcpKind } from './tcp/options.ts'
import { upsSerialKind } from './ups-serial/options.ts'

/** Every check kind's options, without its code: what the collector and `jifang check` validate devices.yaml with. One line per kind. */
export const kinds = {
  host: hostKind,
  ping: pingKind,
  tcp: tcpKind,
  http: httpKind,
  ipmi: ipmiKind,
  'ipmi-local': ipmiLocalKind,
  snmp: snmpKind,
  contacts: contactsKind,
  'ups-serial': upsSerialKind,
  trap: trapKind,
  syslog: syslogKind,
} satisfies Record<string, KindSpec>
