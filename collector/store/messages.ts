import type { SeriesAnswer, SeriesQuery } from '../../core/model/api.ts'
import type { StoreSettings } from './settings.ts'

/** What the collector tells the process of the store. */
export type ToStore =
  | { readonly type: 'start'; readonly dir: string; readonly journalDir: string; readonly synced: number; readonly settings: StoreSettings }
  | { readonly type: 'synced'; readonly offset: number }
  | { readonly type: 'series'; readonly id: number; readonly query: SeriesQuery }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'stop' }

/** What the store tells the collector. */
export type FromStore =
  /** Every few seconds: its event loop turns. */
  | { readonly type: 'alive' }
  | { readonly type: 'progress'; readonly position: number }
  | { readonly type: 'answer'; readonly id: number; readonly answer: SeriesAnswer }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | { readonly type: 'problem'; readonly kind: string; readonly text: string }
  | { readonly type: 'recovered'; readonly kind: string }
  | {
      readonly type: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly facts: Readonly<Record<string, unknown>>
      readonly message: string
    }
  | { readonly type: 'counters'; readonly values: readonly CounterValue[] }

export interface CounterValue {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Of a counter the growth since the last message, of a gauge the value. */
  readonly value: number
  readonly kind: 'counter' | 'gauge'
}
