import { crc32 } from 'node:zlib'
import { type DataHeader, encodeHeader } from '../core/wire/header.ts'

const GZIP_MAGIC = [0x1f, 0x8b] as const
const GZIP_HEAD = Buffer.from([...GZIP_MAGIC, 8, 0, 0, 0, 0, 0, 0, 255])

/** A data message: the header line before the body. A packed body gets the header as a gzip member of its own (RFC 1952 §2.2: members concatenate). */
export function dataMessage(header: DataHeader, body: Buffer): Buffer {
  const line = Buffer.from(`${encodeHeader(header)}\n`, 'latin1')
  const packed = body[0] === GZIP_MAGIC[0] && body[1] === GZIP_MAGIC[1]
  return Buffer.concat(packed ? [storedGzip(line), body] : [line, body])
}

/** A gzip member with one stored block (RFC 1951 §3.2.4): no compressor is set up for a hundred bytes. */
function storedGzip(bytes: Buffer): Buffer {
  const block = Buffer.alloc(5)
  block.writeUInt8(1, 0)
  block.writeUInt16LE(bytes.length, 1)
  block.writeUInt16LE(~bytes.length & 0xffff, 3)
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crc32(bytes), 0)
  trailer.writeUInt32LE(bytes.length, 4)
  return Buffer.concat([GZIP_HEAD, block, bytes, trailer])
}
