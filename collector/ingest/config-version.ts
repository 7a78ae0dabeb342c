import { readFile } from 'node:fs/promises'
import { writeDurably } from '../../core/segment/durable-file.ts'

interface Stored {
  /** Highest version ever given or seen. */
  version: number
  /** What each agent was given last. */
  agents: Record<string, { version: number; hash: string }>
}

/** Nothing counts up to here in the life of a site: who names more would drive the versions out of what the header can hold. */
const HIGHEST_VERSION = 1e12

/** Versions of the agents' slices: one growing integer for the site, kept over restarts. */
export class ConfigVersions {
  readonly #path: string
  readonly #stored: Stored

  constructor(path: string, stored: Stored) {
    this.#path = path
    this.#stored = stored
  }

  /** The version to publish a slice with this content under: the one it had, or a new one; on disk when it resolves. */
  async versionFor(agent: string, hash: string): Promise<number> {
    const given = this.#stored.agents[agent]
    if (given?.hash === hash) return given.version
    const version = this.#stored.version + 1
    this.#stored.version = version
    this.#stored.agents[agent] = { version, hash }
    await this.#save()
    return version
  }

  /**
   * A version of this agent's slice was met on the broker or in its status (`hash` null: unknown). A greater one than ours comes from another
   * life of this collector: with our content it is taken over, otherwise ours has to go above it. True when the slice must be published again.
   */
  async met(agent: string, version: number, hash: string | null): Promise<boolean> {
    if (!Number.isSafeInteger(version) || version > HIGHEST_VERSION) return false
    const given = this.#stored.agents[agent]
    if (version > this.#stored.version) this.#stored.version = version
    if (!given || version <= given.version) return false
    if (hash === given.hash) this.#stored.agents[agent] = { version, hash }
    else this.#stored.agents[agent] = { version: ++this.#stored.version, hash: given.hash }
    await this.#save()
    return true
  }

  #save(): Promise<void> {
    return writeDurably(this.#path, `${JSON.stringify(this.#stored)}\n`)
  }
}

/** A missing or damaged file starts at 0; versions met on the broker lift it. */
export async function openConfigVersions(path: string): Promise<ConfigVersions> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as Partial<Stored>
    if (Number.isSafeInteger(value.version) && typeof value.agents === 'object' && value.agents !== null)
      return new ConfigVersions(path, { version: value.version ?? 0, agents: value.agents })
  } catch (error) {
    if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return new ConfigVersions(path, { version: 0, agents: {} })
}
