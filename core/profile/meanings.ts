import type { EnumTable, Meaning } from './model.ts'
import { type EnumEntry, listOf, STATES, type State } from './schema.ts'

/**
 * `3: low`, `3: [low, alarm]`, `3: [low, alarm, LB]` or `3: { text, state, words, code }` → what each raw value means.
 * A text that is itself a state word is that state.
 */
export function compileMeanings(entries: Readonly<Record<string, EnumEntry>>): EnumTable {
  const table = new Map<string, Meaning>()
  for (const [key, entry] of Object.entries(entries)) table.set(key.trim().toLowerCase(), meaning(entry))
  return table
}

function meaning(entry: EnumEntry): Meaning {
  if (typeof entry === 'string') return { text: entry, state: stateOf(entry), words: [], code: null }
  if (Array.isArray(entry)) {
    const [text = '', state = '', words = ''] = entry
    return { text, state: stateOf(state) ?? stateOf(text), words: wordsOf(words), code: null }
  }
  return { text: entry.text, state: entry.state ?? stateOf(entry.text), words: wordsOf(entry.words ?? ''), code: entry.code ?? null }
}

type Values = string | number | boolean | (string | number | boolean)[] | undefined

/** The short form for contacts: `normal: 0`, `alarm: [1, 2]`, `fault: 3`. */
export function contactMeanings(field: Readonly<Record<State, Values>>): EnumTable | null {
  const table = new Map<string, Meaning>()
  for (const state of STATES) {
    for (const value of listOf(field[state])) table.set(String(value).toLowerCase(), { text: state, state, words: [], code: null })
  }
  return table.size > 0 ? table : null
}

/** `words: { 5: OB }`: the value says only which UPS words hold. */
export function wordMeanings(words: Readonly<Record<string, string>>): EnumTable {
  return new Map(Object.entries(words).map(([key, text]) => [key.toLowerCase(), { text, state: null, words: wordsOf(text), code: null }]))
}

function stateOf(text: string): State | null {
  return (STATES as readonly string[]).includes(text) ? (text as State) : null
}

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')
