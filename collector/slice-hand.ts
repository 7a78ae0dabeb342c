import type { Inventory } from '../core/inventory/model.ts'
import { agentsOf, buildSlice, type SliceContext } from '../core/inventory/slice.ts'
import type { Clock } from '../core/lifecycle/clock.ts'
import type { Running } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import type { AgentView } from '../core/model/api.ts'
import type { SliceBody } from '../core/wire/slice.ts'

export interface SliceHandDeps {
  readonly collectors: readonly string[]
  readonly kinds: SliceContext['kinds']
  readonly agents: () => readonly AgentView[]
  /** Publishes an agent's slice; resolves when its version is on disk. */
  readonly publish: (agent: string, body: SliceBody) => Promise<unknown>
  readonly clock: Clock
  readonly log: Log
}

const REVIEW_MS = 5000
/** A poller that is away this long is replaced by the next one; one that is back this long takes over again. */
const AWAY_MS = 20_000

/** Hands every agent what it has to do, and the work of a lost poller to the next one of its devices. */
export class SliceHand implements Running {
  readonly #deps: SliceHandDeps
  readonly #handed = new Map<string, string>()
  readonly #seen = new Map<string, { alive: boolean; since: number; counts: boolean }>()
  readonly #timer: NodeJS.Timeout
  #inventory: Inventory
  #profiles: readonly unknown[]

  constructor(deps: SliceHandDeps, inventory: Inventory, profiles: readonly unknown[]) {
    this.#deps = deps
    this.#inventory = inventory
    this.#profiles = profiles
    this.#timer = setInterval(() => void this.review(), REVIEW_MS)
  }

  /**
   * At the start nobody is known to be there. Where that makes a difference, because a device has several pollers, the
   * first regular review hands out: by then the broker has said who is.
   */
  async begin(): Promise<void> {
    if (!this.#inventory.devices.some(({ enabled, pollers }) => enabled && pollers.length > 1)) await this.review()
  }

  async configure(inventory: Inventory, profiles: readonly unknown[]): Promise<void> {
    this.#inventory = inventory
    this.#profiles = profiles
    await this.review()
  }

  /** Publishes the slices that differ from what was handed out last. */
  async review(): Promise<void> {
    this.#look()
    const { kinds, collectors } = this.#deps
    const isAlive = (agent: string): boolean => this.#seen.get(agent)?.counts ?? false
    for (const agent of new Set([...agentsOf(this.#inventory, kinds), ...this.#handed.keys(), ...this.#configured()])) {
      const devices = buildSlice(this.#inventory, agent, { kinds, isAlive })
      const body: SliceBody = { collectors, profiles: this.#profiles, devices }
      const text = JSON.stringify(body)
      if (this.#handed.get(agent) === text) continue
      this.#handed.set(agent, text)
      try {
        await this.#deps.publish(agent, body)
      } catch (error) {
        this.#handed.delete(agent) // the next review tries again
        this.#deps.log.error({ agent, err: error }, 'the configuration of an agent could not be handed out')
      }
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
  }

  /** Agents with a slice of some earlier run: those without a device now must hear that, too. */
  #configured(): string[] {
    return this.#deps.agents().flatMap(({ name, config }) => (config > 0 ? [name] : []))
  }

  #look(): void {
    const now = this.#deps.clock.monotonic()
    for (const { name, state } of this.#deps.agents()) {
      const alive = state === 'online'
      const seen = this.#seen.get(name)
      if (!seen) this.#seen.set(name, { alive, since: now, counts: alive })
      else if (seen.alive !== alive) this.#seen.set(name, { alive, since: now, counts: seen.counts })
      else if (now - seen.since >= AWAY_MS) seen.counts = alive
    }
  }
}
