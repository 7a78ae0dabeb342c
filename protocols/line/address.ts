import * as v from 'valibot'
import { ProbeError } from '../../core/model/reason.ts'

const whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max))

/** How a byte line is reached: a TCP socket (a gateway, a serial server) or a serial port of this machine. Light: nothing is loaded. */
export const lineEntries = {
  /** `host:port`, `host`, `:port` or a port; what is left out is the device's address and the protocol's usual port. */
  tcp: v.optional(
    v.union([
      v.pipe(
        v.string(),
        v.regex(/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]*)(:\d{1,5})?$/, 'must be host:port, with an IPv6 address in brackets'),
      ),
      whole(1, 65_535),
    ]),
  ),
  serial: v.optional(v.pipe(v.string(), v.regex(/^(\/dev\/|\/|COM\d)/i, 'must be a device such as /dev/ttyS0 or COM3'))),
  baud: v.optional(whole(50, 4_000_000)),
  data_bits: v.optional(v.picklist([7, 8])),
  parity: v.optional(v.picklist(['none', 'even', 'odd', 'mark', 'space'])),
  stop_bits: v.optional(v.picklist([1, 1.5, 2])),
}
const lineOptions = v.strictObject(lineEntries)
export type LineOptions = v.InferOutput<typeof lineOptions>

/** Whether options that were not yet judged leave the host to the device's address. */
export function lineNeedsAddress(options: unknown): boolean {
  const { tcp, serial } = (typeof options === 'object' && options !== null ? options : {}) as { tcp?: unknown; serial?: unknown }
  return serial === undefined && (tcp === undefined || typeof tcp === 'number' || String(tcp).startsWith(':'))
}

export type Parity = 'none' | 'even' | 'odd' | 'mark' | 'space'

export interface SerialAddress {
  readonly medium: 'serial'
  readonly path: string
  readonly baud: number
  readonly dataBits: 7 | 8
  readonly parity: Parity
  readonly stopBits: 1 | 1.5 | 2
}

export interface TcpAddress {
  readonly medium: 'tcp'
  readonly host: string
  readonly port: number
}

export type LineAddress = TcpAddress | SerialAddress

export interface LineDefaults {
  readonly port: number
  readonly baud: number
}

/** ProbeError('config') when the options name no line, or two. */
export function lineAddress(options: LineOptions, deviceAddress: string | undefined, defaults: LineDefaults): LineAddress {
  if (options.serial !== undefined) {
    if (options.tcp !== undefined) throw new ProbeError('config', 'give either tcp or serial, not both')
    return {
      medium: 'serial',
      path: options.serial,
      baud: options.baud ?? defaults.baud,
      dataBits: options.data_bits ?? 8,
      parity: options.parity ?? 'none',
      stopBits: options.stop_bits ?? 1,
    }
  }
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(typeof options.tcp === 'number' ? `:${options.tcp}` : (options.tcp ?? '')) ?? []
  const named = host.replace(/^\[(.*)\]$/, '$1') || deviceAddress
  if (named === undefined) throw new ProbeError('config', 'give tcp: host:port, serial: /dev/…, or an address to the device')
  const number = port === undefined ? defaults.port : Number(port)
  if (number < 1 || number > 65_535) throw new ProbeError('config', `there is no port ${number}`)
  return { medium: 'tcp', host: named, port: number }
}

/** Equal for addresses that must share one connection; of a serial port only its path counts, for nobody can open it twice. */
export const lineKey = (address: LineAddress): string =>
  address.medium === 'serial' ? `serial ${address.path}` : `tcp ${address.host.toLowerCase()} ${address.port}`

/** For messages. */
export const lineName = (address: LineAddress): string => (address.medium === 'serial' ? address.path : `${address.host}:${address.port}`)
