import { ProbeError, reasonOf } from '../../core/model/reason.ts'
import type { Sample } from '../../core/model/sample.ts'
import type { IpmiClient } from '../../protocols/ipmi/client.ts'
import type { GroupOutcome, Probe, ProbeDeps, Reading } from '../probe.ts'
import { BmcMemory, ifSupported, type KnownBmc, readBmc } from './bmc.ts'
import { makerName, readChassis, readDcmiPower } from './device.ts'
import { readFru } from './fru-storage.ts'
import type { IpmiOptions } from './options.ts'
import type { SelRecord } from './sel.ts'
import { readSelInfo, readSelTime, SelCursor, type SelInfo } from './sel-log.ts'
import { clockCorrection, recordTime, selSamples } from './sel-samples.ts'
import { extraSample, MEASUREMENT, sensorSample } from './sensor-samples.ts'
import { isReadable } from './sensors.ts'

/** New records per run: a full log is caught up over several runs instead of holding one up. */
const SEL_PER_RUN = 128

/** Everything about one BMC through our own client. */
export function createNativeProbe(client: IpmiClient, options: IpmiOptions, deps: ProbeDeps): Probe {
  return new NativeProbe(client, options, deps)
}

class NativeProbe implements Probe {
  readonly #client: IpmiClient
  readonly #options: IpmiOptions
  readonly #deps: ProbeDeps
  readonly #memory: BmcMemory
  readonly #sel = new SelCursor()
  readonly #missing = new Set<string>()
  #selStarted = false
  #inventoryAt: number | null = null

  constructor(client: IpmiClient, options: IpmiOptions, deps: ProbeDeps) {
    this.#client = client
    this.#options = options
    this.#deps = deps
    this.#memory = new BmcMemory(client, { exclude: options.exclude, thresholdsMs: options.thresholds })
  }

  async run(signal: AbortSignal): Promise<Reading> {
    const time = this.#deps.clock.now()
    const { known, results, failure } = await readBmc(this.#client, this.#memory, this.#deps.clock.monotonic(), signal)
    const samples: Sample[] = results.map(({ sensor, reading }) =>
      sensorSample(known.tags.get(sensor) ?? {}, sensor, reading, known.fresh ? known.thresholds.get(sensor) : undefined, time),
    )
    const groups: GroupOutcome[] = [outcome('sensors', failure)]
    if (!failure) {
      await this.#part('chassis', groups, samples, () => this.#chassis(time, signal))
      await this.#part('power', groups, samples, () => this.#power(time, signal))
      await this.#part('sel', groups, samples, () => this.#log(known, time, signal))
      await this.#part('inventory', groups, samples, () => this.#inventory(known, time, signal))
    }
    const bad = groups.filter((group) => group.reason !== 'ok')
    if (bad.length === 0) return { samples, groups }
    const detail = bad.map((group) => `${group.name}: ${group.detail ?? group.reason}`).join('; ')
    return { samples, groups, detail, reason: samples.length === 0 && failure ? failure.reason : 'partial' }
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  /** One part that fails keeps the others' samples. */
  async #part(name: string, groups: GroupOutcome[], samples: Sample[], work: () => Promise<Sample[] | null>): Promise<void> {
    if (this.#missing.has(name)) return
    try {
      const found = await ifSupported(work, () => this.#missing.add(name))
      if (!found) return
      samples.push(...found)
      groups.push(outcome(name, null))
    } catch (error) {
      groups.push(outcome(name, error))
    }
  }

  async #chassis(time: number, signal: AbortSignal): Promise<Sample[]> {
    const status = await readChassis(this.#client, signal)
    const on = status.powerOn
    return [
      // Off is neither ok nor faulty: the rule for it reads `value`.
      {
        measurement: MEASUREMENT,
        tags: { name: 'chassis_power_status' },
        fields: { value: on ? 1 : 0, state: on ? 'on' : 'off', state_code: 0 },
        time,
      },
      ...Object.entries(status.faults).map(([name, bad]) => extraSample(name, { state: bad ? 'asserted' : 'ok', code: bad ? 2 : 0 }, time)),
    ]
  }

  async #power(time: number, signal: AbortSignal): Promise<Sample[] | null> {
    if (!this.#options.dcmi) return null
    const power = await readDcmiPower(this.#client, signal)
    return power && Object.entries(power).map(([name, value]) => extraSample(name, { value, unit: 'watts' }, time))
  }

  async #log(known: KnownBmc, time: number, signal: AbortSignal): Promise<Sample[] | null> {
    if (!this.#options.sel || !known.device.hasSel) return null
    const info = await readSelInfo(this.#client, signal)
    const fullness = extraSample(
      'sel_used',
      { value: info.usedPercent, unit: 'percent', ...(info.overflow ? { state: 'overflow', code: 1 } : {}) },
      time,
    )
    const { records, correction } = await this.#newRecords(info, time, signal)
    return [fullness, ...selSamples(records, known.repository.sensors, correction, time)]
  }

  async #newRecords(info: SelInfo, time: number, signal: AbortSignal): Promise<{ records: SelRecord[]; correction: number }> {
    if (this.#selStarted) {
      const { records, restarted } = await this.#sel.advance(this.#client, info, SEL_PER_RUN, signal)
      if (restarted) this.#deps.log.info({ entries: info.entries }, 'IPMI event log was cleared')
      return { records: [...records], correction: records.length === 0 ? 0 : await this.#correction(time, signal) }
    }
    const correction = await this.#correction(time, signal)
    const since = time - this.#options.sel_backlog
    const young = (record: SelRecord): boolean =>
      record.seconds !== null && !record.preInit && recordTime(record, correction, time) >= since
    // The last record tells whether anything is young enough to walk the log for.
    const probe = new SelCursor()
    const last = await probe.skipToEnd(this.#client, info, signal)
    if (!last || !young(last)) {
      await this.#sel.skipToEnd(this.#client, info, signal)
      this.#selStarted = true
      return { records: [], correction }
    }
    const { records, more } = await this.#sel.advance(this.#client, info, SEL_PER_RUN, signal)
    this.#selStarted = !more
    return { records: records.filter(young), correction }
  }

  async #correction(time: number, signal: AbortSignal): Promise<number> {
    return clockCorrection(await readSelTime(this.#client, signal), time)
  }

  async #inventory(known: KnownBmc, time: number, signal: AbortSignal): Promise<Sample[] | null> {
    const every = this.#options.inventory
    if (every === 0 || (this.#inventoryAt !== null && time - this.#inventoryAt < every)) return null
    const { device } = known
    const fru = device.hasFru ? await readFru(this.#client, 0, signal) : null
    this.#inventoryAt = time
    const fields: Record<string, string | number> = {
      firmware: device.firmware,
      ipmi_version: device.ipmiVersion,
      bmc_manufacturer: makerName(device.manufacturerId),
      product_id: device.productId,
      sensors_count: known.sensors.length,
      // Behind other controllers (IPMB): seen in the records, not reached through this session.
      foreign_sensors_count: known.repository.sensors.filter((sensor) => sensor.kind !== 'event-only' && !isReadable(sensor)).length,
      protection: this.#client.protection ?? 'none',
      manufacturer: fru?.product?.manufacturer ?? fru?.board?.manufacturer ?? '',
      model: fru?.product?.name ?? fru?.board?.product ?? '',
      part: fru?.product?.part ?? '',
      serial: fru?.product?.serial ?? fru?.chassis?.serial ?? '',
      board_serial: fru?.board?.serial ?? '',
      asset_tag: fru?.product?.assetTag ?? '',
    }
    return [{ measurement: 'ipmi_device', tags: {}, fields, time }]
  }
}

function outcome(name: string, error: unknown): GroupOutcome {
  if (error === null) return { name, reason: 'ok' }
  return { name, reason: reasonOf(error), detail: error instanceof ProbeError ? error.message : String(error) }
}
