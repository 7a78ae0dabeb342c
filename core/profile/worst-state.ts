import type { FieldValue } from '../model/sample.ts'
import type { ReadValue } from './model.ts'
import type { State } from './schema.ts'

/** Worst last; a state that nobody knows hides no other. */
const RANK: Readonly<Record<State, number>> = { unknown: 0, normal: 1, alarm: 2, fault: 3 }
/** Of these a rule of their own tells: the words of a UPS, or states that say nothing of health. */
const LEFT_OUT = new Set(['ups', 'interface', 'snmp_device'])

/**
 * The worst of a series' states but `state` itself, so that one rule sees a part whose state has a name of its own (`disk_state`, `fan`):
 * fields `worst_state`, `worst_state_code`, and while it is not well `worst_of` with its words.
 */
export class WorstState {
  #worst: State | null = null
  readonly #unwell: string[] = []

  note(value: ReadValue): void {
    if (!value.stateful || value.field === 'state' || LEFT_OUT.has(value.measurement)) return
    const state = value.state ?? 'unknown'
    if (this.#worst === null || RANK[state] > RANK[this.#worst]) this.#worst = state
    if (state === 'alarm' || state === 'fault') this.#unwell.push(`${value.field.replaceAll('_', ' ')}: ${value.text}`)
  }

  fields(codes: Readonly<Record<State, number>>): Readonly<Record<string, FieldValue>> {
    if (this.#worst === null) return {}
    return {
      worst_state: this.#worst,
      worst_state_code: codes[this.#worst],
      ...(this.#unwell.length > 0 ? { worst_of: this.#unwell.join(', ').slice(0, 200) } : {}),
    }
  }
}
