/** What the bits of discrete sensors mean and how bad they are (IPMI 2.0 tables 42-2 and 42-3), as data. */

/** 0 healthy, 1 warning, 2 critical, 3 non-recoverable. */
export type Gravity = 0 | 1 | 2 | 3

export interface StateMeaning {
  readonly text: string
  readonly gravity: Gravity
}

/** `text` alone is healthy; a leading !, !!, !!! is a warning, critical, non-recoverable; an empty entry is reserved. */
const rows = (...texts: string[]): readonly (StateMeaning | null)[] =>
  texts.map((text) => {
    const marks = /^!*/.exec(text)?.[0].length ?? 0
    return text === '' ? null : { text: text.slice(marks), gravity: Math.min(3, marks) as Gravity }
  })

type Table = Readonly<Record<number, readonly (StateMeaning | null)[]>>

/** By event/reading type. 03h depends on what the sensor watches: see `assertedGravity`. */
const GENERIC: Table = {
  2: rows('idle', 'active', 'busy'),
  3: rows('deasserted', 'asserted'),
  4: rows('no predictive failure', '!predictive failure'),
  5: rows('limit not exceeded', '!!limit exceeded'),
  6: rows('performance met', '!performance lags'),
  7: rows(
    'ok',
    '!non-critical',
    '!!critical',
    '!!!non-recoverable',
    '!non-critical',
    '!!critical',
    '!!!non-recoverable',
    'monitor',
    'informational',
  ),
  8: rows('absent', 'present'),
  9: rows('disabled', 'enabled'),
  10: rows('running', 'in test', 'power off', 'on line', 'off line', 'off duty', '!degraded', 'power save', '!!install error'),
  11: rows(
    'fully redundant',
    '!!redundancy lost',
    '!redundancy degraded',
    '!non-redundant, sufficient resources',
    '!non-redundant, sufficient again',
    '!!!non-redundant, insufficient resources',
    '!redundancy degraded from full',
    '!redundancy degraded from none',
  ),
  12: rows('D0 power state', 'D1 power state', 'D2 power state', 'D3 power state'),
}

/** By sensor type, for event/reading type 6Fh. */
const SPECIFIC: Table = {
  5: rows(
    '!!chassis intrusion',
    '!!drive bay intrusion',
    '!!I/O card area intrusion',
    '!!processor area intrusion',
    '!LAN leash lost',
    '!unauthorized dock',
    '!!fan area intrusion',
  ),
  6: rows(
    '!secure mode violation',
    '!pre-boot user password violation',
    '!pre-boot setup password violation',
    '!pre-boot network password violation',
    '!pre-boot password violation',
    '!out-of-band password violation',
  ),
  7: rows(
    '!!!IERR',
    '!!!thermal trip',
    '!!built-in self test failure',
    '!!hang in POST',
    '!!start-up failure',
    '!!configuration error',
    '!!uncorrectable CPU complex error',
    'present',
    '!disabled',
    'terminator present',
    '!throttled',
    '!!!uncorrectable machine check',
    '!correctable machine check',
  ),
  8: rows(
    'present',
    '!!failure',
    '!predictive failure',
    '!!AC lost',
    '!!AC lost or out of range',
    '!!AC out of range',
    '!!configuration error',
    'inactive',
  ),
  9: rows(
    'power off',
    'power cycle',
    '!!240 VA power down',
    '!interlock power down',
    '!!AC lost',
    '!!soft power control failure',
    '!!failure',
    '!predictive failure',
  ),
  12: rows(
    '!correctable ECC error',
    '!!uncorrectable ECC error',
    '!!parity error',
    '!!scrub failed',
    '!!memory disabled',
    '!correctable ECC limit reached',
    'present',
    '!!configuration error',
    'spare',
    '!throttled',
    '!!over-temperature',
  ),
  13: rows(
    'present',
    '!!drive fault',
    '!predictive failure',
    'hot spare',
    'consistency check',
    '!!in critical array',
    '!!!in failed array',
    '!rebuilding',
    '!!rebuild aborted',
  ),
  15: rows('!!POST error', '!!firmware hang', 'firmware progress'),
  16: rows(
    '!correctable error logging disabled',
    '!event logging disabled for a type',
    'log cleared',
    '!all event logging disabled',
    '!!log full',
    '!log almost full',
    '!machine check logging disabled',
  ),
  17: rows(
    '!!BIOS reset',
    '!!OS reset',
    '!!OS shut down',
    '!!OS power down',
    '!!OS power cycle',
    '!OS NMI',
    '!OS expired',
    '!OS pre-timeout',
  ),
  18: rows('reconfigured', 'OEM boot event', '!!undetermined hardware failure', 'auxiliary log entry', 'PEF action', 'clock synchronised'),
  19: rows(
    '!!front panel NMI',
    '!!bus timeout',
    '!!I/O channel check NMI',
    '!!software NMI',
    '!!PCI PERR',
    '!!PCI SERR',
    '!!EISA fail-safe timeout',
    '!bus correctable error',
    '!!bus uncorrectable error',
    '!!!fatal NMI',
    '!!!bus fatal error',
    '!bus degraded',
  ),
  20: rows('power button', 'sleep button', 'reset button', 'FRU latch open', 'FRU service request'),
  25: rows('!!soft power control failure', '!!!thermal trip'),
  27: rows('connected', '!!configuration error'),
  29: rows('power up', 'hard reset', 'warm reset', 'PXE boot requested', 'diagnostic boot', 'OS hard reset', 'OS warm reset', 'restart'),
  30: rows('!no bootable media', '!non-bootable disk', '!PXE server not found', '!invalid boot sector', '!boot selection timeout'),
  31: rows(
    'A: boot',
    'C: boot',
    'PXE boot',
    'diagnostic boot',
    'CD-ROM boot',
    'ROM boot',
    'boot',
    'OS installation started',
    'OS installed',
  ),
  32: rows(
    '!!stopped while loading',
    '!!!run-time critical stop',
    'graceful stop',
    'graceful shutdown',
    'soft shutdown',
    '!agent not responding',
  ),
  33: rows(
    '!!fault',
    'identify',
    'device installed',
    'ready for installation',
    'ready for removal',
    'power off',
    'removal request',
    '!interlock',
    'disabled',
    'spare',
  ),
  34: rows(
    'S0/G0 working',
    'S1',
    'S2',
    'S3',
    'S4',
    'S5/G2 soft off',
    'S4/S5',
    'G3 mechanical off',
    'sleeping',
    'G1 sleeping',
    'S5 by override',
    'legacy on',
    'legacy off',
    '',
    'unknown',
  ),
  35: rows('!timer expired', '!!hard reset', '!!power down', '!!power cycle', '', '', '', '', '!timer interrupt'),
  36: rows('page alert sent', 'LAN alert sent', 'event trap sent', 'SNMP trap sent'),
  37: rows('present', 'absent', 'disabled'),
  39: rows('!heartbeat lost', 'heartbeat'),
  40: rows(
    '!sensor access degraded',
    '!controller access degraded',
    '!!controller off line',
    '!!controller unavailable',
    '!sensor failure',
    '!!FRU failure',
  ),
  41: rows('!battery low', '!!battery failed', 'present'),
  42: rows('session activated', 'session deactivated', '!invalid user or password', '!user disabled by bad passwords'),
  43: rows(
    'hardware changed',
    'firmware changed',
    '!hardware incompatible',
    '!firmware incompatible',
    '!!invalid hardware version',
    '!!invalid firmware version',
    'hardware change ok',
    'firmware change ok',
  ),
  44: rows(
    'not installed',
    'inactive',
    'activation requested',
    'activating',
    'active',
    'deactivation requested',
    'deactivating',
    '!communication lost',
  ),
}

/** Types whose digital "asserted" is a fault: temperature, voltage, current, fan, processor, supply, cooling, memory, drive, bus. */
const WATCHED = new Set([0x01, 0x02, 0x03, 0x04, 0x07, 0x08, 0x0a, 0x0c, 0x0d, 0x13, 0x15, 0x16, 0x29])
const FAULT_NAME = /fault|fail|fault|error|over|warn|therm|crit|lost|bad|hot/i
const HARMLESS_NAME = /presen|power on|host power|\bok\b|good|enable|redundan|ready/i

/** Digital sensors say only "asserted": what they watch, and their name, decide whether that is bad. */
function assertedGravity(type: number, name: string): Gravity {
  if (HARMLESS_NAME.test(name)) return 0
  if (FAULT_NAME.test(name)) return 2
  return WATCHED.has(type) ? 2 : 0
}

/** Meaning of one state bit or event offset; unknown ones are named by number and not called bad. */
export function stateMeaning(eventType: number, sensorType: number, offset: number, name: string): StateMeaning {
  const table = eventType === 0x6f ? SPECIFIC[sensorType] : GENERIC[eventType]
  const known = table?.[offset]
  if (!known) return { text: eventType >= 0x70 || sensorType >= 0xc0 ? `OEM state ${offset}` : `state ${offset}`, gravity: 0 }
  if (eventType === 0x03 && offset === 1) return { text: known.text, gravity: assertedGravity(sensorType, name) }
  return known
}
