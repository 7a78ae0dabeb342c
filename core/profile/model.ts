import type { Reading } from './decode.ts'
import type { Expression } from './expression.ts'
import type { Cell, Needs } from './refs.ts'
import type { MatchData, ProfileData, State } from './schema.ts'

/** A profile ready to run. Made by compile.ts out of the data of a file; holds closures, so it never travels. */
export interface Profile {
  readonly name: string
  readonly title: { readonly zh: string; readonly en: string }
  readonly class: string | null
  readonly priority: number
  readonly match: MatchData | null
  readonly extends: readonly string[]
  readonly excludes: readonly string[]
  readonly groups: readonly Group[]
  /** Has OIDs below the device's sysObjectID: run it through `profileFor` first. */
  readonly relative: boolean
  readonly data: ProfileData
}

export interface Group {
  readonly profile: string
  readonly name: string
  readonly measurement: string
  readonly table: string | null
  readonly tags: Readonly<Record<string, Cell>>
  readonly lets: Readonly<Record<string, Cell>>
  readonly where: Expression | null
  /** Rows with equal tags: number the later ones, drop them, or let all speak for one series. */
  readonly sameTags: 'number' | 'first' | 'merge'
  readonly unless: readonly string[]
  readonly everyMs: number
  readonly fields: readonly Field[]
  readonly derived: readonly { readonly field: string; readonly expression: Expression }[]
  readonly presence: Presence | null
  readonly needs: Needs
}

export interface Presence {
  readonly column: string
  readonly tag: string
  readonly field: string
  readonly known: EnumTable
}

export interface Meaning {
  readonly text: string
  readonly state: State | null
  readonly words: readonly string[]
  readonly code: number | null
}
export type EnumTable = ReadonlyMap<string, Meaning>

export type FieldKind = 'number' | 'text' | 'enum' | 'bits' | 'counter' | 'words'

export interface Field {
  readonly name: string
  readonly kind: FieldKind
  /** Unit that the name says, and its symbol; null when it says none. */
  readonly target: string | null
  readonly symbol: string | null
  /** Its meanings name states. */
  readonly stateful: boolean
  readonly source: Cell
  readonly reading: Reading
  readonly extract: RegExp | null
  readonly expr: Expression | null
  readonly missing: ReadonlySet<string>
  readonly scale: number | Expression | null
  readonly offset: number | Expression | null
  /** Unit that the device sends; a cell when it says so itself. */
  readonly unit: string | Cell | null
  readonly auto: { readonly above: number; readonly divide: number } | null
  readonly min: number
  readonly max: number
  readonly meanings: EnumTable | null
  readonly bitOrder: 'lsb' | 'msb' | 'ascii'
  readonly rate: { readonly field: string; readonly scale: number } | null
  readonly discontinuity: Cell | null
  readonly tags: Readonly<Record<string, Cell>> | null
  readonly measurement: string | null
  readonly where: Expression | null
  /** Chooses another field by a value of the row (ENTITY-SENSOR: by the type column). */
  readonly variant: { readonly by: Cell; readonly of: ReadonlyMap<string, Field>; readonly otherwise: Field | null } | null
}

/** One value read, with where it came from and where it goes. */
export interface ReadValue {
  readonly profile: string
  readonly group: string
  /** The object it was read from; empty for what follows from an absence (an alarm that is not in the alarm table). */
  readonly oid: string
  readonly raw: number | string
  readonly kind: FieldKind
  readonly quality: 'ok' | 'missing' | 'bad_value'
  /** Scaled; for states the raw number. */
  readonly value: number | bigint | null
  readonly unit: string | null
  readonly text: string | null
  readonly state: State | null
  readonly words: readonly string[]
  readonly measurement: string
  readonly field: string
  readonly tags: Readonly<Record<string, string>>
  /** True when the field's meanings name states, so that the state goes out beside the text. */
  readonly stateful: boolean
  readonly rate: { readonly field: string; readonly scale: number } | null
  readonly counterBits: 32 | 64
  /** Value of the discontinuity object beside a counter, when there is one. */
  readonly discontinuity: number | null
}
