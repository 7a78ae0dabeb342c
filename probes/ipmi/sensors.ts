import type { IpmiClient } from '../../protocols/ipmi/client.ts'
import { NETFN } from '../../protocols/ipmi/message.ts'
import { CompletionError } from '../../protocols/ipmi/status.ts'
import { type Conversion, isNonLinear, readFactors } from './conversion.ts'
import type { Sensor } from './sdr.ts'
import { decodeReading, decodeThresholds, NO_READING, type SensorState, type Thresholds } from './sensor-reading.ts'

const GET_READING = 0x2d
const GET_THRESHOLDS = 0x27
const GET_FACTORS = 0x23
const BMC = 0x20

export interface SensorResult {
  readonly sensor: Sensor
  readonly reading: SensorState
}

/** Event-only records have nothing to read, and other controllers' sensors are not reached through this session. */
export const isReadable = (sensor: Sensor): boolean => sensor.kind !== 'event-only' && sensor.owner === BMC

/** Readings in the order of `sensors`, as many at once as the client's window. Stops at the first failure of the connection. */
export async function readSensors(
  client: IpmiClient,
  sensors: readonly Sensor[],
  signal: AbortSignal,
  onResult: (result: SensorResult) => void,
): Promise<void> {
  await inParallel(sensors, client.window, (sensor) => readSensor(client, sensor, signal, onResult))
}

async function readSensor(
  client: IpmiClient,
  sensor: Sensor,
  signal: AbortSignal,
  onResult: (result: SensorResult) => void,
): Promise<void> {
  let data: Buffer
  try {
    data = await client.call({ netFn: NETFN.sensor, command: GET_READING, lun: sensor.lun, data: Buffer.from([sensor.number]) }, signal)
  } catch (error) {
    if (!(error instanceof CompletionError)) throw error
    onResult({ sensor, reading: NO_READING })
    return
  }
  const { conversion } = sensor
  const factors =
    conversion && isNonLinear(conversion.linearization) ? await factorsAt(client, sensor, conversion, data[0], signal) : conversion
  onResult({ sensor, reading: decodeReading(sensor, data, factors) ?? NO_READING })
}

/** Factors of non-linear sensors belong to one raw value and are asked from the BMC (§36.2). */
async function factorsAt(
  client: IpmiClient,
  sensor: Sensor,
  conversion: Conversion,
  raw: number | undefined,
  signal: AbortSignal,
): Promise<Conversion | null> {
  if (raw === undefined) return null
  const data = Buffer.from([sensor.number, raw])
  const answer = await orNull(client.call({ netFn: NETFN.sensor, command: GET_FACTORS, lun: sensor.lun, data }, signal))
  return answer && answer.length >= 7 ? { ...conversion, ...readFactors(answer.subarray(1)) } : null
}

export async function readThresholds(
  client: IpmiClient,
  sensors: readonly Sensor[],
  signal: AbortSignal,
): Promise<Map<Sensor, Thresholds>> {
  const found = new Map<Sensor, Thresholds>()
  const having = sensors.filter((sensor) => sensor.readableThresholds !== 0 && sensor.conversion && isReadable(sensor))
  await inParallel(having, client.window, async (sensor) => {
    const request = { netFn: NETFN.sensor, command: GET_THRESHOLDS, lun: sensor.lun, data: Buffer.from([sensor.number]) }
    const data = await orNull(client.call(request, signal))
    if (data) found.set(sensor, decodeThresholds(sensor, data))
  })
  return found
}

/** A sensor that the BMC refuses to read (absent, powered down) is a sensor without a reading; a silent BMC is an error. */
async function orNull(answer: Promise<Buffer>): Promise<Buffer | null> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof CompletionError) return null
    throw error
  }
}

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  let failed = false
  const worker = async (): Promise<void> => {
    while (!failed) {
      const item = items[next++]
      if (item === undefined) return
      try {
        await work(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const results = await Promise.allSettled(Array.from({ length: width }, worker))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
