import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Sample } from '../../core/model/sample.ts'

interface Sensor {
  readonly name: string
  readonly path: string
}

/** Sensors rarely come and go (a disk is plugged in): they are looked for this often. */
const SEARCH_EVERY_MS = 600_000
/** What a sensor can mean, °C; broken ones give −128 000 or 255 000 thousandths. */
const LOWEST = -60
const HIGHEST = 200

/** Temperatures out of /sys/class/hwmon and /sys/class/thermal, °C. Read by the pool: a sensor behind i2c may take its time. */
export class Temperatures {
  readonly #sys: string
  #sensors: readonly Sensor[] = []
  #searchedAt = Number.NEGATIVE_INFINITY

  constructor(root = '') {
    this.#sys = `${root}/sys/class`
  }

  async read(time: number, monotonicMs: number): Promise<Sample[]> {
    if (monotonicMs - this.#searchedAt >= SEARCH_EVERY_MS) {
      this.#searchedAt = monotonicMs
      this.#sensors = unique([...(await this.#hwmon()), ...(await this.#zones())])
    }
    const samples: Sample[] = []
    for (const { name, path } of this.#sensors) {
      const celsius = Number((await line(path)) ?? Number.NaN) / 1000
      if (!(celsius >= LOWEST && celsius <= HIGHEST)) continue
      samples.push({ measurement: 'temp', tags: { sensor: name }, fields: { temp: celsius }, time })
    }
    return samples
  }

  /** Documentation/hwmon/sysfs-interface.rst: `tempN_input` in thousandths of °C, `tempN_label` in the maker's words. */
  async #hwmon(): Promise<Sensor[]> {
    const sensors: Sensor[] = []
    for (const entry of await names(join(this.#sys, 'hwmon'))) {
      const dir = join(this.#sys, 'hwmon', entry)
      const chip = (await line(join(dir, 'name'))) ?? entry
      // hwmonN is numbered anew at each boot; the device behind it keeps its name.
      const device = await readlink(join(dir, 'device')).then(basename, () => entry)
      for (const file of (await names(dir)).filter((name) => /^temp\d+_input$/.test(name)).sort()) {
        const label = (await line(join(dir, file.replace('_input', '_label')))) ?? file.replace('_input', '')
        sensors.push({ name: `${chip}|${device}|${label}`, path: join(dir, file) })
      }
    }
    return sensors
  }

  async #zones(): Promise<Sensor[]> {
    const sensors: Sensor[] = []
    for (const entry of (await names(join(this.#sys, 'thermal'))).filter((name) => name.startsWith('thermal_zone')).sort()) {
      const dir = join(this.#sys, 'thermal', entry)
      sensors.push({ name: `${(await line(join(dir, 'type'))) ?? entry}|${entry}|`, path: join(dir, 'temp') })
    }
    return sensors
  }
}

/** `chip_label`, with the device between them only where two chips of a kind would have one name. */
function unique(sensors: readonly Sensor[]): Sensor[] {
  const short = (name: string): string =>
    name
      .split('|')
      .filter((_, index) => index !== 1)
      .join('_')
  const times = new Map<string, number>()
  for (const { name } of sensors) times.set(short(name), (times.get(short(name)) ?? 0) + 1)
  return sensors.map(({ name, path }) => {
    const chosen = (times.get(short(name)) ?? 0) > 1 ? name.replaceAll('|', '_') : short(name)
    return {
      name: chosen
        .toLowerCase()
        .replace(/[^\p{L}\p{N}.]+/gu, '_')
        .replace(/_+$/, ''),
      path,
    }
  })
}

const names = (dir: string): Promise<string[]> => readdir(dir).catch(() => [])
const line = (path: string): Promise<string | null> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => null,
  )
