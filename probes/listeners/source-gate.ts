import { addressNumber, type Cidr } from '../../core/net/cidr.ts'

export interface GateOptions {
  /** Empty: everybody may send. */
  readonly allow: readonly Cidr[]
  /** Messages per second of one source that are let in, and how many at once. */
  readonly rate: number
  readonly burst: number
}

export type Entry = 'in' | 'not_allowed' | 'too_many'

interface Source {
  tokens: number
  at: number
  dropped: number
}

/** Sources known at one time; a flood of invented ones shares one allowance. */
const MAX_SOURCES = 4096
const CROWD = '*'

/**
 * Who may send, and how much: asked with the source address before a byte of the message is looked at. A source has a bucket of `burst`
 * that fills with `rate` per second. What is dropped is counted per source and handed out by `takeDropped`.
 */
export class SourceGate {
  readonly #options: GateOptions
  readonly #sources = new Map<string, Source>()
  readonly #verdicts = new Map<string, boolean>()

  constructor(options: GateOptions) {
    this.#options = options
  }

  /** `now`: monotonic ms. */
  enter(address: string, now: number): Entry {
    if (!this.#allowed(address)) return 'not_allowed'
    const source = this.#source(address, now)
    const { rate, burst } = this.#options
    source.tokens = Math.min(burst, source.tokens + ((now - source.at) / 1000) * rate)
    source.at = now
    if (source.tokens < 1) {
      source.dropped++
      return 'too_many'
    }
    source.tokens--
    return 'in'
  }

  allows(address: string): boolean {
    return this.#allowed(address)
  }

  /** Sources whose messages were dropped since it was asked last; `*` stands for those beyond the table. Forgets sources that are quiet. */
  takeDropped(now: number): { readonly source: string; readonly dropped: number }[] {
    const told: { source: string; dropped: number }[] = []
    for (const [source, state] of this.#sources) {
      if (state.dropped > 0) told.push({ source, dropped: state.dropped })
      state.dropped = 0
      if (now - state.at > (this.#options.burst / this.#options.rate) * 1000) this.#sources.delete(source)
    }
    return told
  }

  get sources(): number {
    return this.#sources.size
  }

  #source(address: string, now: number): Source {
    const known = this.#sources.get(address)
    if (known) return known
    const key = this.#sources.size < MAX_SOURCES ? address : CROWD
    const crowd = this.#sources.get(key)
    if (crowd) return crowd
    const made: Source = { tokens: this.#options.burst, at: now, dropped: 0 }
    this.#sources.set(key, made)
    return made
  }

  #allowed(address: string): boolean {
    const { allow } = this.#options
    if (allow.length === 0) return true
    const known = this.#verdicts.get(address)
    if (known !== undefined) return known
    const value = addressNumber(address)
    const allowed = value !== null && allow.some((block) => value >= block.first && value <= block.last)
    if (this.#verdicts.size >= MAX_SOURCES) this.#verdicts.clear()
    this.#verdicts.set(address, allowed)
    return allowed
  }
}
