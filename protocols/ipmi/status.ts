import { ProbeError, type Reason } from '../../core/model/reason.ts'

/** Status codes of Open Session and RAKP (IPMI 2.0 §13.24, table 13-15) and completion codes (§5.2, table 5-2) in words. */

interface Meaning {
  readonly reason: Reason
  readonly text: string
}

const RAKP: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [0x01, { reason: 'busy', text: 'the BMC has no free session (close others, or wait until they expire)' }],
  [0x02, { reason: 'protocol', text: 'the BMC says: invalid session id' }],
  [0x03, { reason: 'protocol', text: 'the BMC says: invalid payload type' }],
  [0x04, { reason: 'mismatch', text: 'the BMC does not know the authentication algorithm' }],
  [0x05, { reason: 'mismatch', text: 'the BMC does not know the integrity algorithm' }],
  [0x06, { reason: 'mismatch', text: 'no matching authentication payload' }],
  [0x07, { reason: 'mismatch', text: 'no matching integrity payload' }],
  [0x08, { reason: 'protocol', text: 'the BMC says: inactive session id' }],
  [0x09, { reason: 'auth_failed', text: 'the user may not log in at this privilege level' }],
  [0x0a, { reason: 'auth_failed', text: 'the user may not log in at this role or privilege level' }],
  [0x0b, { reason: 'busy', text: 'the BMC has no resources for a session at this privilege level' }],
  [0x0c, { reason: 'protocol', text: 'the BMC says: invalid name length' }],
  [0x0d, { reason: 'auth_failed', text: 'wrong user: the BMC does not know this name, or it is not enabled for IPMI over LAN' }],
  [0x0e, { reason: 'auth_failed', text: 'the BMC needs a GUID for this login' }],
  [0x0f, { reason: 'auth_failed', text: 'wrong password: the BMC refused our integrity check value' }],
  [0x10, { reason: 'mismatch', text: 'the BMC does not know the confidentiality algorithm' }],
  [0x11, { reason: 'mismatch', text: 'no matching cipher suite' }],
  [0x12, { reason: 'protocol', text: 'the BMC says: illegal parameter' }],
])

/** Statuses that mean "not with this cipher suite", so that the next one is worth a try. */
export const isSuiteRefusal = (status: number): boolean => RAKP.get(status)?.reason === 'mismatch'

export function rakpStatus(status: number): Meaning {
  return RAKP.get(status) ?? { reason: 'protocol', text: `the BMC refused the session with status ${hex(status)}` }
}

export const COMPLETION = {
  ok: 0x00,
  busy: 0xc0,
  invalidCommand: 0xc1,
  timeout: 0xc3,
  outOfSpace: 0xc4,
  reservationCancelled: 0xc5,
  lengthInvalid: 0xc7,
  lengthLimit: 0xc8,
  outOfRange: 0xc9,
  cannotReturnBytes: 0xca,
  notPresent: 0xcb,
  invalidField: 0xcc,
  illegalForSensor: 0xcd,
  noResponse: 0xce,
  sdrUpdating: 0xd0,
  initializing: 0xd2,
  unavailable: 0xd3,
  privilege: 0xd4,
  notInThisState: 0xd5,
  disabled: 0xd6,
  unspecified: 0xff,
} as const

const WORDS: ReadonlyMap<number, string> = new Map<number, string>([
  [COMPLETION.busy, 'node busy'],
  [COMPLETION.invalidCommand, 'command not supported'],
  [0xc2, 'command not supported on this LUN'],
  [COMPLETION.timeout, 'the BMC timed out while doing it'],
  [COMPLETION.outOfSpace, 'out of space'],
  [COMPLETION.reservationCancelled, 'reservation cancelled'],
  [0xc6, 'request truncated'],
  [COMPLETION.lengthInvalid, 'request length invalid'],
  [COMPLETION.lengthLimit, 'request length limit exceeded'],
  [COMPLETION.outOfRange, 'parameter out of range'],
  [COMPLETION.cannotReturnBytes, 'cannot return that many bytes'],
  [COMPLETION.notPresent, 'no such sensor, data or record'],
  [COMPLETION.invalidField, 'invalid field in the request'],
  [COMPLETION.illegalForSensor, 'command illegal for this sensor'],
  [COMPLETION.noResponse, 'response could not be provided'],
  [0xcf, 'duplicated request'],
  [COMPLETION.sdrUpdating, 'SDR repository is being updated'],
  [0xd1, 'firmware is being updated'],
  [COMPLETION.initializing, 'BMC is initializing'],
  [COMPLETION.unavailable, 'destination unavailable'],
  [COMPLETION.privilege, 'privilege too low'],
  [COMPLETION.notInThisState, 'not supported in the present state'],
  [COMPLETION.disabled, 'disabled or unavailable'],
  [COMPLETION.unspecified, 'unspecified error'],
])

export const completionText = (code: number): string => WORDS.get(code) ?? `completion code ${hex(code)}`

const REASON: ReadonlyMap<number, Reason> = new Map<number, Reason>([
  [COMPLETION.busy, 'busy'],
  [COMPLETION.timeout, 'busy'],
  [COMPLETION.sdrUpdating, 'busy'],
  [0xd1, 'busy'],
  [COMPLETION.initializing, 'busy'],
  [COMPLETION.invalidCommand, 'no_such'],
  [COMPLETION.notPresent, 'no_such'],
  [COMPLETION.privilege, 'permission'],
])

/** A command that the BMC answered with a completion code other than 0. */
export class CompletionError extends ProbeError {
  readonly code: number
  constructor(code: number, what: string) {
    const hint = code === COMPLETION.privilege ? ' (set privilege: operator or administrator if the user has it)' : ''
    super(REASON.get(code) ?? 'protocol', `${what}: ${completionText(code)} (${hex(code)})${hint}`)
    this.name = 'CompletionError'
    this.code = code
  }
}

export const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`
