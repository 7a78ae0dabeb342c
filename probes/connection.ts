import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls'
import type { Clock } from '../core/lifecycle/clock.ts'
import { ProbeError } from '../core/model/reason.ts'
import { certificateProblem, tlsProblem } from './tls-problem.ts'

/** How the server's certificate is judged. */
export interface Trust {
  readonly verify: boolean
  readonly servername?: string | undefined
  /** PEM */
  readonly ca?: string | undefined
}

/** Phases of opening, ms. */
export interface OpeningTimes {
  dns_ms?: number
  connect_ms?: number
  tls_ms?: number
}

export interface Leaf {
  readonly source: string
  readonly certificate: PeerCertificate
  readonly problem: string | null
}

/** What to open, and who is told of its parts. */
export interface Opening {
  readonly host: string
  readonly port: number
  /** null for plain TCP. */
  readonly trust: Trust | null
  readonly alpn?: readonly string[]
  readonly times: OpeningTimes
  /** Hears of the certificate also when it is refused. */
  onLeaf(leaf: Leaf): void
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Opens the way to a server and judges its certificate before anything is sent, so that no password reaches one that can't prove
 * its name. Throws ProbeError and Node's own errors.
 */
export async function openConnection(opening: Opening): Promise<Socket> {
  const { host, port, trust, times, clock, signal } = opening
  const started = clock.monotonic()
  let resolved = started
  const socket = connect({ host, port })
  socket.once('lookup', () => {
    resolved = clock.monotonic()
    times.dns_ms = resolved - started
  })
  try {
    await settled(socket, 'connect', signal)
    times.connect_ms = clock.monotonic() - resolved
    return trust ? await openTls(socket, trust, opening) : socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

async function openTls(socket: Socket, trust: Trust, { host, port, alpn, times, onLeaf, clock, signal }: Opening): Promise<TLSSocket> {
  const started = clock.monotonic()
  const name = trust.servername ?? host
  // Judged below, so that a certificate that is refused is measured too.
  const secure = connectTls({
    socket,
    host: name,
    rejectUnauthorized: false,
    ...(alpn ? { ALPNProtocols: [...alpn] } : {}),
    ...(isIP(name) ? {} : { servername: name }),
    ...(trust.ca === undefined ? {} : { ca: trust.ca }),
  })
  try {
    await settled(secure, 'secureConnect', signal)
  } catch (error) {
    const words = tlsProblem(error)
    throw words ? new ProbeError('tls', words, { cause: error }) : error
  }
  times.tls_ms = clock.monotonic() - started
  const problem = certificateProblem(secure)
  onLeaf({ source: `${host}:${port}`, certificate: secure.getPeerCertificate(), problem })
  if (problem !== null && trust.verify) {
    secure.destroy()
    throw new ProbeError('tls', problem)
  }
  return secure
}

/** Resolves at `event`; rejects at an error, at the peer's close and at the abort. Later errors of the socket are heard and let go. */
function settled(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new ProbeError('timeout', 'no connection in time'))
    const end = (): void => signal.removeEventListener('abort', late)
    if (signal.aborted) late()
    signal.addEventListener('abort', late, { once: true })
    socket.once(event, () => {
      end()
      resolve()
    })
    socket.on('error', (error) => {
      end()
      reject(error)
    })
    socket.once('close', () => {
      end()
      reject(new ProbeError(event === 'connect' ? 'refused' : 'tls', 'the peer closed the connection'))
    })
  })
}
