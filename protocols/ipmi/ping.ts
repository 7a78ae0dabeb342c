import { createSocket } from 'node:dgram'
import { setTimeout as delay } from 'node:timers/promises'
import { decodePong, encodePing, RMCP_PORT } from './rmcp.ts'

export interface FoundBmc {
  readonly address: string
  /** Answers IPMI over LAN, not only ASF. */
  readonly ipmi: boolean
  readonly oem: number
  readonly rttMs: number
}

export interface PingOptions {
  readonly port?: number
  /** Wait for the last answers, ms; default 1000. */
  readonly timeoutMs?: number
  /** Default 200 per second: a sweep must not look like an attack. */
  readonly perSecond?: number
  /** Presence pings are UDP: lost ones are sent again this often. Default 1. */
  readonly retries?: number
  readonly signal?: AbortSignal
}

/** RMCP presence ping to many IPv4 addresses over one socket, without login. Resolves with those that answered. */
export async function pingBmcs(addresses: readonly string[], options: PingOptions = {}): Promise<FoundBmc[]> {
  const { port = RMCP_PORT, timeoutMs = 1000, perSecond = 200, retries = 1, signal } = options
  const found = new Map<string, FoundBmc>()
  const sent = new Map<string, number>()
  const socket = createSocket('udp4')
  socket.on('message', (datagram, from) => {
    const pong = from.port === port ? decodePong(datagram) : null
    const at = sent.get(from.address)
    if (!pong || at === undefined || found.has(from.address)) return
    found.set(from.address, { address: from.address, ipmi: pong.ipmi, oem: pong.oem, rttMs: performance.now() - at })
  })
  // Answered "no route" and the like: that address is not a BMC, the sweep goes on.
  socket.on('error', () => {})
  const batch = Math.max(1, Math.round(perSecond / 20))
  try {
    for (let round = 0; round <= retries; round++) {
      const left = addresses.filter((address) => !found.has(address))
      for (let i = 0; i < left.length; i++) {
        const address = left[i]
        if (address === undefined) continue
        sent.set(address, performance.now())
        socket.send(encodePing(i % 255), port, address, () => {})
        if (i % batch === batch - 1) await delay(50, undefined, { signal })
      }
      const deadline = performance.now() + timeoutMs
      while (found.size < addresses.length && performance.now() < deadline) await delay(10, undefined, { signal })
      if (found.size === addresses.length) break
    }
  } finally {
    socket.close()
  }
  return addresses.flatMap((address) => found.get(address) ?? [])
}

/** Null when nothing answers. */
export async function pingBmc(address: string, options: PingOptions = {}): Promise<FoundBmc | null> {
  return (await pingBmcs([address], options))[0] ?? null
}
