import { ProbeError, type Reason } from '../../core/model/reason.ts'

/** How a request failed, for those who can do something about it: split it, drop an OID, ask again. */
export type FailureKind = 'timeout' | 'too_big' | 'bad_oid' | 'time_window' | 'auth' | 'aborted' | 'other'

export class SnmpFailure extends ProbeError {
  readonly kind: FailureKind
  /** The OID the device complained about, when it named one. */
  readonly oid: string | null

  constructor(kind: FailureKind, reason: Reason, message: string, oid: string | null = null) {
    super(reason, message)
    this.name = 'SnmpFailure'
    this.kind = kind
    this.oid = oid
  }
}

const AUTH_WORDS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/unknown user/i, 'the device does not know this SNMPv3 user'],
  [/wrong digest/i, 'wrong authentication password or protocol'],
  [/decryption error/i, 'the device could not decrypt: wrong privacy password or protocol'],
  [/unsupported security level/i, 'the device does not allow this security level for the user'],
  [/digest .* does not match/i, "the answer's digest is wrong: wrong authentication password or protocol"],
]

/** SNMP error-status values (RFC 3416). */
const TOO_BIG = 1
const NO_SUCH_NAME = 2
const AUTHORIZATION_ERROR = 16

/**
 * Anything net-snmp gives to a callback, in words. Its own message about a digest holds the digest that would have been right,
 * so it never goes further than this. A wrong privacy password is mostly answered by silence: then only a hint is possible.
 */
export function failureOf(error: Error, version: '1' | '2c' | '3', privacy: boolean): SnmpFailure {
  if (error instanceof SnmpFailure) return error
  const status = (error as { status?: unknown }).status
  if (error.name === 'RequestTimedOutError') {
    const hint = privacy
      ? '; a wrong privacy password looks like this too'
      : version === '3'
        ? ''
        : '; a wrong community looks like this too'
    return new SnmpFailure('timeout', 'timeout', `no answer${hint}`)
  }
  if (error.name === 'RequestFailedError') return statusFailure(typeof status === 'number' ? status : 5, error.message)
  if (error.name === 'ResponseInvalidError') return invalidFailure(error)
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return new SnmpFailure('other', 'unreachable', `no way to the device (${code})`)
  if (code === 'EACCES' || code === 'EPERM') return new SnmpFailure('other', 'permission', `sending is not allowed (${code})`)
  return new SnmpFailure('other', 'protocol', `unreadable answer (${error.name})`)
}

function statusFailure(status: number, message: string): SnmpFailure {
  const oid = /: ([\d.]+)$/.exec(message)?.[1] ?? null
  if (status === TOO_BIG) return new SnmpFailure('too_big', 'protocol', 'the answer would be too big for the device')
  if (status === AUTHORIZATION_ERROR) return new SnmpFailure('auth', 'auth_failed', 'the device does not authorise this user or community')
  if (status === NO_SUCH_NAME) return new SnmpFailure('bad_oid', 'no_such', 'noSuchName', oid)
  return new SnmpFailure('bad_oid', 'protocol', `the device answered with error ${message.replace(/: [\d.]+$/, '')}`, oid)
}

function invalidFailure(error: Error): SnmpFailure {
  const { message } = error
  if (/time window/i.test(message)) return new SnmpFailure('time_window', 'auth_failed', "the device's engine time does not fit")
  if (/unknown engine/i.test(message)) return new SnmpFailure('time_window', 'auth_failed', 'the device has a new engine id')
  const known = AUTH_WORDS.find(([pattern]) => pattern.test(message))
  if (known) return new SnmpFailure('auth', 'auth_failed', known[1])
  if (/decrypt/i.test(message))
    return new SnmpFailure('auth', 'auth_failed', 'the answer could not be decrypted: wrong privacy password or protocol')
  if (/community/i.test(message)) return new SnmpFailure('auth', 'auth_failed', 'the answer came with another community')
  return new SnmpFailure('other', 'protocol', 'the answer does not fit the request')
}
