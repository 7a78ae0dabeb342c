import { randomUUID } from 'node:crypto'
import type { Check, Device } from '../core/inventory/model.ts'
import { agentOf } from '../core/inventory/slice.ts'
import type { Clock } from '../core/lifecycle/clock.ts'
import type { Log } from '../core/log/log.ts'
import type { AgentReply } from '../core/wire/payloads.ts'
import type { CollectorDeps } from './collector.ts'
import type { Ingest } from './ingest/ingest.ts'
import { HttpProblem, type OutputSwitch } from './web/deps.ts'

export interface AgentRequestsDeps extends Pick<CollectorDeps, 'kinds'> {
  readonly clock: Clock
  readonly log: Log
  readonly ingest: Pick<Ingest, 'agents' | 'request'>
  readonly find: (name: string) => Device | undefined
}

/** A request to an agent is void after this. */
const REQUEST_EXPIRES_MS = 55_000

/** Asks the agent that is responsible for a device (DESIGN §5, `request`); refusals are HttpProblems in words. */
export class AgentRequests {
  readonly #deps: AgentRequestsDeps

  constructor(deps: AgentRequestsDeps) {
    this.#deps = deps
  }

  async probe(name: string, check: string | undefined, signal: AbortSignal): Promise<AgentReply> {
    const device = this.#device(name)
    const wanted = device.checks.find((candidate) => check === undefined || candidate.name === check)
    if (!wanted) throw new HttpProblem(404, `${name} has no check ${check}`)
    return this.#ask(device, wanted, { kind: 'probe', device: name, ...(check === undefined ? {} : { check }) }, signal)
  }

  /** Switches a declared contact; throws when the station has not confirmed it. */
  async output({ device: name, point, on, seconds, by }: OutputSwitch, signal: AbortSignal): Promise<void> {
    const device = this.#device(name)
    const check = device.checks.find((candidate) => hasOutput(candidate, point))
    if (!check) throw new HttpProblem(404, `${name} has no point ${point} with an output`)
    const reply = await this.#ask(device, check, { kind: 'output', device: name, point, on, seconds }, signal)
    this.#deps.log.info({ person: by, device: name, point, on, seconds, ok: reply.ok, error: reply.error }, 'output switched by a person')
    if (!reply.ok) throw new HttpProblem(502, reply.error ?? 'the agent could not switch it')
  }

  #device(name: string): Device {
    const device = this.#deps.find(name)
    if (!device) throw new HttpProblem(404, `no device is named ${name}`)
    return device
  }

  async #ask(device: Device, check: Check, body: RequestBody, signal: AbortSignal): Promise<AgentReply> {
    const { ingest, kinds, clock } = this.#deps
    const online = new Set(ingest.agents().flatMap((agent) => (agent.state === 'online' ? [agent.name] : [])))
    const agent = agentOf(device, check, { kinds, isAlive: (candidate) => online.has(candidate) })
    if (agent === null || !online.has(agent)) throw new HttpProblem(503, `the agent ${agent ?? ''} that runs it is not online`)
    try {
      return await ingest.request(agent, { id: randomUUID(), expires: clock.now() + REQUEST_EXPIRES_MS, ...body }, signal)
    } catch (error) {
      throw new HttpProblem(504, error instanceof Error ? error.message : String(error))
    }
  }
}

type RequestBody =
  | { readonly kind: 'probe'; readonly device: string; readonly check?: string }
  | { readonly kind: 'output'; readonly device: string; readonly point: string; readonly on: boolean; readonly seconds: number }

/** The options are valid input of the kind's schema already. */
function hasOutput({ kind, enabled, options }: Check, point: string): boolean {
  if (kind !== 'contacts' || !enabled || !Array.isArray(options.points)) return false
  return options.points.some(
    (candidate: { name?: unknown; output?: unknown }) => candidate.name === point && candidate.output !== undefined,
  )
}
