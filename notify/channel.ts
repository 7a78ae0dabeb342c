import type { FieldValue } from '../core/model/sample.ts'
import type { Notice } from './notice.ts'
import type { Person } from './notify-file.ts'

/**
 * The fate of one attempt. `retry`: the same channel may work soon (`afterMs` when the other side named a time; at most `tries` more attempts).
 * `failed`: use the next channel; `permanent` when this person can't be reached this way at all.
 * `uncertain`: it may have arrived all the same.
 */
export type Delivery =
  | { readonly result: 'sent'; readonly reference?: string }
  | { readonly result: 'retry'; readonly reason: string; readonly afterMs?: number; readonly tries?: number; readonly uncertain?: boolean }
  | { readonly result: 'failed'; readonly reason: string; readonly permanent: boolean; readonly uncertain?: boolean }

/** What is sent: the text as people read it, and the notices behind it for machines. */
export interface Message {
  /** The same for every attempt to tell the same things to the same person. */
  readonly key: string
  readonly text: string
  readonly notices: readonly Notice[]
}

/** What a channel says about itself; fields go into its own sample. */
export interface ChannelReport {
  readonly up: boolean
  /** In words, never a secret. */
  readonly detail: string
  readonly measurement?: string
  readonly fields?: Readonly<Record<string, FieldValue>>
}

/** A way to reach people. It never retries by itself and never throws for a failed delivery. */
export interface Channel {
  readonly name: string
  readonly kind: string
  /** Ends soon after `signal` aborts. */
  send(message: Message, person: Person, signal: AbortSignal): Promise<Delivery>
  /** Whether it would work now, without telling anybody anything. */
  check?(signal: AbortSignal): Promise<ChannelReport>
  close(): Promise<void>
}
