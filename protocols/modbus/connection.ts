import type modbusSerial from 'modbus-serial'
import { ProbeError } from '../../core/model/reason.ts'
import type { LineAddress } from '../line/address.ts'
import { connectTcp } from '../line/tcp.ts'
import { serialError, whenFree } from '../line/transport.ts'

export type ModbusClient = InstanceType<(typeof modbusSerial)['default']>

/** An open way to a bus. */
export interface ModbusConnection {
  readonly client: ModbusClient
  /** False once the other side has closed it. */
  readonly open: boolean
  close(): void
}

/** Opens it; rejects with a ProbeError, also when the signal aborts. */
export async function openModbus(address: LineAddress, framing: 'tcp' | 'rtu', signal: AbortSignal): Promise<ModbusConnection> {
  const { default: library } = await import('modbus-serial')
  const create = (): ModbusClient => {
    const made = new library.default()
    // Told to whoever waits for an answer; without a listener it would end the process.
    made.on('error', () => undefined)
    return made
  }
  if (address.medium === 'serial') return await whenFree(() => openSerialBus(create(), address, signal), signal)
  const client = create()
  const socket = await connectTcp(address, signal)
  let open = true
  socket.on('close', () => {
    open = false
  })
  const { port } = address
  if (framing === 'tcp') await client.linkTCP(socket, { port })
  else await client.linkTcpRTUBuffered(socket, { port })
  return {
    client,
    get open() {
      return open
    },
    close() {
      open = false
      socket.destroy()
    },
  }
}

async function openSerialBus(
  client: ModbusClient,
  address: Extract<LineAddress, { medium: 'serial' }>,
  signal: AbortSignal,
): Promise<ModbusConnection> {
  const { path, baud: baudRate, dataBits, parity, stopBits } = address
  let open = true
  const close = (): void => {
    open = false
    if (client.isOpen) client.close(() => undefined)
  }
  const opening = client.connectRTUBuffered(path, { baudRate, dataBits, parity, stopBits: stopBits === 1.5 ? 2 : stopBits })
  await whenOpen(path, opening, signal, close)
  client.on('close', () => {
    open = false
  })
  return {
    client,
    get open() {
      return open && client.isOpen
    },
    close,
  }
}

function whenOpen(path: string, opening: Promise<void>, signal: AbortSignal, close: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      void opening.then(close, () => undefined)
      reject(new ProbeError('timeout', `${path}: the port did not open in time`))
    }
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    opening.then(
      () => {
        signal.removeEventListener('abort', stop)
        resolve()
      },
      (error: unknown) => {
        signal.removeEventListener('abort', stop)
        reject(serialError(path, error instanceof Error ? error : new Error(String(error))))
      },
    )
  })
}
