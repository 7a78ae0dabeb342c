import { connect, type Socket } from 'node:net'
import { ProbeError, type Reason } from '../../core/model/reason.ts'
import { lineName, type TcpAddress } from './address.ts'

const REASONS: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ETIMEDOUT: 'timeout',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
}

/** A connected socket; rejects with a ProbeError, also when the signal aborts before. Errors of the socket are heard from then on, too. */
export function connectTcp(address: TcpAddress, signal: AbortSignal): Promise<Socket> {
  const name = lineName(address)
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(notInTime(name))
    const socket = connect({ host: address.host, port: address.port, noDelay: true, keepAlive: true })
    const stop = (): void => {
      socket.destroy()
      reject(notInTime(name))
    }
    signal.addEventListener('abort', stop, { once: true })
    socket.on('error', (error) => {
      signal.removeEventListener('abort', stop)
      reject(socketError(address, error))
    })
    socket.once('connect', () => {
      signal.removeEventListener('abort', stop)
      resolve(socket)
    })
  })
}

export function socketError(address: TcpAddress, error: Error): ProbeError {
  const code = (error as NodeJS.ErrnoException).code ?? error.name
  const words = code === 'ECONNREFUSED' ? 'nothing listens there' : code === 'ECONNRESET' ? 'the connection was reset' : code
  return new ProbeError(REASONS[code] ?? 'refused', `${lineName(address)}: ${words}`, { cause: error })
}

const notInTime = (name: string): ProbeError => new ProbeError('timeout', `${name}: no connection in time`)
