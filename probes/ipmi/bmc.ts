import { ProbeError } from '../../core/model/reason.ts'
import type { IpmiClient } from '../../protocols/ipmi/client.ts'
import { COMPLETION, CompletionError } from '../../protocols/ipmi/status.ts'
import { isNonLinear } from './conversion.ts'
import { type DeviceId, readDeviceId } from './device.ts'
import type { Sensor } from './sdr.ts'
import { type Repository, readRepository, repositoryStamp, sourceFor } from './sdr-repository.ts'
import type { Thresholds } from './sensor-reading.ts'
import { type SensorTags, tagSensors } from './sensor-samples.ts'
import { isReadable, readSensors, readThresholds, type SensorResult } from './sensors.ts'

/** What is remembered of a BMC between runs: identity, sensors, thresholds; each read again when it may have changed. */
export interface KnownBmc {
  readonly device: DeviceId
  readonly repository: Repository
  /** Sensors that can be read and are wanted. */
  readonly sensors: readonly Sensor[]
  readonly tags: SensorTags
  readonly thresholds: ReadonlyMap<Sensor, Thresholds>
  /** True when thresholds were read in this run. */
  readonly fresh: boolean
}

export interface BmcOptions {
  readonly exclude: readonly string[]
  /** How long thresholds are believed, ms. */
  readonly thresholdsMs: number
}

export class BmcMemory {
  readonly #client: IpmiClient
  readonly #options: BmcOptions
  #generation = -1
  #known: KnownBmc | null = null
  #thresholdsAt = 0

  constructor(client: IpmiClient, options: BmcOptions) {
    this.#client = client
    this.#options = options
  }

  /** Verified against the BMC with one request (two after a new session); everything is read anew where that says so. */
  async recall(now: number, signal: AbortSignal): Promise<KnownBmc> {
    const device = await this.#device(signal)
    const source = sourceFor(device.hasRepository)
    const known = this.#known
    const same = known && known.device.firmware === device.firmware && known.device.productId === device.productId
    let repository = same ? known.repository : null
    if (repository && (await repositoryStamp(this.#client, source, signal)) !== repository.stamp) repository = null
    const stale = !repository || now - this.#thresholdsAt >= this.#options.thresholdsMs
    if (known && repository && !stale) {
      this.#known = { ...known, device, fresh: false }
      return this.#known
    }
    repository ??= await readRepository(this.#client, source, signal)
    const sensors = repository.sensors.filter((sensor) => isReadable(sensor) && !isExcluded(sensor.name, this.#options.exclude))
    const linear = sensors.filter((sensor) => sensor.conversion && !isNonLinear(sensor.conversion.linearization))
    const thresholds = await readThresholds(this.#client, linear, signal)
    this.#thresholdsAt = now
    this.#known = { device, repository, sensors, tags: tagSensors(sensors), thresholds, fresh: true }
    return this.#known
  }

  /** A new session may mean a BMC that was reset, with new firmware: only then is its identity asked again. */
  async #device(signal: AbortSignal): Promise<DeviceId> {
    if (this.#known && this.#generation === this.#client.generation && this.#client.protection !== null) return this.#known.device
    const device = await readDeviceId(this.#client, signal)
    this.#generation = this.#client.generation
    if (device.updating) throw new ProbeError('busy', 'the BMC is starting or its firmware is being updated')
    return device
  }

  /** True when the session is still the one that `recall` has verified. */
  isSame(): boolean {
    return this.#generation === this.#client.generation
  }

  forget(): void {
    this.#known = null
  }
}

export interface SensorRun {
  readonly known: KnownBmc
  readonly results: readonly SensorResult[]
  /** Why reading stopped early; the results until then are good. */
  readonly failure: ProbeError | null
}

/**
 * All sensors once. A BMC that resets in mid-read makes the run start over, so that no value is ever decoded
 * with the records of another firmware.
 */
export async function readBmc(client: IpmiClient, memory: BmcMemory, now: number, signal: AbortSignal): Promise<SensorRun> {
  for (let attempt = 0; ; attempt++) {
    const known = await memory.recall(now, signal)
    const results: SensorResult[] = []
    let failure: ProbeError | null = null
    try {
      await readSensors(client, known.sensors, signal, (result) => results.push(result))
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error
      failure = error
    }
    if (memory.isSame()) return { known, results, failure }
    if (attempt > 0 || failure) {
      throw failure ?? new ProbeError('protocol', 'the BMC lost its session twice while its sensors were read: is it resetting?')
    }
  }
}

function isExcluded(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern))
}

/** Optional parts of a BMC: `null` when it says that it has no such command, and then it is not asked again. */
export async function ifSupported<T>(work: () => Promise<T>, onMissing: () => void): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof CompletionError)) throw error
    if (NEVER.has(error.code)) onMissing()
    return null
  }
}

const NEVER = new Set<number>([COMPLETION.invalidCommand, 0xc2, COMPLETION.privilege, COMPLETION.invalidField])
