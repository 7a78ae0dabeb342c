import type { Command } from 'commander'

/** One line per command: what `jifang --help` says and where the command is. Only the one that is called gets loaded. */
export interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<{ command(): Command }>
}

export const commands = {
  up: { summary: 'run broker, collector and agent together: quick start and small sites', load: () => import('./up.ts') },
  agent: { summary: 'run the agent: measure this host, poll devices, send to the broker', load: () => import('./agent.ts') },
  collector: { summary: 'run the collector: journal, store, InfluxDB, alarms, notices, console', load: () => import('./collector.ts') },
  check: { summary: 'check the configuration and print every mistake with its place', load: () => import('./check.ts') },
  probe: { summary: 'run the checks of one device now and show what they find', load: () => import('./probe.ts') },
  snmp: { summary: 'walk, record, replay, match and simulate SNMP devices', load: () => import('./snmp.ts') },
  discover: { summary: 'look for devices in address blocks and print entries for devices.yaml', load: () => import('./discover.ts') },
  ipmi: { summary: 'read sensors, event log and identity of a management controller', load: () => import('./ipmi.ts') },
  tail: { summary: 'show alarms as they happen', load: () => import('./tail.ts') },
  status: { summary: 'show devices, agents and open alarms', load: () => import('./status.ts') },
  explain: { summary: 'say why an alarm is as it is, and what comes next', load: () => import('./explain.ts') },
  ack: { summary: 'acknowledge an alarm', load: () => import('./ack.ts') },
  output: { summary: 'switch a declared contact, such as a siren, through its agent', load: () => import('./output.ts') },
  sms: { summary: 'send an SMS through the GSM modem', load: () => import('./sms.ts') },
  broker: { summary: 'write the configuration of a mosquitto broker', load: () => import('./broker.ts') },
} satisfies Record<string, CommandEntry>
