import type { Clock } from '../../core/lifecycle/clock.ts'
import type { Log } from '../../core/log/log.ts'
import { hashSlice, parseSlice, type SliceBody, subjectsOf } from '../../core/wire/slice.ts'
import type { AssignmentBook } from './assignments.ts'
import type { ConfigVersions } from './config-version.ts'

export interface ConfigDeskDeps {
  readonly versions: ConfigVersions
  readonly assignments: AssignmentBook
  /** Publishes retained on the agent's config topic; rejects when not connected. */
  readonly publish: (agent: string, payload: string) => Promise<void>
  readonly onPublished: (agent: string, version: number) => void
  readonly clock: Clock
  readonly log: Log
}

/** Above somebody else's version at once, then only this often: another collector that does the same must not make it a race. */
const ABOVE_EVERY_MS = 30_000

/** Hands each agent its slice, and again at every connect: the broker may have forgotten it. */
export class ConfigDesk {
  readonly #deps: ConfigDeskDeps
  readonly #bodies = new Map<string, SliceBody>()
  /** Agents whose slice was put above another one, and when that was. */
  readonly #above = new Map<string, number>()
  readonly #later = new Map<string, NodeJS.Timeout>()
  #turn: Promise<void> = Promise.resolve()

  constructor(deps: ConfigDeskDeps) {
    this.#deps = deps
  }

  /** Resolves with the version when the assignment is on disk and the slice was published, or will be at the next connect. */
  publish(agent: string, body: SliceBody): Promise<number> {
    this.#bodies.set(agent, body)
    return this.#inTurn(() => this.#send(agent, body))
  }

  onConnect(): void {
    for (const [agent, body] of this.#bodies) this.#quietly(agent, () => this.#send(agent, body))
  }

  /** What stands on an agent's config topic; our own messages come back here too. */
  onConfig(agent: string, payload: Buffer): void {
    if (payload.length === 0) return
    const slice = parseSlice(payload.toString('utf8'))
    if (typeof slice !== 'string') this.#met(agent, slice.version, slice.hash)
    else this.#deps.log.warn({ agent, problem: slice }, 'what stands on the configuration topic is not a slice')
  }

  /** The version that the agent says is in force there. */
  onStatus(agent: string, version: number): void {
    this.#met(agent, version, null)
  }

  /** Everything asked for so far is done when it resolves. */
  stop(): Promise<void> {
    for (const timer of this.#later.values()) clearTimeout(timer)
    return this.#turn
  }

  #met(agent: string, version: number, hash: string | null): void {
    this.#quietly(agent, async () => {
      if (!(await this.#deps.versions.met(agent, version, hash))) return
      const { log, clock } = this.#deps
      const wait = (this.#above.get(agent) ?? Number.NEGATIVE_INFINITY) + ABOVE_EVERY_MS - clock.monotonic()
      if (wait <= 0) {
        log.warn({ agent, met: version }, 'a newer configuration than ours is in use there, ours is published above it')
        return this.#putAbove(agent)
      }
      if (this.#later.has(agent)) return
      log.error({ agent, met: version }, 'somebody else hands out configurations to this agent, another collector? Stop one of them')
      this.#later.set(
        agent,
        setTimeout(() => this.#quietly(agent, () => this.#putAbove(agent)), wait),
      )
    })
  }

  async #putAbove(agent: string): Promise<void> {
    clearTimeout(this.#later.get(agent))
    this.#later.delete(agent)
    this.#above.set(agent, this.#deps.clock.monotonic())
    const body = this.#bodies.get(agent)
    if (body) await this.#send(agent, body)
  }

  async #send(agent: string, body: SliceBody): Promise<number> {
    const hash = hashSlice(body)
    const version = await this.#deps.versions.versionFor(agent, hash)
    const { devices, sources } = subjectsOf(body)
    await this.#deps.assignments.assign(agent, version, devices, sources)
    this.#deps.onPublished(agent, version)
    const { collectors, profiles } = body
    await this.#deps
      .publish(agent, JSON.stringify({ version, hash, collectors, profiles, devices: body.devices }))
      .catch((error: unknown) => this.#deps.log.debug({ agent, err: error }, 'the slice follows at the next connect'))
    return version
  }

  #quietly(agent: string, work: () => Promise<unknown>): void {
    this.#inTurn(work).catch((error: unknown) => this.#deps.log.error({ agent, err: error }, 'the configuration could not be handed out'))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    )
    return turn
  }
}
