import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { plainAddress } from '../../core/net/cidr.ts'
import { cannotListen } from '../cannot-listen.ts'
import { BerError } from './ber.ts'
import { acknowledge, decodeTrap, readVersion, type TrapMessage } from './trap-message.ts'
import { createV3Receiver, type TrapRefusal, type V3Receiver, type V3User } from './trap-v3.ts'

export interface TrapReceiverOptions {
  /** `0.0.0.0`, `::` for both families, or one address of this host. */
  readonly host: string
  readonly port: number
  /** Those of versions 1 and 2c; none: these versions are refused. */
  readonly communities: readonly string[]
  readonly users: readonly V3User[]
  readonly engineId: string
  /** Monotonic ms. */
  readonly now: () => number
  /** Asked before a byte is parsed. */
  readonly admit: (address: string) => boolean
  readonly onTrap: (trap: TrapMessage, source: string) => void
  readonly onRefused: (why: TrapRefusal, source: string) => void
}

export interface TrapReceiver {
  readonly port: number
  close(): Promise<void>
}

/** Enough for a storm that comes while the program is busy; the system may grant less. */
const RECEIVE_BUFFER = 4 << 20

/** Listens for traps and informs; informs are answered once they are known to be genuine. Throws ProbeError when the port can't be had. */
export async function openTrapReceiver(options: TrapReceiverOptions): Promise<TrapReceiver> {
  const socket = createSocket({ type: isIPv6(options.host) ? 'udp6' : 'udp4' })
  await bind(socket, options)
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER)
  } catch {
    // The system's default holds some hundred traps; what is lost beyond it the next poll shows.
  }
  const v3 = createV3Receiver(options.users, options.engineId, options.now)
  const communities = new Set(options.communities)
  socket.on('message', (datagram, from) => {
    const source = plainAddress(from.address)
    if (!options.admit(source)) return
    const answer = (bytes: Uint8Array): void => socket.send(bytes, from.port, from.address, () => {})
    const taken = take(datagram, communities, v3, answer)
    if (typeof taken !== 'string') options.onTrap(taken, source)
    else if (taken !== 'reported') options.onRefused(taken, source)
  })
  // ICMP errors for answers to a sender that is gone.
  socket.on('error', () => {})
  return {
    port: socket.address().port,
    close: () =>
      new Promise((resolve) => {
        v3.close()
        socket.close(() => resolve())
      }),
  }
}

function take(
  datagram: Buffer,
  communities: ReadonlySet<string>,
  v3: V3Receiver,
  answer: (bytes: Uint8Array) => void,
): TrapMessage | TrapRefusal | 'reported' {
  try {
    const version = readVersion(datagram)
    if (version === 3) return v3.take(datagram, answer)
    if (version !== 0 && version !== 1) return 'version'
    const trap = decodeTrap(datagram)
    if (!communities.has(trap.principal)) return 'community'
    if (trap.inform) answer(acknowledge(datagram))
    return trap
  } catch (error) {
    if (error instanceof BerError) return 'malformed'
    throw error
  }
}

function bind(socket: Socket, { host, port }: TrapReceiverOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close()
      reject(cannotListen(`UDP ${host}:${port}`, error))
    })
    socket.bind(port, host, () => {
      socket.removeAllListeners('error')
      resolve()
    })
  })
}
