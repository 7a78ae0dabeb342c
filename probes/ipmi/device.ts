import { ProbeError } from '../../core/model/reason.ts'
import type { IpmiClient } from '../../protocols/ipmi/client.ts'
import { NETFN } from '../../protocols/ipmi/message.ts'

/** The controller itself: device id, chassis status, DCMI power (IPMI 2.0 §20.1, §28.2; DCMI 1.5 §6.6.1). */

export interface DeviceId {
  readonly deviceId: number
  readonly revision: number
  /** `1.35`, with the auxiliary bytes when the BMC tells them. */
  readonly firmware: string
  readonly ipmiVersion: string
  readonly manufacturerId: number
  readonly productId: number
  /** Has an SDR repository; otherwise the sensors are read from device SDRs. */
  readonly hasRepository: boolean
  readonly hasSel: boolean
  readonly hasFru: boolean
  /** Firmware is being updated or the controller starts: sensors can't be trusted. */
  readonly updating: boolean
}

/** Enterprise numbers of server makers whose BMCs are met in machine rooms. */
const MAKERS: Readonly<Record<number, string>> = {
  2: 'IBM',
  11: 'HP',
  42: 'Sun',
  94: 'Advantech',
  343: 'Intel',
  674: 'Dell',
  2011: 'Huawei',
  4163: 'Advantech',
  5771: 'Cisco',
  7154: 'IPMI forum',
  10368: 'Fujitsu',
  10876: 'Supermicro',
  11129: 'Google',
  15370: 'Gigabyte',
  19046: 'Lenovo',
  20301: 'IBM',
  25506: 'H3C',
  27768: 'NetBSD',
  37945: 'Inspur',
  47488: 'Supermicro',
  49622: 'ASRock Rack',
  49769: 'YADRO',
}

export const makerName = (id: number): string => MAKERS[id] ?? `enterprise ${id}`

export async function readDeviceId(client: IpmiClient, signal: AbortSignal): Promise<DeviceId> {
  const data = await client.call({ netFn: NETFN.app, command: 0x01 }, signal)
  const device = decodeDeviceId(data)
  if (!device) throw new ProbeError('protocol', `Get Device ID: answer of ${data.length} bytes`)
  return device
}

/** Null when shorter than the 11 bytes that every version of IPMI demands. */
export function decodeDeviceId(data: Buffer): DeviceId | null {
  if (data.length < 11) return null
  const [minor, version, abilities] = [data.readUInt8(3), data.readUInt8(4), data.readUInt8(5)]
  const aux = data.length >= 15 ? data.subarray(11, 15) : Buffer.alloc(0)
  const auxText = aux.some((byte) => byte !== 0) ? `.${aux.toString('hex')}` : ''
  return {
    deviceId: data.readUInt8(0),
    revision: data.readUInt8(1) & 0x0f,
    firmware: `${data.readUInt8(2) & 0x7f}.${(minor >> 4).toString()}${(minor & 0x0f).toString()}${auxText}`,
    ipmiVersion: `${version & 0x0f}.${version >> 4}`,
    manufacturerId: data.readUIntLE(6, 3) & 0x0fffff,
    productId: data.readUInt16LE(9),
    hasRepository: (abilities & 0x02) !== 0,
    hasSel: (abilities & 0x04) !== 0,
    hasFru: (abilities & 0x08) !== 0,
    updating: (data.readUInt8(2) & 0x80) !== 0,
  }
}

export interface ChassisStatus {
  readonly powerOn: boolean
  /** Name of a chassis sensor to whether its fault is asserted. */
  readonly faults: Readonly<Record<string, boolean>>
  readonly lastRestart: string
}

const RESTART: readonly (readonly [bit: number, text: string])[] = [
  [0x10, 'powered on by IPMI'],
  [0x08, 'power fault'],
  [0x04, 'power interlock'],
  [0x02, 'power overload'],
  [0x01, 'AC lost'],
]

export async function readChassis(client: IpmiClient, signal: AbortSignal): Promise<ChassisStatus> {
  const data = await client.call({ netFn: NETFN.chassis, command: 0x01 }, signal)
  const [power = 0, last = 0, misc = 0] = data
  return {
    powerOn: (power & 0x01) !== 0,
    faults: {
      chassis_power_overload: (power & 0x02) !== 0,
      chassis_power_fault: (power & 0x08) !== 0,
      chassis_power_control_fault: (power & 0x10) !== 0,
      chassis_intrusion: (misc & 0x01) !== 0,
      chassis_drive_fault: (misc & 0x04) !== 0,
      chassis_cooling_fault: (misc & 0x08) !== 0,
    },
    lastRestart: RESTART.find(([bit]) => last & bit)?.[1] ?? 'unknown',
  }
}

/** Watts; Telegraf's names. */
export interface DcmiPower {
  readonly instantaneous_power_reading: number
  readonly minimum_during_sampling_period: number
  readonly maximum_during_sampling_period: number
  readonly average_power_reading_over_sample_period: number
}

/** Null when the BMC says that its power measurement is not active. Throws CompletionError where there is no DCMI. */
export async function readDcmiPower(client: IpmiClient, signal: AbortSignal): Promise<DcmiPower | null> {
  const data = await client.call({ netFn: NETFN.group, command: 0x02, data: Buffer.from([0xdc, 0x01, 0x00, 0x00]) }, signal)
  if (data.length < 18 || data[0] !== 0xdc) throw new ProbeError('protocol', `DCMI Get Power Reading: answer of ${data.length} bytes`)
  if ((data.readUInt8(17) & 0x40) === 0) return null
  return {
    instantaneous_power_reading: data.readUInt16LE(1),
    minimum_during_sampling_period: data.readUInt16LE(3),
    maximum_during_sampling_period: data.readUInt16LE(5),
    average_power_reading_over_sample_period: data.readUInt16LE(7),
  }
}
