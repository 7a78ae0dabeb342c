import { pause } from '../../core/lifecycle/pause.ts'
import { ProbeError } from '../../core/model/reason.ts'
import { type LineAddress, lineName, type SerialAddress, type TcpAddress } from './address.ts'
import { connectTcp, socketError } from './tcp.ts'

/** Bytes to and from a device. Writes are not awaited: the conversation has its own deadline. */
export interface LineTransport {
  write(bytes: Uint8Array): void
  /** One listener. */
  onData(listener: (bytes: Buffer) => void): void
  /** One listener; called once, not after `close`. */
  onClose(listener: (why: ProbeError) => void): void
  close(): void
}

/** Opens the line; rejects with a ProbeError in words when it can't, or when the signal aborts. */
export function openTransport(address: LineAddress, signal: AbortSignal): Promise<LineTransport> {
  return address.medium === 'tcp' ? openTcp(address, signal) : whenFree(() => openSerial(address, signal), signal)
}

const FREE_TRIES = 5
const FREE_PAUSE_MS = 200

/** Waits a second for a port that its last owner, perhaps this program before a reload, has not quite let go. */
export async function whenFree<T>(open: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let left = FREE_TRIES; ; left--) {
    try {
      return await open()
    } catch (error) {
      if (left <= 0 || signal.aborted || !(error instanceof ProbeError) || error.reason !== 'busy') throw error
      await pause(FREE_PAUSE_MS, signal)
      if (signal.aborted) throw error
    }
  }
}

async function openTcp(address: TcpAddress, signal: AbortSignal): Promise<LineTransport> {
  const socket = await connectTcp(address, signal)
  let gone: (why: ProbeError) => void = () => undefined
  let why = new ProbeError('refused', `${lineName(address)} closed the connection`)
  socket.on('error', (error) => {
    why = socketError(address, error)
  })
  socket.on('close', () => gone(why))
  return {
    write: (bytes) => socket.write(bytes),
    onData: (listener) => socket.on('data', listener),
    onClose: (listener) => {
      gone = listener
    },
    close() {
      gone = () => undefined
      socket.destroy()
    },
  }
}

async function openSerial(address: SerialAddress, signal: AbortSignal): Promise<LineTransport> {
  const { SerialPort } = await loadSerialPort()
  const { path, baud: baudRate, dataBits, parity, stopBits } = address
  const port = new SerialPort({ path, baudRate, dataBits, parity, stopBits, autoOpen: false, lock: true, hupcl: false })
  let gone: (why: ProbeError) => void = () => undefined
  let open = true
  const lost = (error: Error | null): void => {
    if (!open) return
    open = false
    gone(new ProbeError('unreachable', `${path} is gone${error ? `: ${error.message}` : ''}`))
    if (port.isOpen) port.close(() => undefined)
  }
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      reject(new ProbeError('timeout', `${path}: the port did not open in time`))
      if (port.isOpen) port.close(() => undefined)
    }
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    port.open((error) => {
      signal.removeEventListener('abort', stop)
      if (error) reject(serialError(path, error))
      else if (signal.aborted) port.close(() => undefined)
      else resolve()
    })
  })
  port.on('close', lost)
  port.on('error', lost)
  return {
    write: (bytes) => {
      if (open) port.write(Buffer.from(bytes))
    },
    onData: (listener) => port.on('data', listener),
    onClose: (listener) => {
      gone = listener
    },
    close() {
      open = false
      if (port.isOpen) port.close(() => undefined)
    },
  }
}

/** The native module is loaded at first use, so machines without a serial line don't need it. */
export async function loadSerialPort(): Promise<typeof import('serialport')> {
  try {
    return await import('serialport')
  } catch (cause) {
    throw new ProbeError('missing_tool', 'the serial port module can not be loaded on this machine', { cause })
  }
}

/** What the system says of a port, in words, with what to do. */
export function serialError(path: string, error: Error): ProbeError {
  const text = error.message.replace(/^Error:?\s*/, '')
  if (/permission|EACCES/i.test(text)) return new ProbeError('permission', `${path}: no permission (add the user to the group dialout)`)
  if (/lock|busy|temporarily/i.test(text)) return new ProbeError('busy', `${path}: another program holds it`)
  if (/no such|ENOENT|cannot find/i.test(text)) return new ProbeError('unreachable', `${path} does not exist: is the adapter plugged in?`)
  return new ProbeError('unreachable', `${path}: ${text}`, { cause: error })
}
