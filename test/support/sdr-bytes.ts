/** Writes SDR records byte by byte (IPMI 2.0 §43), for simulators and codec tests. */

export interface SensorSdr {
  readonly number: number
  readonly name: string
  /** Sensor type code, table 42-3. */
  readonly type: number
  /** 1 threshold, 6Fh sensor specific, 2–Ch generic. */
  readonly eventType: number
  readonly entity?: readonly [id: number, instance: number]
  readonly owner?: number
  readonly lun?: number
  /** Base unit code, table 43-15. */
  readonly unit?: number
  readonly percent?: boolean
  /** 0 unsigned, 1 one's complement, 2 two's complement. */
  readonly format?: 0 | 1 | 2 | 3
  readonly m?: number
  readonly b?: number
  readonly tolerance?: number
  readonly rExp?: number
  readonly bExp?: number
  readonly linearization?: number
  /** Readable thresholds: bit 0 lnc … bit 5 unr. */
  readonly thresholds?: number
  /** lnc, lcr, lnr, unc, ucr, unr as raw bytes. */
  readonly limits?: readonly number[]
  /** Possible states of a discrete sensor. */
  readonly mask?: number
  readonly capabilities?: number
  readonly nameEncoding?: 'latin1' | 'packed' | 'bcd'
}

export function fullSdr(id: number, sensor: SensorSdr): Buffer {
  const name = encodeName(sensor.name, sensor.nameEncoding)
  const body = Buffer.alloc(43)
  head(body, sensor)
  const { m = 1, b = 0, tolerance = 0, rExp = 0, bExp = 0 } = sensor
  const readable = sensor.thresholds ?? (sensor.limits ? 0x3f : 0)
  const events = sensor.eventType === 1 ? 0x0fff : (sensor.mask ?? 0xff)
  body.writeUInt16LE(events, 9)
  body.writeUInt16LE(events, 11)
  body.writeUInt16LE(sensor.eventType === 1 ? readable | (readable << 8) : (sensor.mask ?? 0xff), 13)
  body[15] = ((sensor.eventType === 1 ? (sensor.format ?? 0) : 3) << 6) | (sensor.percent ? 1 : 0)
  body[16] = sensor.unit ?? 0
  body[18] = sensor.linearization ?? 0
  body[19] = m & 0xff
  body[20] = (((m >> 8) & 3) << 6) | (tolerance & 0x3f)
  body[21] = b & 0xff
  body[22] = ((b >> 8) & 3) << 6
  body[24] = ((rExp & 0xf) << 4) | (bExp & 0xf)
  body[28] = 0xff
  const [lnc = 0, lcr = 0, lnr = 0, unc = 0, ucr = 0, unr = 0] = sensor.limits ?? []
  body.set([unr, ucr, unc, lnr, lcr, lnc], 31)
  body.set([1, 1], 37)
  body[42] = name.readUInt8(0)
  return record(id, 0x01, Buffer.concat([body, name.subarray(1)]))
}

export interface CompactSharing {
  readonly count?: number
  readonly modifier?: 'numeric' | 'alpha'
  readonly offset?: number
  readonly entityIncrements?: boolean
}

export function compactSdr(id: number, sensor: SensorSdr, sharing: CompactSharing = {}): Buffer {
  const name = encodeName(sensor.name, sensor.nameEncoding)
  const body = Buffer.alloc(27)
  head(body, sensor)
  const mask = sensor.mask ?? 0xff
  body.writeUInt16LE(mask, 9)
  body.writeUInt16LE(mask, 11)
  body.writeUInt16LE(mask, 13)
  body[15] = 0xc0
  body[18] = (sharing.count ?? 0) | (sharing.modifier === 'alpha' ? 0x10 : 0)
  body[19] = (sharing.offset ?? 0) | (sharing.entityIncrements ? 0x80 : 0)
  body[26] = name.readUInt8(0)
  return record(id, 0x02, Buffer.concat([body, name.subarray(1)]))
}

export function eventOnlySdr(id: number, sensor: SensorSdr): Buffer {
  const name = encodeName(sensor.name, sensor.nameEncoding)
  const [entity, instance] = sensor.entity ?? [7, 1]
  const body = Buffer.from([
    sensor.owner ?? 0x20,
    sensor.lun ?? 0,
    sensor.number,
    entity,
    instance,
    sensor.type,
    sensor.eventType,
    0,
    0,
    0,
    0,
  ])
  return record(id, 0x03, Buffer.concat([body, name]))
}

function head(body: Buffer, sensor: SensorSdr): void {
  const [entity, instance] = sensor.entity ?? [7, 1]
  const defaults = sensor.eventType === 1 ? 0x68 : 0x40
  body.set([
    sensor.owner ?? 0x20,
    sensor.lun ?? 0,
    sensor.number,
    entity,
    instance,
    0x7f,
    sensor.capabilities ?? defaults,
    sensor.type,
    sensor.eventType,
  ])
}

function record(id: number, type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([id & 0xff, id >> 8, 0x51, type, body.length]), body])
}

/** Type/length byte and text (§43.15). */
export function encodeName(name: string, encoding: 'latin1' | 'packed' | 'bcd' = 'latin1'): Buffer {
  if (encoding === 'packed') {
    const bytes = packSixBits(name)
    return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes])
  }
  if (encoding === 'bcd') {
    const digits = '0123456789 -.:,_'
    const nibbles = [...name].map((char) => digits.indexOf(char))
    const bytes = Buffer.alloc(Math.ceil(nibbles.length / 2))
    nibbles.forEach((nibble, i) => {
      bytes[i >> 1] = (bytes[i >> 1] ?? 0) | (nibble << (i % 2 === 0 ? 0 : 4))
    })
    return Buffer.concat([Buffer.from([0x40 | bytes.length]), bytes])
  }
  const bytes = Buffer.from(name, 'latin1')
  return Buffer.concat([Buffer.from([0xc0 | bytes.length]), bytes])
}

function packSixBits(text: string): Buffer {
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const char of text) {
    bits |= ((char.charCodeAt(0) - 0x20) & 0x3f) << held
    held += 6
    while (held >= 8) {
      bytes.push(bits & 0xff)
      bits >>= 8
      held -= 8
    }
  }
  if (held > 0) bytes.push(bits & 0xff)
  return Buffer.from(bytes)
}
