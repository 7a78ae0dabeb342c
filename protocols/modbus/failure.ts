import { ProbeError, type Reason } from '../../core/model/reason.ts'

/** Exception codes of the Modbus application protocol, §7. */
const EXCEPTIONS: Readonly<Record<number, readonly [reason: Reason, words: string]>> = {
  1: ['protocol', 'the device does not know this function'],
  2: ['no_such', 'the device has no such address'],
  3: ['protocol', 'the device refuses this value or length'],
  4: ['protocol', 'the device failed while answering'],
  5: ['busy', 'the device needs longer and will not say when it is done'],
  6: ['busy', 'the device is busy'],
  7: ['protocol', 'the device can not do this'],
  8: ['protocol', 'the device found an error in its memory'],
  10: ['unreachable', 'the gateway has no way to this unit'],
  11: ['timeout', 'the unit behind the gateway does not answer'],
}

/** The device or gateway answered with an exception. */
export class ModbusException extends ProbeError {
  readonly code: number
  constructor(code: number, where: string) {
    const [reason, words] = EXCEPTIONS[code] ?? ['protocol', 'unknown exception']
    super(reason, `${where}: ${words} (Modbus exception ${code})`)
    this.name = 'ModbusException'
    this.code = code
  }
}

/** Anything modbus-serial gives, in words. */
export function modbusFailure(error: unknown, where: string): ProbeError {
  if (error instanceof ProbeError) return error
  const { modbusCode, errno, message = String(error) } = (error ?? {}) as { modbusCode?: unknown; errno?: unknown; message?: string }
  if (typeof modbusCode === 'number') return new ModbusException(modbusCode, where)
  if (errno === 'ETIMEDOUT') return new ProbeError('timeout', `${where}: no answer`)
  if (message === 'CRC error') return new ProbeError('protocol', `${where}: wrong CRC: check baud rate, parity and termination of the line`)
  if (/^Data length error|^Unexpected data error/.test(message))
    return new ProbeError('protocol', `${where}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`)
  if (message === 'Port Not Open') return new ProbeError('refused', `${where}: the connection was closed`)
  return new ProbeError('protocol', `${where}: ${message}`, { cause: error })
}
