import type { Reason } from '../model/reason.ts'
import { indexOf, isUnder } from './oid.ts'
import type { Answer, Varbind, VarbindSource } from './varbind.ts'

export interface Trouble {
  readonly reason: Reason
  readonly detail?: string
}

/** What one run has read so far: nothing is asked for twice, however many groups want it. */
export class Snapshot {
  readonly #source: VarbindSource
  readonly #scalars = new Map<string, Varbind | null>()
  readonly #columns = new Map<string, Map<string, Varbind>>()
  readonly #troubles = new Map<string, Trouble>()

  constructor(source: VarbindSource) {
    this.#source = source
  }

  async fetchScalars(oids: Iterable<string>): Promise<void> {
    const wanted = [...new Set(oids)].filter((oid) => !this.#scalars.has(oid))
    if (wanted.length === 0) return
    const answer = await this.#source.get(wanted)
    for (const oid of wanted) this.#scalars.set(oid, null)
    for (const varbind of answer.varbinds) this.#scalars.set(varbind.oid, varbind)
    this.#note(answer)
  }

  async fetchColumns(roots: Iterable<string>): Promise<void> {
    const wanted = [...new Set(roots)].filter((root) => !this.#columns.has(root))
    if (wanted.length === 0) return
    const answer = await this.#source.columns(wanted)
    for (const root of wanted) this.#columns.set(root, new Map())
    for (const varbind of answer.varbinds) {
      const root = wanted.find((candidate) => isUnder(varbind.oid, candidate))
      if (root !== undefined) this.#columns.get(root)?.set(indexOf(varbind.oid, root), varbind)
    }
    this.#note(answer)
  }

  scalar(oid: string): Varbind | null {
    return this.#scalars.get(oid) ?? null
  }

  column(root: string): ReadonlyMap<string, Varbind> {
    return this.#columns.get(root) ?? EMPTY
  }

  /** Why an object or column is not (or not wholly) there; null when the device simply does not have it. */
  trouble(oid: string): Trouble | null {
    return this.#troubles.get(oid) ?? null
  }

  #note(answer: Answer): void {
    for (const { oid, reason, detail } of answer.failed) this.#troubles.set(oid, { reason, ...(detail === undefined ? {} : { detail }) })
  }
}

const EMPTY: ReadonlyMap<string, Varbind> = new Map()
