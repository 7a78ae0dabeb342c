import { createServer, type Socket } from 'node:net'

/** A UPS that speaks Megatec, served on a TCP port as by a serial server; `answers` may be changed while it runs. */
export interface SimulatedUps {
  readonly port: number
  /** By command; a missing one is echoed back, as real ones do; null stays silent. */
  answers: Record<string, string | null>
  readonly asked: string[]
  /** Breaks every open connection. */
  drop(): void
  close(): Promise<void>
}

export async function startUps(answers: Record<string, string | null>): Promise<SimulatedUps> {
  const sockets = new Set<Socket>()
  const asked: string[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      for (let end = text.indexOf('\r'); end >= 0; end = text.indexOf('\r')) {
        const command = text.slice(0, end).trim()
        text = text.slice(end + 1)
        if (command === '') continue
        asked.push(command)
        const answer = ups.answers[command]
        if (answer !== null) socket.write(`${answer ?? command}\r`, 'latin1')
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const ups: SimulatedUps = {
    port: typeof address === 'object' && address ? address.port : 0,
    answers,
    asked,
    drop() {
      for (const socket of sockets) socket.destroy()
    },
    close() {
      ups.drop()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return ups
}

export const ON_LINE = '(220.5 220.0 221.0 034 50.0 2.25 28.0 00000000'
export const ON_BATTERY = '(000.0 195.0 220.0 034 50.0 1.95 28.0 11000001'
export const RATINGS = '#220.0 013 240.0 50.0'
export const IDENTITY = '#SANTAK          C10KS      V02.10    '
export const THREE_PHASES = '(227.0 225.6 230.0 50.0 229.9 230.1 230.0 49.9 007 012 018 267.8 000.0 23.0 06900 100 32 00000000 00000000 11'
