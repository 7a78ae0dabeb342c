import type { IpmiClient } from '../../protocols/ipmi/client.ts'
import { NETFN } from '../../protocols/ipmi/message.ts'
import { COMPLETION, CompletionError } from '../../protocols/ipmi/status.ts'
import { decodeFru, type Fru } from './fru.ts'

const GET_INFO = 0x10
const READ = 0x11
/** FRU areas end within 2 kB; larger stores keep other things behind them. */
const MAX_BYTES = 2048

/** The FRU of one device behind the BMC (IPMI 2.0 §34); null when it has none or it is not in the standard's format. */
export async function readFru(client: IpmiClient, deviceId: number, signal: AbortSignal): Promise<Fru | null> {
  try {
    const info = await client.call({ netFn: NETFN.storage, command: GET_INFO, data: Buffer.from([deviceId]) }, signal)
    if (info.length < 3) return null
    // Word access: offsets and counts are in words (§34.1, bit 0).
    const unit = info.readUInt8(2) & 1 ? 2 : 1
    const size = Math.min(info.readUInt16LE(0), MAX_BYTES)
    const pieces: Buffer[] = []
    for (let offset = 0, step = 32; offset < size; ) {
      const count = Math.min(step, size - offset)
      const piece = await readPiece(client, deviceId, offset / unit, count / unit, signal)
      if (piece === 'too many') {
        if (step <= 8) return null
        step = 8
        continue
      }
      if (piece.length === 0) break
      pieces.push(piece)
      offset += piece.length
    }
    return decodeFru(Buffer.concat(pieces))
  } catch (error) {
    // No such device, empty socket, powered down: an absent FRU is not a failure of the check.
    if (error instanceof CompletionError) return null
    throw error
  }
}

async function readPiece(
  client: IpmiClient,
  deviceId: number,
  offset: number,
  count: number,
  signal: AbortSignal,
): Promise<Buffer | 'too many'> {
  const data = Buffer.from([deviceId, offset & 0xff, offset >> 8, Math.floor(count)])
  try {
    const answer = await client.call({ netFn: NETFN.storage, command: READ, data }, signal)
    return answer.subarray(1)
  } catch (error) {
    const tooMany =
      error instanceof CompletionError && (error.code === COMPLETION.cannotReturnBytes || error.code === COMPLETION.lengthLimit)
    if (tooMany) return 'too many'
    throw error
  }
}
