import { createSocket, type Socket } from 'node:dgram'

/** A UDP relay on loopback that delays every datagram, one way and back. Ends with `close`. */
export interface UdpRelay {
  readonly port: number
  close(): void
}

/** `oneWayMs` each way: half of the round trip. */
export function startUdpRelay(targetPort: number, oneWayMs: number): Promise<UdpRelay> {
  const front = createSocket('udp4')
  /** One socket towards the target for each client, so that answers find their way. */
  const backs = new Map<number, Socket>()
  const later = (work: () => void): void => void setTimeout(work, oneWayMs)
  front.on('message', (datagram, from) => {
    let back = backs.get(from.port)
    if (!back) {
      back = createSocket('udp4')
      back.on('message', (answer) => later(() => front.send(answer, from.port, from.address, () => {})))
      backs.set(from.port, back)
    }
    const socket = back
    later(() => socket.send(datagram, targetPort, '127.0.0.1', () => {}))
  })
  return new Promise((resolve) => {
    front.bind(0, '127.0.0.1', () => {
      resolve({
        port: front.address().port,
        close() {
          for (const back of backs.values()) back.close()
          front.close()
        },
      })
    })
  })
}
