/**
 * Why a check has no complete answer; the closed set written to `check.reason`, to logs and to alarm texts.
 * `ok` is the only value with `up=1`.
 */
export const REASONS = [
  'ok',
  'timeout', // no answer within the deadline
  'refused', // the peer actively refused (RST, ICMP port unreachable)
  'unreachable', // no route, host unreachable, all packets lost
  'dns', // the name does not resolve
  'tls', // handshake or certificate failed
  'auth_failed', // wrong user, password, community or key
  'protocol', // the peer answered, but not by the standard
  'no_such', // the object asked for does not exist on the device
  'bad_value', // an answer outside of what can be true
  'no_data', // answered with nothing to measure
  'mismatch', // answered, but not as expected (status, body, banner)
  'partial', // some groups answered, some did not
  'unsupported', // this agent does not know the kind or an option
  'permission', // this process may not do it (socket, file, device)
  'missing_tool', // a program that the check needs is not installed
  'busy', // the device or its port is in use by somebody else
  'overrun', // the run did not end by its deadline and was abandoned
  'config', // an option can't be used as it stands (a secret that doesn't resolve)
  'internal', // a defect of jifang itself
] as const
export type Reason = (typeof REASONS)[number]

/** A failure with a known reason. Thrown by probes and protocols; the check wrapper turns it into a `check` sample. */
export class ProbeError extends Error {
  readonly reason: Reason
  constructor(reason: Reason, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'ProbeError'
    this.reason = reason
  }
}

const BY_ERRNO: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ETIMEDOUT: 'timeout',
  ABORT_ERR: 'timeout',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EACCES: 'permission',
  EPERM: 'permission',
  EBUSY: 'busy',
  ENOENT: 'missing_tool',
}

/** Maps anything thrown to a reason: a ProbeError's own, else by errno, else `internal`. */
export function reasonOf(error: unknown): Reason {
  if (error instanceof ProbeError) return error.reason
  if (error instanceof Error) {
    if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'timeout'
    const code = (error as NodeJS.ErrnoException).code
    if (code !== undefined) {
      const known = BY_ERRNO[code]
      if (known) return known
      if (/^(ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_SSL)/.test(code)) return 'tls'
    }
    if (error.cause !== undefined) return reasonOf(error.cause)
  }
  return 'internal'
}
