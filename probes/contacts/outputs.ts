import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { resolveDeep, type SecretResolver } from '../../core/config/secrets.ts'
import { type Backoff, createBackoff } from '../../core/lifecycle/backoff.ts'
import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Counters } from '../../core/lifecycle/counters.ts'
import type { Log } from '../../core/log/log.ts'
import { ProbeError } from '../../core/model/reason.ts'
import { writeDurably } from '../../core/segment/durable-file.ts'
import type { SliceDevice } from '../../core/wire/payloads.ts'
import { type ContactsOptions, contactsKind, type OutputOptions } from './options.ts'
import { type OutputPlace, writeOutput } from './output-write.ts'

export interface SwitchRequest {
  readonly device: string
  readonly point: string
  readonly on: boolean
  /** How long it stays on; the point's own `max` bounds it. */
  readonly seconds: number
}

/** The declared outputs (a siren) of all stations that this agent reads. */
export interface ContactOutputs {
  /** Resolves when the station has confirmed. Throws ProbeError: config, permission, timeout … */
  set(request: SwitchRequest, signal: AbortSignal): Promise<void>
  /** Switches off what is on, as far as the stations answer. */
  close(): Promise<void>
}

export interface OutputsDeps {
  /** What this agent has to do at the moment. */
  readonly devices: () => readonly SliceDevice[]
  readonly secrets: SecretResolver
  readonly counters: Counters
  readonly clock: Clock
  readonly log: Log
  /** Remembers what is on, so that a restart does not leave a siren sounding. */
  readonly file: string
}

/** A station that did not hear "off" is told again after this, ms, then ever more seldom. */
const OFF_AGAIN_MS = 5_000
const OFF_AGAIN_CAP_MS = 60_000
/** Of an output that can no longer be reached, after its time, ms. */
const GIVE_UP_MS = 24 * 3_600_000

interface Running {
  readonly device: string
  readonly point: string
  /** Wall clock, ms. */
  readonly until: number
  timer: NodeJS.Timeout | undefined
  readonly backoff: Backoff
}

/** Takes over what an earlier run of the program has left on. */
export async function openContactOutputs(deps: OutputsDeps): Promise<ContactOutputs> {
  const outputs = new Outputs(deps)
  await outputs.takeOver()
  return outputs
}

class Outputs implements ContactOutputs {
  readonly #deps: OutputsDeps
  readonly #on = new Map<string, Running>()
  readonly #stopping = new AbortController()
  #writing: Promise<void> = Promise.resolve()

  constructor(deps: OutputsDeps) {
    this.#deps = deps
  }

  async takeOver(): Promise<void> {
    const text = await readFile(this.#deps.file, 'utf8').catch(() => '[]')
    const parsed = v.safeParse(savedSchema, parseJson(text))
    for (const { device, point, until } of parsed.success ? parsed.output : []) this.#arm({ device, point, until })
  }

  async set({ device, point, on, seconds }: SwitchRequest, signal: AbortSignal): Promise<void> {
    const { output, place } = this.#find(device, point)
    if (on && !(seconds > 0)) throw new ProbeError('config', 'an output is switched on for a time: seconds must be more than 0')
    const until = this.#deps.clock.now() + Math.min(seconds * 1000, output.max)
    const before = this.#on.get(`${device}/${point}`)
    // Remembered first: a crash right after the write must not leave it on.
    if (on) {
      this.#arm({ device, point, until })
      await this.#save()
    }
    try {
      await writeOutput(place, on, signal)
    } catch (error) {
      // Whether it sounds now nobody knows; one that never could be written is let go.
      if (on && !before && error instanceof ProbeError && (error.reason === 'permission' || error.reason === 'config'))
        await this.#forget(device, point)
      throw error
    }
    this.#deps.log.info(
      { device, point, on, ...(on ? { seconds: Math.round((until - this.#deps.clock.now()) / 1000) } : {}) },
      'output switched',
    )
    if (!on) await this.#forget(device, point)
  }

  async close(): Promise<void> {
    for (const running of this.#on.values()) clearTimeout(running.timer)
    await Promise.all([...this.#on.values()].map((running) => this.#off(running)))
    this.#stopping.abort()
    for (const running of this.#on.values()) clearTimeout(running.timer)
    await this.#writing
  }

  #find(device: string, point: string): { output: OutputOptions; place: OutputPlace } {
    for (const station of this.#deps.devices()) {
      if (station.name !== device) continue
      for (const check of station.checks) {
        if (check.kind !== 'contacts') continue
        const parsed = v.safeParse(contactsKind.options, resolveDeep(check.options, this.#deps.secrets))
        if (!parsed.success) {
          // Words only: a value may be a secret.
          const [{ message }] = parsed.issues
          throw new ProbeError(
            'config',
            `${device}/${check.name} can not be used as it stands (${v.getDotPath(parsed.issues[0]) ?? 'options'}): ${message}`,
          )
        }
        const { via, points } = parsed.output as ContactsOptions
        const output = points.find((candidate) => candidate.name === point)?.output
        if (output) return { output, place: { via, output, address: check.address ?? station.address, counters: this.#deps.counters } }
      }
    }
    throw new ProbeError('config', `${device} has no point ${point} with an output on this agent`)
  }

  #arm(running: Pick<Running, 'device' | 'point' | 'until'>): void {
    const key = `${running.device}/${running.point}`
    clearTimeout(this.#on.get(key)?.timer)
    const entry: Running = { ...running, timer: undefined, backoff: createBackoff({ firstMs: OFF_AGAIN_MS, capMs: OFF_AGAIN_CAP_MS }) }
    this.#on.set(key, entry)
    this.#later(entry, Math.max(0, running.until - this.#deps.clock.now()))
  }

  #later(running: Running, ms: number): void {
    running.timer = setTimeout(() => void this.#off(running), ms)
  }

  /** Switches off; what can't be reached is tried again until it can, for a day. */
  async #off(running: Running): Promise<void> {
    const { device, point, until } = running
    const current = (): boolean => this.#on.get(`${device}/${point}`) === running && !this.#stopping.signal.aborted
    try {
      await writeOutput(this.#find(device, point).place, false, this.#stopping.signal)
      this.#deps.log.info({ device, point }, 'output switched off after its time')
      if (current()) await this.#forget(device, point)
    } catch (error) {
      if (!current()) return
      this.#deps.counters.add('jifang_output_off_failed_total')
      const problem = error instanceof Error ? error.message : String(error)
      this.#deps.log.warn({ device, point, problem }, 'output could not be switched off, trying again')
      if (this.#deps.clock.now() - until > GIVE_UP_MS) await this.#forget(device, point)
      else this.#later(running, running.backoff.next())
    }
  }

  async #forget(device: string, point: string): Promise<void> {
    const key = `${device}/${point}`
    clearTimeout(this.#on.get(key)?.timer)
    this.#on.delete(key)
    await this.#save()
  }

  /** One after the other; what can't be kept is told and does not keep a siren from being switched. */
  #save(): Promise<void> {
    const save = async (): Promise<void> => {
      const saved = [...this.#on.values()].map(({ device, point, until }) => ({ device, point, until }))
      await writeDurably(this.#deps.file, `${JSON.stringify(saved)}\n`)
    }
    this.#writing = this.#writing.then(save).catch((error: unknown) => {
      this.#deps.log.warn({ file: this.#deps.file, err: error }, 'the state of the outputs could not be kept')
    })
    return this.#writing
  }
}

const savedSchema = v.array(v.object({ device: v.string(), point: v.string(), until: v.number() }))

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // A file of which nothing can be read is as good as none.
  }
}
