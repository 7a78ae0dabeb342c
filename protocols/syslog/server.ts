import { createSocket } from 'node:dgram'
import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import { plainAddress } from '../../core/net/cidr.ts'
import { cannotListen } from '../cannot-listen.ts'
import { SyslogFramer } from './framing.ts'

export interface SyslogServerOptions {
  readonly host: string
  readonly port: number
  readonly protocols: readonly ('udp' | 'tcp')[]
  /** Asked for every message before a byte of it is looked at; false drops it. */
  readonly admit: (address: string) => boolean
  /** Asked when a TCP connection comes: false closes it. */
  readonly welcome: (address: string) => boolean
  /** The bytes are only valid during the call. */
  readonly onMessage: (message: Uint8Array, address: string) => void
}

export interface SyslogServer {
  readonly connections: number
  close(): Promise<void>
}

const RECEIVE_BUFFER = 4 << 20
const MAX_BYTES = 16 * 1024
const MAX_CONNECTIONS = 256
const MAX_PER_SOURCE = 16
/** A connection that says nothing for this long is taken for dead; the sender opens another. */
const IDLE_MS = 3_600_000

/** Listens for syslog on UDP (RFC 5426) and TCP (RFC 6587). Throws ProbeError when a port can't be had. */
export async function openSyslogServer(options: SyslogServerOptions): Promise<SyslogServer> {
  const closers: (() => Promise<void>)[] = []
  const tcp = new Set<Socket>()
  try {
    if (options.protocols.includes('udp')) closers.push(await openUdp(options))
    if (options.protocols.includes('tcp')) closers.push(await openTcp(options, tcp))
  } catch (error) {
    await Promise.all(closers.map((close) => close()))
    throw error
  }
  return {
    get connections() {
      return tcp.size
    },
    async close() {
      await Promise.all(closers.map((close) => close()))
    },
  }
}

async function openUdp(options: SyslogServerOptions): Promise<() => Promise<void>> {
  const { host, port } = options
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close()
      reject(cannotListen(`UDP ${options.host}:${options.port}`, error))
    })
    socket.bind(port, host, () => {
      socket.removeAllListeners('error')
      resolve()
    })
  })
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER)
  } catch {
    // The system's default is smaller: bursts lose more.
  }
  socket.on('error', () => {})
  socket.on('message', (datagram, from) => {
    const address = plainAddress(from.address)
    if (options.admit(address)) options.onMessage(datagram.subarray(0, MAX_BYTES), address)
  })
  return () => new Promise((resolve) => socket.close(() => resolve()))
}

async function openTcp(options: SyslogServerOptions, connections: Set<Socket>): Promise<() => Promise<void>> {
  const perSource = new Map<string, number>()
  const server = createServer((socket) => {
    const address = plainAddress(socket.remoteAddress ?? '')
    const count = perSource.get(address) ?? 0
    if (count >= MAX_PER_SOURCE || !options.welcome(address)) {
      socket.destroy()
      return
    }
    perSource.set(address, count + 1)
    connections.add(socket)
    serve(socket, address, options)
    socket.once('close', () => {
      connections.delete(socket)
      const left = (perSource.get(address) ?? 1) - 1
      if (left > 0) perSource.set(address, left)
      else perSource.delete(address)
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  await listen(server, options)
  return async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of connections) socket.destroy()
    await closed
  }
}

function serve(socket: Socket, address: string, options: SyslogServerOptions): void {
  const framer = new SyslogFramer({
    maxBytes: MAX_BYTES,
    onFrame: (frame) => {
      if (options.admit(address)) options.onMessage(frame, address)
    },
  })
  socket.setTimeout(IDLE_MS, () => socket.destroy())
  socket.on('data', (chunk) => framer.push(chunk))
  socket.on('end', () => framer.end())
  // A reset: the connection closes, the sender comes back.
  socket.on('error', () => {})
}

function listen(server: Server, options: SyslogServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(`TCP ${options.host}:${options.port}`, error)))
    server.listen({ port: options.port, host: options.host }, () => {
      server.removeAllListeners('error')
      // Out of file descriptors and the like: the next connection is tried again.
      server.on('error', () => {})
      resolve()
    })
  })
}
