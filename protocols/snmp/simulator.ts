import { createSocket } from 'node:dgram'
import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Varbind } from '../../core/profile/varbind.ts'
import { createResponder } from './responder.ts'

export interface SimulatorOptions {
  readonly varbinds: readonly Varbind[]
  /** Default 127.0.0.1 and a free port. */
  readonly host?: string
  readonly port?: number
  readonly community?: string
  /** Before each answer, ms. */
  readonly delayMs?: number
  /** Share of requests that get no answer, 0 … 1. */
  readonly loss?: number
  /** true: counters count, sysUpTime runs, gauges and larger integers move a little. Or what to answer instead of a recorded value. */
  readonly vary?: boolean | ((varbind: Varbind) => Varbind)
  readonly clock: Clock
  /** For loss; default Math.random. */
  readonly random?: () => number
}

export interface SimulatedDevice {
  readonly host: string
  readonly port: number
  close(): Promise<void>
}

/** A recording as a device on a UDP port. Rejects when the port is taken. */
export async function startSimulator(options: SimulatorOptions): Promise<SimulatedDevice> {
  const { host = '127.0.0.1', delayMs = 0, loss = 0, random = Math.random, clock } = options
  const respond = createResponder({
    varbinds: options.varbinds,
    ...(options.community === undefined ? {} : { community: options.community }),
    ...(options.vary ? { vary: options.vary === true ? createVariation(clock) : options.vary } : {}),
  })
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 })
  const pending = new Set<NodeJS.Timeout>()
  socket.on('message', (datagram, from) => {
    if (loss > 0 && random() < loss) return
    const answer = respond(datagram)
    if (!answer) return
    if (delayMs <= 0) {
      socket.send(answer, from.port, from.address)
      return
    }
    const timer = setTimeout(() => {
      pending.delete(timer)
      socket.send(answer, from.port, from.address)
    }, delayMs)
    pending.add(timer)
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(options.port ?? 0, host, () => {
      socket.off('error', reject)
      resolve()
    })
  })
  // A peer that went away answers with ICMP errors: no reason to stop serving the others.
  socket.on('error', () => undefined)
  return {
    host,
    port: socket.address().port,
    close: () =>
      new Promise((resolve) => {
        for (const timer of pending) clearTimeout(timer)
        socket.close(() => resolve())
      }),
  }
}

/** Each value moves in its own way, the same at each start. */
export function createVariation(clock: Clock): (varbind: Varbind) => Varbind {
  const start = clock.monotonic()
  return (varbind) => {
    const { oid, type, value } = varbind
    if (typeof value !== 'number' && typeof value !== 'bigint') return varbind
    const seconds = (clock.monotonic() - start) / 1000
    const seed = seedOf(oid)
    switch (type) {
      case 'timeticks':
        return { ...varbind, value: (Number(value) + Math.floor(seconds * 100)) % 2 ** 32 }
      case 'counter32':
        return { ...varbind, value: (Number(value) + Math.floor(seconds * (seed % 5000))) % 2 ** 32 }
      case 'counter64':
        return { ...varbind, value: BigInt.asUintN(64, BigInt(value) + BigInt(Math.floor(seconds * (seed % 500_000)))) }
      default: {
        // Small integers are states and codes; they stay.
        if (Math.abs(Number(value)) < 100) return varbind
        const moved = Math.round(Number(value) * (1 + 0.02 * Math.sin(seconds / 20 + seed)))
        return { ...varbind, value: type === 'gauge32' ? Math.min(2 ** 32 - 1, moved) : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, moved)) }
      }
    }
  }
}

function seedOf(text: string): number {
  let hash = 2166136261
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619) >>> 0
  return hash
}
