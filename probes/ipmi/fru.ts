import { decodeText } from './encoded-text.ts'

/** FRU information (Platform Management FRU Information Storage Definition 1.3): pure decoding. */

export interface Fru {
  readonly chassis: { readonly part: string; readonly serial: string } | null
  readonly board: { readonly manufacturer: string; readonly product: string; readonly serial: string; readonly part: string } | null
  readonly product: {
    readonly manufacturer: string
    readonly name: string
    readonly part: string
    readonly version: string
    readonly serial: string
    readonly assetTag: string
  } | null
}

const END_OF_FIELDS = 0xc1

/** Areas with a wrong checksum or beyond the end are left out; null when the common header itself is wrong (§8). */
export function decodeFru(bytes: Buffer): Fru | null {
  if (bytes.length < 8 || (bytes.readUInt8(0) & 0x0f) !== 1 || !sumsToZero(bytes.subarray(0, 8))) return null
  const chassis = areaAt(bytes, bytes.readUInt8(2) * 8)
  const board = areaAt(bytes, bytes.readUInt8(3) * 8)
  const product = areaAt(bytes, bytes.readUInt8(4) * 8)
  const [chassisPart = '', chassisSerial = ''] = chassis ? fields(chassis, 3) : []
  const [boardMaker = '', boardName = '', boardSerial = '', boardPart = ''] = board ? fields(board, 6) : []
  const [maker = '', name = '', part = '', version = '', serial = '', assetTag = ''] = product ? fields(product, 3) : []
  return {
    chassis: chassis && { part: chassisPart, serial: chassisSerial },
    board: board && { manufacturer: boardMaker, product: boardName, serial: boardSerial, part: boardPart },
    product: product && { manufacturer: maker, name, part, version, serial, assetTag },
  }
}

function areaAt(bytes: Buffer, offset: number): Buffer | null {
  const length = (bytes[offset + 1] ?? 0) * 8
  if (offset === 0 || length === 0 || offset + length > bytes.length) return null
  const area = bytes.subarray(offset, offset + length)
  return sumsToZero(area) ? area : null
}

/** Type/length coded fields up to C1h (§13). */
function fields(area: Buffer, start: number): string[] {
  const found: string[] = []
  for (let at = start; at < area.length - 1; ) {
    const typeLength = area.readUInt8(at)
    if (typeLength === END_OF_FIELDS) break
    const length = typeLength & 0x3f
    const raw = area.subarray(at + 1, at + 1 + length)
    found.push(typeLength >> 6 === 0 ? raw.toString('hex') : decodeText(typeLength >> 6, raw))
    at += 1 + length
  }
  return found
}

const sumsToZero = (bytes: Buffer): boolean => (bytes.reduce((sum, byte) => sum + byte, 0) & 0xff) === 0
