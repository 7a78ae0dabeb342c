import { readFile } from 'node:fs/promises'
import { writeDurably } from '../../core/segment/durable-file.ts'

/** Who may send samples of what. */
export interface Assignments {
  /** Under the configuration version in the message's header; an agent may always speak of the device that it is itself. */
  allowed(agent: string, version: number, device: string): boolean
  /** Is the device in the inventory? For lines that come from no agent. */
  declared(device: string): boolean
}

/** Versions of one agent that are kept: what was measured before a long outage was measured under an old one. */
const KEPT_VERSIONS = 32

type Stored = Record<string, { readonly version: number; readonly devices: readonly string[] }[]>

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
  readonly #agents = new Map<string, { version: number; devices: ReadonlySet<string> }[]>()
  #declared: ReadonlySet<string> = new Set()

  constructor(path: string, stored: Stored) {
    this.#path = path
    for (const [agent, versions] of Object.entries(stored))
      this.#agents.set(
        agent,
        versions.map(({ version, devices }) => ({ version, devices: new Set(devices) })),
      )
  }

  /** All names of the inventory. */
  declare(devices: Iterable<string>): void {
    this.#declared = new Set(devices)
  }

  /** On disk when it resolves: before the slice is published. */
  async assign(agent: string, version: number, devices: readonly string[]): Promise<void> {
    const known = this.#agents.get(agent) ?? []
    if (known.at(-1)?.version === version) return
    this.#agents.set(
      agent,
      [...known.filter((entry) => entry.version !== version), { version, devices: new Set(devices) }].slice(-KEPT_VERSIONS),
    )
    const stored: Stored = {}
    for (const [name, versions] of this.#agents)
      stored[name] = versions.map((entry) => ({ version: entry.version, devices: [...entry.devices] }))
    await writeDurably(this.#path, JSON.stringify(stored))
  }

  allowed(agent: string, version: number, device: string): boolean {
    if (device === agent) return true
    // Measured before it had any configuration: nothing but itself was its business.
    if (version === 0) return false
    const versions = this.#agents.get(agent)
    const entry = versions?.find((candidate) => candidate.version === version) ?? versions?.at(-1)
    return entry?.devices.has(device) ?? false
  }

  declared(device: string): boolean {
    return this.#declared.has(device)
  }
}
