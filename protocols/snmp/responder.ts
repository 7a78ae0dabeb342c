import type { Varbind } from '../../core/profile/varbind.ts'
import { BerError, elements, encode, encodeAbsent, encodeVarbind, integerBytes, join, readInteger, readOid, TAG } from './ber.ts'
import { createOidIndex } from './oid-index.ts'

const GET = 0xa0
const GET_NEXT = 0xa1
const RESPONSE = 0xa2
const GET_BULK = 0xa5
const NO_SUCH_NAME = 2
const TOO_BIG = 1
/** Answers stay within one Ethernet frame, as most agents' do. */
const MAX_ANSWER = 1400

export interface ResponderOptions {
  readonly varbinds: readonly Varbind[]
  /** Without it every community is answered. */
  readonly community?: string
  /** Changes a value on its way out, for devices that live. */
  readonly vary?: (varbind: Varbind) => Varbind
}

/** Datagram in, datagram out; null when it is not to be answered (garbage, another community, SET, version 3). Never throws. */
export type Responder = (datagram: Uint8Array) => Uint8Array | null

interface Request {
  readonly version: number
  readonly community: Uint8Array
  readonly type: number
  readonly id: Uint8Array
  readonly second: number
  readonly third: number
  readonly oids: readonly string[]
}

/** Answers GET, GETNEXT and GETBULK of versions 1 and 2c out of a sorted list. */
export function createResponder(options: ResponderOptions): Responder {
  const index = createOidIndex(options.varbinds)
  const encoded = new Map<string, Uint8Array>()
  const wireOf = (varbind: Varbind): Uint8Array => {
    if (options.vary) return encodeVarbind(options.vary(varbind))
    let bytes = encoded.get(varbind.oid)
    if (!bytes) {
      bytes = encodeVarbind(varbind)
      encoded.set(varbind.oid, bytes)
    }
    return bytes
  }
  const next = (oid: string): Varbind | undefined => index.at(index.after(oid))

  function simple(request: Request): Uint8Array {
    const found = request.oids.map((oid) => (request.type === GET ? index.get(oid) : next(oid)))
    if (request.version === 0) {
      const missing = found.findIndex((varbind) => !varbind || varbind.type === 'counter64')
      if (missing >= 0) return refuse(request, NO_SUCH_NAME, missing + 1)
    }
    const parts = found.map((varbind, i) => {
      const absent = request.type === GET ? TAG.noSuchInstance : TAG.endOfMibView
      return varbind ? wireOf(varbind) : encodeAbsent(request.oids[i] ?? '', absent)
    })
    const answer = respond(request, 0, 0, parts)
    return answer.length > 60_000 ? refuse(request, TOO_BIG, 0) : answer
  }

  function bulk(request: Request): Uint8Array {
    const parts: Uint8Array[] = []
    let size = 0
    const add = (oid: string): string | null => {
      const varbind = next(oid)
      const bytes = varbind ? wireOf(varbind) : encodeAbsent(oid, TAG.endOfMibView)
      if (parts.length > 0 && size + bytes.length > MAX_ANSWER) return null
      size += bytes.length
      parts.push(bytes)
      return varbind?.oid ?? oid
    }
    const single = Math.max(0, Math.min(request.second, request.oids.length))
    for (const oid of request.oids.slice(0, single)) if (add(oid) === null) return respond(request, 0, 0, parts)
    let cursors: string[] = request.oids.slice(single)
    for (let round = 0; round < request.third && cursors.length > 0; round++) {
      const moved: string[] = []
      for (const cursor of cursors) {
        const reached = add(cursor)
        if (reached === null) return respond(request, 0, 0, parts)
        moved.push(reached)
      }
      if (moved.every((oid, i) => oid === cursors[i])) break
      cursors = moved
    }
    return respond(request, 0, 0, parts)
  }

  return (datagram) => {
    try {
      const request = parseRequest(datagram)
      if (options.community !== undefined && Buffer.from(request.community).toString('latin1') !== options.community) return null
      if (request.type === GET || request.type === GET_NEXT) return simple(request)
      return request.type === GET_BULK && request.version === 1 ? bulk(request) : null
    } catch (error) {
      if (error instanceof BerError) return null
      throw error
    }
  }
}

function parseRequest(datagram: Uint8Array): Request {
  const [message] = elements(datagram)
  if (message?.tag !== TAG.sequence) throw new BerError('no message')
  const [version, community, pdu] = elements(message.content)
  if (!version || !community || !pdu) throw new BerError('incomplete message')
  const number = readInteger(version.content)
  if (number !== 0 && number !== 1) throw new BerError('another version')
  const [id, second, third, list] = elements(pdu.content)
  if (!id || !second || !third || !list) throw new BerError('incomplete request')
  const oids = [...elements(list.content)].map((varbind) => {
    const [oid] = elements(varbind.content)
    if (oid?.tag !== TAG.oid) throw new BerError('no OID')
    return readOid(oid.content)
  })
  return {
    version: number,
    community: community.content,
    type: pdu.tag,
    id: id.content,
    second: readInteger(second.content),
    third: readInteger(third.content),
    oids,
  }
}

function refuse(request: Request, status: number, at: number): Uint8Array {
  return respond(
    request,
    status,
    at,
    request.oids.map((oid) => encodeAbsent(oid, TAG.null)),
  )
}

function respond(request: Request, status: number, at: number, varbinds: readonly Uint8Array[]): Uint8Array {
  const pdu = join([
    encode(TAG.integer, request.id),
    encode(TAG.integer, integerBytes(status)),
    encode(TAG.integer, integerBytes(at)),
    encode(TAG.sequence, join(varbinds)),
  ])
  const head = [encode(TAG.integer, integerBytes(request.version)), encode(TAG.octets, request.community)]
  return encode(TAG.sequence, join([...head, encode(RESPONSE, pdu)]))
}
