import { createSharedPool, type Lease } from '../../core/lifecycle/shared.ts'
import { ProbeError, type Reason } from '../../core/model/reason.ts'
import { lineAddress, lineKey } from '../line/address.ts'
import { createLine, type Line } from '../line/line.ts'
import { decodeFrame, encodeFrame } from './codec.ts'
import { type YdnOptions, ydnByte } from './options.ts'

/** RTN codes of YD/T 1363.3. */
const RETURNS: Readonly<Record<number, readonly [reason: Reason, words: string]>> = {
  1: ['protocol', 'the device speaks another version (VER)'],
  2: ['protocol', 'the device found the checksum wrong (CHKSUM)'],
  3: ['protocol', 'the device found the length checksum wrong (LCHKSUM)'],
  4: ['no_such', 'the device does not know this command (CID2)'],
  5: ['protocol', 'the device found the command malformed'],
  6: ['protocol', 'the device refuses the data of the command'],
}

const pool = createSharedPool<Line>((line) => line.close())

/** A device's line, shared within one program: several devices may hang on one RS-485 line. */
export function leaseYdnLine(owner: object, options: YdnOptions, deviceAddress: string | undefined): Lease<Line> {
  const address = lineAddress(options, deviceAddress, { port: 4001, baud: 9600 })
  return pool.lease(owner, lineKey(address), () => createLine(address))
}

/** One command; the INFO of its answer. Throws ProbeError: timeout, protocol (broken frame, RTN), no_such … */
export async function ydnCommand(
  line: Line,
  options: Pick<YdnOptions, 'address' | 'version' | 'request_timeout' | 'retries'>,
  command: { readonly cid1: number; readonly cid2: number; readonly info: Uint8Array },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const version = ydnByte(options.version)
  const address = Number(options.address) & 0xff
  const request = encodeFrame({ version, address, ...command })
  const where = `${line.name} address ${address}`
  const take = (bytes: Buffer): Uint8Array | null => answerIn(bytes, request, address, command.cid1, where)
  for (let left = options.retries; ; left--) {
    try {
      return await line.ask(request, take, options.request_timeout, signal)
    } catch (error) {
      if (left <= 0 || signal.aborted || error instanceof YdnRefusal) throw error
    }
  }
}

/** The device understood and refused: asking again changes nothing. */
export class YdnRefusal extends ProbeError {}

function answerIn(bytes: Buffer, request: Buffer, address: number, cid1: number, where: string): Uint8Array | null {
  // Two-wire adapters hear what they send.
  const heard = bytes.subarray(0, request.length).equals(request) ? bytes.subarray(request.length) : bytes
  if (heard.length === 0) return null
  const decoded = decodeFrame(heard)
  if (decoded.kind === 'more') return null
  if (decoded.kind === 'bad') throw new ProbeError('protocol', `${where}: ${decoded.why}`)
  const { frame } = decoded
  if (frame.address !== address) throw new ProbeError('protocol', `${where}: address ${frame.address} answered`)
  if (frame.cid2 !== 0) {
    const [reason, words] = RETURNS[frame.cid2] ?? ['protocol', 'the device refuses the command']
    throw new YdnRefusal(reason, `${where}: ${words}, RTN ${frame.cid2.toString(16).toUpperCase().padStart(2, '0')}`)
  }
  if (frame.cid1 !== cid1) throw new ProbeError('protocol', `${where}: the answer is about another device kind (CID1)`)
  return frame.info
}
