import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { EventEmitter } from 'node:events'
import { isIPv6 } from 'node:net'
import type { Counters } from '../../core/lifecycle/counters.ts'

/** A burst of answers must fit into the socket's receive buffer: the default of 212 992 bytes holds some 256 small datagrams. */
const MAX_IN_FLIGHT = 150
const RECEIVE_BUFFER = 1 << 20

/** One UDP socket that many sessions share. Answers are routed by source address and port; what comes from elsewhere is counted and dropped. */
export interface SharedSocket {
  /** For net-snmp's `dgramModule`: a pretended socket that only ever talks to this endpoint. */
  moduleFor(address: string, port: number): { createSocket(): unknown }
  /** Waits for a free place among the requests in flight; the returned function gives it back. Rejects when the signal aborts. */
  slot(signal: AbortSignal): Promise<() => void>
  readonly inFlight: number
}

export interface SnmpSockets {
  /** The socket with least to do for an IPv4 or IPv6 address. */
  forAddress(address: string): SharedSocket
  close(): void
}

export interface SocketOptions {
  readonly counters: Counters
  /** Sockets per address family; each bears 150 requests in flight. */
  readonly perFamily?: number
}

export function createSnmpSockets(options: SocketOptions): SnmpSockets {
  const pools: Record<'udp4' | 'udp6', Shared[]> = { udp4: [], udp6: [] }
  return {
    forAddress(address) {
      const family = isIPv6(address) ? 'udp6' : 'udp4'
      const pool = pools[family]
      if (pool.length < (options.perFamily ?? 4)) {
        const socket = new Shared(family, options.counters)
        pool.push(socket)
        return socket
      }
      return pool.reduce((best, socket) => (socket.inFlight < best.inFlight ? socket : best))
    },
    close() {
      for (const pool of Object.values(pools)) for (const socket of pool.splice(0)) socket.close()
    },
  }
}

class Shared implements SharedSocket {
  readonly #family: 'udp4' | 'udp6'
  readonly #counters: Counters
  readonly #routes = new Map<string, Set<Pretended>>()
  readonly #waiting: (() => void)[] = []
  #socket: Socket | null = null
  #busy = 0

  constructor(family: 'udp4' | 'udp6', counters: Counters) {
    this.#family = family
    this.#counters = counters
  }

  get inFlight(): number {
    return this.#busy + this.#waiting.length
  }

  moduleFor(address: string, port: number): { createSocket(): unknown } {
    const key = `${address}|${port}`
    return {
      createSocket: () => {
        const pretended = new Pretended(
          (message, done) => this.#send(message, address, port, done),
          () => this.#routes.get(key)?.delete(pretended),
        )
        const known = this.#routes.get(key) ?? new Set<Pretended>()
        known.add(pretended)
        this.#routes.set(key, known)
        return pretended
      },
    }
  }

  async slot(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.#busy >= MAX_IN_FLIGHT) await this.#wait(signal)
    else this.#busy++
    let given = false
    return () => {
      if (given) return
      given = true
      const next = this.#waiting.shift()
      if (next) next()
      else this.#busy--
    }
  }

  /** The place is handed over by whoever leaves, so `busy` does not change. */
  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const stop = (): void => {
        const at = this.#waiting.indexOf(go)
        if (at >= 0) this.#waiting.splice(at, 1)
        reject(signal.reason)
      }
      this.#waiting.push(go)
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  #send(message: Uint8Array, address: string, port: number, done: (error: Error | null) => void): void {
    const socket = this.#socket ?? this.#open()
    socket.send(message, port, address, (error) => {
      if (error) this.#counters.add('jifang_snmp_send_errors_total')
      done(error)
    })
  }

  #open(): Socket {
    const socket = createSocket({ type: this.#family, recvBufferSize: RECEIVE_BUFFER })
    socket.on('message', (message, from) => this.#deliver(message, from))
    // A broken socket is replaced by the next send; the requests on it time out.
    socket.on('error', () => {
      this.#counters.add('jifang_snmp_socket_errors_total')
      if (this.#socket === socket) this.#socket = null
      socket.close()
    })
    socket.unref()
    this.#socket = socket
    return socket
  }

  #deliver(message: Buffer, from: RemoteInfo): void {
    const receivers = this.#routes.get(`${from.address}|${from.port}`)
    if (!receivers || receivers.size === 0) {
      this.#counters.add('jifang_snmp_stray_answers_total')
      return
    }
    for (const receiver of receivers) {
      try {
        receiver.emit('message', message, from)
      } catch {
        this.#counters.add('jifang_snmp_malformed_answers_total')
      }
    }
  }

  close(): void {
    this.#socket?.close()
    this.#socket = null
    this.#routes.clear()
  }
}

type Send = (message: Uint8Array, done: (error: Error | null) => void) => void

/** Looks like a dgram socket to net-snmp. Its timers keep the process alive while a request waits, so ref and unref are nothing here. */
class Pretended extends EventEmitter {
  readonly #send: Send
  readonly #leave: () => void

  constructor(send: Send, leave: () => void) {
    super()
    this.#send = send
    this.#leave = leave
  }

  send(buffer: Uint8Array, offset: number, length: number, _port: number, _target: string, done: (error: Error | null) => void): void {
    this.#send(buffer.subarray(offset, offset + length), done)
  }

  ref(): void {}
  unref(): void {}
  bind(): void {}

  close(): void {
    this.#leave()
    this.emit('close')
  }
}
