import { GsmError } from './errors.ts'
import type { OpenTransport, Transport } from './transport.ts'

const OPEN_MS = 5000
const CLOSE_MS = 2000

/** A serial port, 8N1, opened for this program alone. The native module is loaded at first use, so machines without a modem don't need it. */
export const openSerial: OpenTransport = async (device, baud) => {
  const { SerialPort } = await loadSerialPort()
  const port = new SerialPort({ path: device, baudRate: baud, autoOpen: false, lock: true, hupcl: false })
  await within(OPEN_MS, `opening ${device}`, (done) => port.open(done)).catch((error: unknown) => {
    throw openError(device, error)
  })
  let closed = false
  let gone: (reason: Error) => void = () => undefined
  const lost = (reason: Error | null) => {
    if (closed) return
    closed = true
    gone(reason ?? new Error(`${device} is gone`))
    if (port.isOpen) port.close(() => undefined)
  }
  port.on('close', lost)
  port.on('error', lost)
  const transport: Transport = {
    write: (bytes) => {
      if (!closed) port.write(bytes)
    },
    onData: (listener) => port.on('data', listener),
    onClose: (listener) => {
      gone = listener
    },
    close: async () => {
      closed = true
      if (port.isOpen) await within(CLOSE_MS, `closing ${device}`, (done) => port.close(done)).catch(() => undefined)
    },
  }
  return transport
}

async function loadSerialPort(): Promise<typeof import('serialport')> {
  try {
    return await import('serialport')
  } catch (cause) {
    throw new GsmError('open', 'the serial port module can not be loaded on this machine: npm install serialport', {
      group: 'person',
      cause,
    })
  }
}

function openError(device: string, error: unknown): GsmError {
  const text = error instanceof Error ? error.message : String(error)
  const advice = /permission|EACCES/i.test(text)
    ? ' (add the user to the group dialout)'
    : /lock|busy|temporarily/i.test(text)
      ? ' (another program holds it)'
      : ''
  return new GsmError('open', `${device}: ${text.replace(/^Error:?\s*/, '')}${advice}`, { group: 'later', cause: error })
}

function within(ms: number, what: string, start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: no answer within ${ms} ms`)), ms)
    start((error) => {
      clearTimeout(timer)
      if (error) reject(error)
      else resolve()
    })
  })
}
