import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { ProbeError, reasonOf } from '../../core/model/reason.ts'

/** The conversation with one BMC over a socket that all BMCs share. */
export interface UdpLink {
  readonly address: string
  readonly port: number
  /** `unheard`: a refusal to send is not told (which costs a tick of its own), because whoever asks will ask again. */
  send(datagram: Buffer, unheard?: boolean): void
  /** Called with every datagram from this address and port. */
  receive: (datagram: Buffer) => void
  /** Called when the operating system refuses to send (no route, no permission). */
  failed: (error: ProbeError) => void
  close(): void
}

/**
 * At most one UDP socket per address family for any number of BMCs, opened with the first link and closed with the last.
 * A BMC is known by its address and port; several links to one BMC all see its datagrams and take what is theirs.
 */
export interface UdpHub {
  /** Resolves the name; throws ProbeError `dns`. */
  link(address: string, port: number): Promise<UdpLink>
  readonly sockets: number
  readonly links: number
}

interface Shared {
  readonly socket: Socket
  readonly peers: Map<string, Set<UdpLink>>
  users: number
}

/** Enough for the answers of 200 BMCs with four requests outstanding each. */
const RECEIVE_BUFFER = 1 << 20

export function createUdpHub(): UdpHub {
  const families = new Map<4 | 6, Shared>()

  function release(family: 4 | 6, link: UdpLink, key: string): void {
    const shared = families.get(family)
    const peers = shared?.peers.get(key)
    if (!shared || !peers?.delete(link)) return
    if (peers.size === 0) shared.peers.delete(key)
    if (--shared.users > 0) return
    families.delete(family)
    shared.socket.close()
  }

  return {
    async link(address, port) {
      const { ip, family } = await resolveAddress(address)
      let shared = families.get(family)
      if (!shared) {
        shared = openSocket(family)
        families.set(family, shared)
      }
      const { socket, peers } = shared
      shared.users += 1
      const key = `${ip}|${port}`
      const onSent = (error: Error | null): void => {
        if (error) link.failed(new ProbeError(reasonOf(error), `cannot send to ${ip}:${port}: ${error.message}`, { cause: error }))
      }
      const link: UdpLink = {
        address: ip,
        port,
        receive: () => {},
        failed: () => {},
        send: (datagram, unheard) => (unheard ? socket.send(datagram, port, ip) : socket.send(datagram, port, ip, onSent)),
        close: () => release(family, link, key),
      }
      const links = peers.get(key)
      if (links) links.add(link)
      else peers.set(key, new Set([link]))
      return link
    },
    get sockets() {
      return families.size
    },
    get links() {
      let count = 0
      for (const shared of families.values()) count += shared.users
      return count
    },
  }
}

function openSocket(family: 4 | 6): Shared {
  // Addresses arrive resolved, so that sending never waits for the resolver.
  const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', lookup: (host, _options, done) => done(null, host, family) })
  const peers = new Map<string, Set<UdpLink>>()
  socket.on('message', (datagram, from) => {
    const links = peers.get(`${from.address}|${from.port}`)
    if (links) for (const link of links) link.receive(datagram)
  })
  socket.on('error', (error) => {
    const failure = new ProbeError(reasonOf(error), `UDP socket: ${error.message}`, { cause: error })
    for (const links of peers.values()) for (const link of links) link.failed(failure)
  })
  socket.bind(0, () => {
    try {
      socket.setRecvBufferSize(RECEIVE_BUFFER)
    } catch {
      // The system's default is enough for a few BMCs; retransmission covers the rest.
    }
  })
  socket.unref()
  return { socket, peers, users: 0 }
}

async function resolveAddress(address: string): Promise<{ ip: string; family: 4 | 6 }> {
  const known = isIP(address)
  if (known !== 0) return { ip: address, family: known === 6 ? 6 : 4 }
  try {
    const found = await lookup(address)
    return { ip: found.address, family: found.family === 6 ? 6 : 4 }
  } catch (error) {
    throw new ProbeError('dns', `the name ${address} does not resolve`, { cause: error })
  }
}
