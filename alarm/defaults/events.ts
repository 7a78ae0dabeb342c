import type { RuleInput } from '../rule-schema.ts'

/** How long after the last trap or message its alarm ends by itself; what lasts is told by the poll of the device. */
const WITHIN = '30m'
const RECEIVED = ['trap', 'syslog']

/** Traps and syslog. An event has no end of its own: the alarm counts the events of the last half hour and ends with the last of them. */
export const eventRules: readonly RuleInput[] = [
  {
    name: 'event-emergency',
    title: { zh: '{text}', en: '{text}' },
    on: 'event.severity_code',
    where: { type: RECEIVED, severity: 'emergency' },
    by: ['type', 'event'],
    count: { within: WITHIN },
    levels: [{ severity: 'emergency', fire: '>= 1', clear: '< 1' }],
  },
  {
    name: 'event-major',
    title: { zh: '{text}', en: '{text}' },
    on: 'event.severity_code',
    where: { type: RECEIVED, severity: 'major' },
    by: ['type', 'event'],
    count: { within: WITHIN },
    levels: [{ severity: 'major', fire: '>= 1', clear: '< 1' }],
  },
  {
    // A silent IDS is a failed IDS. Only where somebody listens for syslog, and while the device answers: a dead one has alarms of its own.
    name: 'syslog-silent',
    title: { zh: '设备在线但长时间无日志', en: 'alive, but has long sent no log' },
    on: 'event.severity_code',
    where: { type: 'syslog' },
    classes: ['ids', 'audit'],
    no_data: '12h',
    all: [{ on: 'ping.percent_packet_loss', fire: '< 100' }],
    levels: [{ severity: 'major' }],
  },
]
