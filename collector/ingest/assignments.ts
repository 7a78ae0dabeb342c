import { readFile } from 'node:fs/promises'
import { writeDurably } from '../../core/segment/durable-file.ts'

/** Who may send samples of what. */
export interface Assignments {
  /**
   * Under the configuration version in the message's header; an agent may always speak of the device that it is itself, and one with a
   * listener may send the measurement `event` of every source that it was told of.
   */
  allowed(agent: string, version: number, device: string, measurement: string): boolean
  /** Is the device in the inventory? For lines that come from no agent. */
  declared(device: string): boolean
}

/** Versions of one agent that are kept: what was measured before a long outage was measured under an old one. */
const KEPT_VERSIONS = 32

/** `sources`: of these devices only events. */
interface StoredVersion {
  readonly version: number
  readonly devices: readonly string[]
  readonly sources?: readonly string[]
}

type Stored = Record<string, StoredVersion[]>

interface Version {
  readonly version: number
  readonly devices: ReadonlySet<string>
  readonly sources: ReadonlySet<string>
}

const EVENT = 'event'

/** Opens the file in which assignments outlive a restart. A missing or damaged one starts empty. */
export async function openAssignments(path: string): Promise<AssignmentBook> {
  let stored: Stored = {}
  try {
    stored = JSON.parse(await readFile(path, 'utf8')) as Stored
  } catch (error) {
    if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return new AssignmentBook(path, stored)
}

export class AssignmentBook implements Assignments {
  readonly #path: string
  readonly #agents = new Map<string, Version[]>()
  #declared: ReadonlySet<string> = new Set()

  constructor(path: string, stored: Stored) {
    this.#path = path
    for (const [agent, versions] of Object.entries(stored))
      this.#agents.set(
        agent,
        versions.map(({ version, devices, sources = [] }) => ({ version, devices: new Set(devices), sources: new Set(sources) })),
      )
  }

  /** All names of the inventory. */
  declare(devices: Iterable<string>): void {
    this.#declared = new Set(devices)
  }

  /** On disk when it resolves: before the slice is published. */
  async assign(agent: string, version: number, devices: readonly string[], sources: readonly string[] = []): Promise<void> {
    const known = this.#agents.get(agent) ?? []
    if (known.at(-1)?.version === version) return
    this.#agents.set(
      agent,
      [...known.filter((entry) => entry.version !== version), { version, devices: new Set(devices), sources: new Set(sources) }].slice(
        -KEPT_VERSIONS,
      ),
    )
    const stored: Stored = {}
    for (const [name, versions] of this.#agents)
      stored[name] = versions.map((entry) => ({
        version: entry.version,
        devices: [...entry.devices],
        ...(entry.sources.size > 0 ? { sources: [...entry.sources] } : {}),
      }))
    await writeDurably(this.#path, JSON.stringify(stored))
  }

  allowed(agent: string, version: number, device: string, measurement: string): boolean {
    if (device === agent) return true
    // Measured before it had any configuration: nothing but itself was its business.
    if (version === 0) return false
    const versions = this.#agents.get(agent)
    const entry = versions?.find((candidate) => candidate.version === version) ?? versions?.at(-1)
    if (!entry) return false
    return entry.devices.has(device) || (measurement === EVENT && entry.sources.has(device))
  }

  declared(device: string): boolean {
    return this.#declared.has(device)
  }
}
