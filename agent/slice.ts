import { readFile } from 'node:fs/promises'
import type { Log } from '../core/log/log.ts'
import { writeDurably } from '../core/segment/durable-file.ts'
import type { ConfigSlice } from '../core/wire/payloads.ts'
import { hashSlice, parseSlice } from '../core/wire/slice.ts'

export interface SliceDeps {
  /** `<data>/config.json`: the last good one, in force at a start without a broker. Secrets in it are references. */
  readonly path: string
  /** Brings what runs in line with it. */
  readonly apply: (slice: ConfigSlice) => Promise<void>
  /** After a change of what is in force, or of `rejected`. */
  readonly onChange: () => void
  readonly log: Log
}

/** The agent's configuration: takes a greater version only, keeps the old one when the new one is unusable (DESIGN §5). */
export class SliceKeeper {
  readonly #deps: SliceDeps
  #inForce: ConfigSlice | null = null
  #rejected: string | null = null
  #turn: Promise<void> = Promise.resolve()

  constructor(deps: SliceDeps) {
    this.#deps = deps
  }

  get inForce(): ConfigSlice | null {
    return this.#inForce
  }

  get version(): number {
    return this.#inForce?.version ?? 0
  }

  get rejected(): string | null {
    return this.#rejected
  }

  /** Takes the one on disk; none, or a damaged one, is like a first start. */
  async load(): Promise<void> {
    let text: string
    try {
      text = await readFile(this.#deps.path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#deps.log.warn({ err: error }, 'the last configuration can not be read')
      return
    }
    const slice = parseSlice(text)
    if (typeof slice === 'string')
      this.#deps.log.warn({ file: this.#deps.path, problem: slice }, 'the last configuration is damaged, waiting for a new one')
    else await this.#take(slice, false)
  }

  /** A local one, without a collector; in force until one with a greater version comes. */
  use(slice: ConfigSlice): Promise<void> {
    return this.#inTurn(() => this.#take(slice, false))
  }

  /** A message on the config topic. An empty one (cleared by hand) changes nothing. */
  offer(payload: Buffer): Promise<void> {
    if (payload.length === 0) return Promise.resolve()
    return this.#inTurn(async () => {
      const slice = parseSlice(payload.toString('utf8'))
      if (typeof slice === 'string') return this.#reject(slice)
      if (slice.version <= this.version) return
      await this.#take(slice, true)
    })
  }

  async #take(slice: ConfigSlice, save: boolean): Promise<void> {
    const before = this.#inForce
    this.#inForce = slice
    try {
      // The hash is somebody else's word: what is the same is found out here.
      if (before?.hash !== slice.hash || hashSlice(before) !== hashSlice(slice)) await this.#deps.apply(slice)
    } catch (error) {
      this.#inForce = before
      return this.#reject(`version ${slice.version}: ${error instanceof Error ? error.message : String(error)}`)
    }
    this.#rejected = null
    this.#deps.log.info({ version: slice.version, devices: slice.devices.length }, 'configuration in force')
    if (save) await this.#save(slice)
    this.#deps.onChange()
  }

  #reject(why: string): void {
    this.#rejected = why
    this.#deps.log.error({ problem: why, inForce: this.version }, 'the new configuration is not usable, the old one stays')
    this.#deps.onChange()
  }

  async #save(slice: ConfigSlice): Promise<void> {
    try {
      await writeDurably(this.#deps.path, `${JSON.stringify(slice)}\n`)
    } catch (error) {
      this.#deps.log.warn({ file: this.#deps.path, err: error }, 'the configuration could not be kept for the next start')
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}
