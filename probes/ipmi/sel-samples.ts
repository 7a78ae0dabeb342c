import type { Sample } from '../../core/model/sample.ts'
import { severityRank } from '../../core/model/severity.ts'
import type { Sensor } from './sdr.ts'
import { describeSel, type SelEvent, type SelRecord } from './sel.ts'
import { telegrafName } from './sensor-samples.ts'
import { isReadable } from './sensors.ts'

/** A BMC's clock is believed when it is this close to ours; otherwise its events are moved by whole minutes. */
const BELIEVED_MS = 60_000

/** How far the BMC's clock is behind ours, ms: stable from run to run, so that a record always gets the same time. */
export function clockCorrection(selSeconds: number, nowMs: number): number {
  const behind = nowMs - selSeconds * 1000
  return Math.abs(behind) < BELIEVED_MS ? 0 : Math.round(behind / BELIEVED_MS) * BELIEVED_MS
}

/** When it happened on our clock, ms; the poll's time for records that don't know. */
export function recordTime(record: SelRecord, correctionMs: number, nowMs: number): number {
  if (record.seconds === null || record.preInit) return nowMs
  return Math.min(nowMs, record.seconds * 1000 + correctionMs)
}

export function sensorFinder(sensors: readonly Sensor[]): (event: SelEvent) => Sensor | undefined {
  const byKey = new Map(sensors.map((sensor) => [`${sensor.owner}|${sensor.lun}|${sensor.number}`, sensor]))
  return (event) => byKey.get(`${event.owner}|${event.lun}|${event.sensorNumber}`) ?? byKey.get(`32|${event.lun}|${event.sensorNumber}`)
}

/** Types whose bad states last: power supply, power unit, fan, cooling, drive, intrusion, slot, battery. */
const LASTING = new Set([0x04, 0x05, 0x08, 0x09, 0x0a, 0x0d, 0x21, 0x29])

/** True when reading the sensor tells the same as its events do: then the events are history, not news. */
const isPolled = (sensor: Sensor | undefined): boolean =>
  sensor !== undefined && isReadable(sensor) && (sensor.eventType <= 0x0c || LASTING.has(sensor.type))

/**
 * `event` samples: tags `source=sel`, `sensor`, `event` (what about it); fields `text`, `severity`, `severity_code`, `record_id` and
 * `active_code`: how bad things are after it, so that the event that ends another one brings the same series back to 0;
 * `alarm_code`: the same, where no polled sensor would tell it.
 * The record id, as microseconds, keeps times of one second apart.
 */
export function selSamples(records: readonly SelRecord[], sensors: readonly Sensor[], correctionMs: number, nowMs: number): Sample[] {
  const find = sensorFinder(sensors)
  return records.map((record) => {
    const words = describeSel(record, find)
    const polled = record.event !== null && isPolled(find(record.event))
    return {
      measurement: 'event',
      tags: { source: 'sel', sensor: telegrafName(words.sensor), event: telegrafName(words.aspect) },
      fields: {
        text: words.text,
        severity: words.severity,
        severity_code: severityRank(words.severity),
        active_code: words.gravity,
        ...(polled ? {} : { alarm_code: words.gravity }),
        record_id: record.id,
      },
      time: Math.floor(recordTime(record, correctionMs, nowMs)) + record.id / 1000,
    }
  })
}
