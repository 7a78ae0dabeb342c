import { encodeName } from './sdr-bytes.ts'
import { type SimSensor, sensorSdrs } from './sim-sensors.ts'

/** What a simulated BMC answers inside of a session: completion code and data by command. */

export type Answer = readonly [code: number, ...data: number[]]

export interface BmcState {
  readonly sensors: Map<number, SimSensor>
  /** Raw value, or state bits when discrete, by sensor number. */
  readonly raw: Map<number, number>
  readonly absent: Set<number>
  sdrs: Buffer[]
  sel: Buffer[]
  selAdded: number
  sdrChanged: number
  firmware: number
  powerOn: boolean
  /** Seconds the BMC's clock is behind. */
  clockBehind: number
  reservation: number
  /** Most bytes of an SDR the BMC gives at once. */
  sdrPiece: number
  watts: number | null
  /** No repository: the controller holds its sensors' records itself. */
  deviceSdrs: boolean
}

export function createState(sensors: readonly SimSensor[]): BmcState {
  return {
    sensors: new Map(sensors.map((sensor) => [sensor.number, sensor])),
    raw: new Map(sensors.map((sensor) => [sensor.number, sensor.raw])),
    absent: new Set(),
    sdrs: sensorSdrs(sensors),
    sel: [],
    selAdded: 0,
    sdrChanged: 1,
    firmware: 9,
    powerOn: true,
    clockBehind: 0,
    reservation: 0,
    sdrPiece: 255,
    watts: 180,
    deviceSdrs: false,
  }
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')
const u16 = (value: number): [number, number] => [value & 0xff, (value >> 8) & 0xff]
const u32 = (value: number): [number, number, number, number] => [
  value & 0xff,
  (value >> 8) & 0xff,
  (value >> 16) & 0xff,
  (value >>> 24) & 0xff,
]

/** By `netFn/command`, hex. */
const COMMANDS: Readonly<Record<string, (state: BmcState, data: Buffer) => Answer>> = {
  '00/01': (state) => [0, state.powerOn ? 0x01 : 0x00, 0x10, 0x40],
  '06/01': (state) => [
    0,
    0x20,
    0x01,
    state.firmware,
    0x35,
    0x02,
    state.deviceSdrs ? 0x8d : 0x8f,
    ...[0x02, 0, 0],
    ...u16(0xdc),
    0,
    0,
    0,
    0,
  ],
  '06/38': () => [0xcc],
  '06/3b': (_, data) => [0, data[0] ?? 2],
  '06/3c': () => [0],
  '04/20': (state) => (state.deviceSdrs ? [0, state.sdrs.length, 0x81, ...u32(state.sdrChanged)] : [0xc1]),
  '04/22': (state) => [0, ...u16(++state.reservation)],
  '04/21': getSdr,
  '0a/20': (state) =>
    state.deviceSdrs ? [0xc1] : [0, 0x51, ...u16(state.sdrs.length), 0xff, 0xff, ...u32(state.sdrChanged), ...u32(0), 0x02],
  '0a/22': (state) => [0, ...u16(++state.reservation)],
  '0a/23': getSdr,
  '04/2d': getReading,
  '04/27': getThresholds,
  '0a/40': (state) => [0, 0x51, ...u16(state.sel.length), ...u16(0x3fff - 16 * state.sel.length), ...u32(state.selAdded), ...u32(0), 0x02],
  '0a/42': (state) => [0, ...u16(++state.reservation)],
  '0a/43': getSel,
  '0a/48': (state) => [0, ...u32(Math.floor(Date.now() / 1000) - state.clockBehind)],
  '0a/10': () => [0, ...u16(FRU.length), 0],
  '0a/11': (_, data) => {
    const piece = FRU.subarray(data.readUInt16LE(1), data.readUInt16LE(1) + data.readUInt8(3))
    return [0, piece.length, ...piece]
  },
  '2c/02': (state) =>
    state.watts === null
      ? [0, 0xdc, ...Array.from({ length: 16 }, () => 0), 0]
      : [
          0,
          0xdc,
          ...u16(state.watts),
          ...u16(state.watts - 20),
          ...u16(state.watts + 40),
          ...u16(state.watts),
          ...u32(0),
          ...u32(1000),
          0x40,
        ],
}

export function answerCommand(state: BmcState, netFn: number, command: number, data: Buffer): Answer {
  const handler = COMMANDS[`${hex(netFn)}/${hex(command)}`]
  return handler ? handler(state, data) : [0xc1]
}

function getSdr(state: BmcState, data: Buffer): Answer {
  const [reservation, id, offset, count] = [data.readUInt16LE(0), data.readUInt16LE(2), data.readUInt8(4), data.readUInt8(5)]
  if (offset > 0 && reservation !== state.reservation) return [0xc5]
  const index = id === 0 ? 0 : state.sdrs.findIndex((sdr) => sdr.readUInt16LE(0) === id)
  const sdr = state.sdrs[index]
  if (!sdr) return [0xcb]
  const piece = sdr.subarray(offset, offset + count)
  if (piece.length > state.sdrPiece) return [0xca]
  const next = state.sdrs[index + 1]?.readUInt16LE(0) ?? 0xffff
  return [0, ...u16(next), ...piece]
}

function getReading(state: BmcState, data: Buffer): Answer {
  const number = data.readUInt8(0)
  const sensor = state.sensors.get(number)
  const raw = state.raw.get(number)
  if (!sensor || raw === undefined) return [0xcb]
  if (state.absent.has(number)) return [0, 0, 0xe0, 0, 0x80]
  if (sensor.eventType !== 1) return [0, 0, 0xc0, raw & 0xff, 0x80 | (raw >> 8)]
  return [0, raw, 0xc0, 0xc0 | crossed(sensor, raw)]
}

/** Bits lnc, lcr, lnr, unc, ucr, unr of the thresholds that are crossed. */
function crossed(sensor: SimSensor, raw: number): number {
  const readable = sensor.thresholds ?? (sensor.limits ? 0x3f : 0)
  let bits = 0
  sensor.limits?.forEach((limit, bit) => {
    if (readable & (1 << bit) && (bit < 3 ? raw <= limit : raw >= limit)) bits |= 1 << bit
  })
  return bits
}

function getThresholds(state: BmcState, data: Buffer): Answer {
  const sensor = state.sensors.get(data.readUInt8(0))
  if (!sensor?.limits) return [0xcd]
  return [0, sensor.thresholds ?? 0x3f, ...sensor.limits]
}

function getSel(state: BmcState, data: Buffer): Answer {
  const id = data.readUInt16LE(2)
  const index = id === 0 ? 0 : id === 0xffff ? state.sel.length - 1 : state.sel.findIndex((record) => record.readUInt16LE(0) === id)
  const record = state.sel[index]
  if (!record) return [0xcb]
  return [0, ...u16(state.sel[index + 1]?.readUInt16LE(0) ?? 0xffff), ...record]
}

/** One product area, its texts short enough for an SDR's type/length byte too: IBM System x3650, serial 99A1234. */
const FRU = buildFru(['IBM', 'System x3650', '7979', 'B1', '99A1234', 'JF-0007'])

function buildFru(product: readonly string[]): Buffer {
  const body = Buffer.concat([...product.map((text) => encodeName(text)), Buffer.from([0xc1])])
  const length = Math.ceil((body.length + 4) / 8) * 8
  const area = Buffer.alloc(length)
  area.set([1, length / 8, 25])
  body.copy(area, 3)
  area[length - 1] = -area.reduce((sum, byte) => sum + byte, 0) & 0xff
  const header = Buffer.from([1, 0, 0, 0, 1, 0, 0, 0])
  header[7] = -header.reduce((sum, byte) => sum + byte, 0) & 0xff
  return Buffer.concat([header, area])
}

/** A system event record (§32.1). */
export function selRecord(
  id: number,
  seconds: number,
  event: { type: number; number: number; eventType: number; offset: number; deassert?: boolean; reading?: number; threshold?: number },
): Buffer {
  const detail = event.reading === undefined ? 0 : 0x50
  return Buffer.from([
    ...u16(id),
    0x02,
    ...u32(seconds),
    0x20,
    0x00,
    0x04,
    event.type,
    event.number,
    event.eventType | (event.deassert ? 0x80 : 0),
    event.offset | detail,
    event.reading ?? 0xff,
    event.threshold ?? 0xff,
  ])
}
