import type { Reason } from '../model/reason.ts'
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
    const known = new Set(wanted)
    const nested = wanted.some((root) => parentsOf(root).some((parent) => known.has(parent)))
    for (const varbind of answer.varbinds) this.#file(varbind, known, nested)
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

  /** Into the column with the longest root above it; into every one where columns lie within each other. */
  #file(varbind: Varbind, known: ReadonlySet<string>, nested: boolean): void {
    const { oid } = varbind
    for (let dot = oid.lastIndexOf('.'); dot > 0; dot = oid.lastIndexOf('.', dot - 1)) {
      const root = oid.slice(0, dot)
      if (!known.has(root)) continue
      this.#columns.get(root)?.set(oid.slice(dot + 1), varbind)
      if (!nested) return
    }
  }

  #note(answer: Answer): void {
    for (const { oid, reason, detail } of answer.failed) this.#troubles.set(oid, { reason, ...(detail === undefined ? {} : { detail }) })
  }
}

function parentsOf(oid: string): string[] {
  const parents: string[] = []
  for (let dot = oid.lastIndexOf('.'); dot > 0; dot = oid.lastIndexOf('.', dot - 1)) parents.push(oid.slice(0, dot))
  return parents
}

const EMPTY: ReadonlyMap<string, Varbind> = new Map()
