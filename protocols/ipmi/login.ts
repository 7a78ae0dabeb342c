import { ProbeError } from '../../core/model/reason.ts'
import { NoAnswerError, type Timing } from './ask.ts'
import { type Login, PRIVILEGE } from './credentials.ts'
import { type AuthCapabilities, decodeAuthCapabilities, encodeAuthCapabilities } from './ipmi15.ts'
import { login15 } from './login15.ts'
import { login20 } from './login20.ts'
import { askPlain } from './plain.ts'
import type { SessionWire } from './session.ts'
import { CIPHER_SUITES, type CipherSuite, isWeak } from './suite.ts'
import type { UdpLink } from './udp.ts'

/** Suite numbers to suites. Throws ProbeError `config` for unknown ones, and for 0–2, 15 and 16 unless `allowWeak`. */
export function chooseSuites(ids: readonly number[], allowWeak: boolean): CipherSuite[] {
  return ids.map((id) => {
    const suite = CIPHER_SUITES.get(id)
    if (!suite) throw new ProbeError('config', `cipher suite ${id} is not supported (known: ${[...CIPHER_SUITES.keys()].join(', ')})`)
    if (isWeak(suite) && !allowWeak) {
      throw new ProbeError('config', `cipher suite ${id} does not protect the session: use 3 or 17, or set allow_weak: true`)
    }
    return suite
  })
}

/** Finds out what the BMC speaks and opens a session. Every failure is a ProbeError that says which of the two sides to look at. */
export async function login(link: UdpLink, how: Login, timing: Timing, signal: AbortSignal): Promise<SessionWire> {
  const able = await capabilities(link, PRIVILEGE[how.privilege], timing, signal)
  if (how.version === '1.5' || (how.version === 'auto' && !able.v20)) return login15(link, how, able, timing, signal)
  if (!able.v20) throw new ProbeError('mismatch', `${link.address} speaks IPMI 1.5 only: set version: auto or 1.5`)
  if (able.twoKey && !how.kg) {
    throw new ProbeError('auth_failed', `${link.address} has a BMC key (K_G) set: give it as option kg`)
  }
  const refusals: ProbeError[] = []
  for (const suite of how.suites) {
    try {
      return await login20(link, how, suite, timing, signal)
    } catch (error) {
      // Another suite helps when this one was refused, or when it made the BMC fall silent.
      const silent = error instanceof NoAnswerError && how.suites.length > 1
      if (!(error instanceof ProbeError) || signal.aborted || (error.reason !== 'mismatch' && !silent)) throw error
      refusals.push(error)
    }
  }
  const tried = how.suites.map((suite) => suite.id).join(', ')
  const refusal = refusals.find((error) => error.reason === 'mismatch') ?? refusals[0]
  if (refusal?.reason === 'mismatch') {
    throw new ProbeError('mismatch', `${link.address} accepts none of the cipher suites ${tried}: ${refusal.message}`, { cause: refusal })
  }
  throw refusal ?? new ProbeError('config', 'no cipher suite is configured')
}

/** The first question to every BMC, in IPMI 1.5 clothes (§13.14): tells a dead BMC from one that refuses us. */
async function capabilities(link: UdpLink, privilege: number, timing: Timing, signal: AbortSignal): Promise<AuthCapabilities> {
  const extended = await askPlain(link, 'Get Channel Authentication Capabilities', 0x38, encodeAuthCapabilities(privilege), timing, signal)
  // IPMI 1.5 BMCs may refuse the reserved bit that asks for the 2.0 fields.
  const answer =
    extended.code === 0
      ? extended
      : await askPlain(link, 'Get Channel Authentication Capabilities', 0x38, Buffer.from([0x0e, privilege]), timing, signal)
  const able = answer.code === 0 ? decodeAuthCapabilities(answer.data) : null
  if (!able) throw new ProbeError('protocol', `${link.address} refuses to tell its authentication capabilities (code ${answer.code})`)
  return able
}
