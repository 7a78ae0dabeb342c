import { fullSdr, type SensorSdr } from './sdr-bytes.ts'

/** A sensor of a simulated server: its SDR and the raw value it starts with (state bits when discrete). */
export interface SimSensor extends SensorSdr {
  readonly raw: number
}

/** Fifteen sensors as an X3650 has them: temperatures, fans, voltages, power, supplies, drives. `groups` × 15, numbers from 1. */
export function serverSensors(groups: number): SimSensor[] {
  const sensors: SimSensor[] = []
  for (let g = 1; g <= groups; g++) {
    const add = (sensor: Omit<SimSensor, 'number'>): void => {
      sensors.push({ number: sensors.length + 1, ...sensor })
    }
    const temperature = (name: string, raw: number, entity: number, limits: number[]): void =>
      add({ name, raw, type: 1, eventType: 1, unit: 1, entity: [entity, g], limits })
    temperature(`Ambient Temp ${g}`, 25, 12, [5, 3, 1, 38, 41, 45])
    temperature(`CPU ${g} Temp`, 48, 3, [0, 0, 0, 80, 90, 100])
    // Two's complement, as BMCs that report the distance to the limit do.
    add({
      name: `CPU ${g} Margin`,
      raw: 0xe0,
      type: 1,
      eventType: 1,
      unit: 1,
      format: 2,
      entity: [3, g],
      limits: [0x80, 0x80, 0x80, 0xfb, 0xfd, 0xff],
    })
    for (const fan of ['A', 'B', 'C']) {
      // raw × 20 RPM
      add({
        name: `Fan ${g}${fan} Tach`,
        raw: 120 + g,
        type: 4,
        eventType: 1,
        unit: 18,
        m: 20,
        entity: [29, g],
        thresholds: 0x07,
        limits: [25, 20, 15, 0, 0, 0],
      })
    }
    // raw × 0.058 V and raw × 0.02 V + 1
    add({
      name: `Planar ${g} 12V`,
      raw: 208,
      type: 2,
      eventType: 1,
      unit: 4,
      m: 58,
      rExp: -3,
      entity: [7, g],
      limits: [190, 184, 180, 225, 230, 235],
    })
    add({
      name: `Planar ${g} 3.3V`,
      raw: 115,
      type: 2,
      eventType: 1,
      unit: 4,
      m: 2,
      b: 100,
      rExp: -2,
      entity: [7, g],
      limits: [105, 100, 95, 120, 125, 130],
    })
    add({
      name: `Planar ${g} VBAT`,
      raw: 150,
      type: 2,
      eventType: 1,
      unit: 4,
      m: 2,
      rExp: -2,
      entity: [7, g],
      thresholds: 0x03,
      limits: [112, 105, 0, 0, 0, 0],
    })
    add({ name: `Avg Power ${g}`, raw: 37, type: 0x0b, eventType: 1, unit: 6, m: 4, entity: [10, g], thresholds: 0 })
    add({ name: `Power Supply ${2 * g - 1}`, raw: 0x01, type: 0x08, eventType: 0x6f, entity: [10, 2 * g - 1], mask: 0xff })
    add({ name: `Power Supply ${2 * g}`, raw: 0x01, type: 0x08, eventType: 0x6f, entity: [10, 2 * g], mask: 0xff })
    add({ name: `Power Unit ${g}`, raw: 0x01, type: 0x09, eventType: 0x0b, entity: [19, g], mask: 0xff })
    add({ name: `Drive ${g}`, raw: 0x01, type: 0x0d, eventType: 0x6f, entity: [4, g], mask: 0x1ff })
    add({ name: `DIMM ${g}`, raw: 0x40, type: 0x0c, eventType: 0x6f, entity: [32, g], mask: 0x3ff })
  }
  return sensors
}

export const sensorSdrs = (sensors: readonly SimSensor[]): Buffer[] => sensors.map((sensor, i) => fullSdr(i + 1, sensor))
