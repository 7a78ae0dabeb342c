import { existsSync } from 'node:fs'
import type { Counters } from '../../core/lifecycle/counters.ts'
import type { Running } from '../../core/lifecycle/stack.ts'
import type { Log } from '../../core/log/log.ts'
import type { SeriesAnswer, SeriesQuery } from '../../core/model/api.ts'
import type { RecordSource } from '../../core/segment/types.ts'
import { KeptChild } from './child.ts'
import type { CounterValue, FromStore } from './messages.ts'

import { MAX_QUERIES, QUERY_DEADLINE_MS, type StoreSettings } from './settings.ts'

/** `restarted` its process ended by itself · `corrupt` a file was set aside · `write` it can't write · `overtaken` · `journal`. */
export type StoreProblem = 'restarted' | 'corrupt' | 'write' | 'overtaken' | 'journal'

export interface StoreOptions {
  readonly dir: string
  readonly journalDir: string
  /** The journal as the collector sees it: only its `synced` is used here, the process reads for itself. */
  readonly source: RecordSource
  readonly settings: StoreSettings
  readonly log: Log
  readonly counters: Counters
  readonly onProblem: (kind: StoreProblem, text: string) => void
  /** `write` and `restarted` end; the others are single events. */
  readonly onRecovered?: (kind: StoreProblem) => void
  /** The child's program; by default the one beside this file, compiled. */
  readonly entry?: URL
  /** Delays before a process that ended is started again; default 0.5 s doubling to 60 s. */
  readonly restart?: { readonly firstMs: number; readonly capMs: number }
  /** How often it is looked whether the process still speaks; after six times without a word it is killed. Default 10 s. */
  readonly checkMs?: number
}

/** History of all samples, kept by a process of its own: nothing that happens there delays acknowledgements or alarms. */
export interface Store extends Running {
  /** @throws within 10 s when the store can't answer; the message says why */
  series(query: SeriesQuery, signal: AbortSignal): Promise<SeriesAnswer>
  /** Resolves when everything below `offset` of the journal is committed and can be queried. */
  caughtUp(offset: number): Promise<void>
  /** Bytes of the journal that are not in the store yet. */
  lag(): number
  /** Process id; null while it is being started again. */
  pid(): number | null
}

interface Pending {
  readonly resolve: (answer: SeriesAnswer) => void
  readonly reject: (error: Error) => void
}

export async function startStore(options: StoreOptions): Promise<Store> {
  return new ForkedStore(options)
}

/** The compiled child: beside this file, or in dist/ when this file runs as TypeScript, which Node 20 can't fork. */
function defaultEntry(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./process.js', import.meta.url)
  const built = new URL('../../dist/collector/store/process.js', import.meta.url)
  if (!existsSync(built)) throw new Error(`${built.pathname} is missing: run npm run build`)
  return built
}

class ForkedStore implements Store {
  readonly #o: StoreOptions
  readonly #child: KeptChild
  readonly #pending = new Map<number, Pending>()
  readonly #unsubscribe: () => void
  #waiters: { offset: number; resolve: () => void; reject: (error: Error) => void }[] = []
  #position = 0
  #nextId = 1
  #lost = false
  #tellScheduled = false

  constructor(options: StoreOptions) {
    this.#o = options
    const { dir, journalDir, settings, source } = options
    this.#child = new KeptChild({
      entry: options.entry ?? defaultEntry(),
      log: options.log,
      restart: options.restart ?? { firstMs: 500, capMs: 60_000 },
      ...(options.checkMs === undefined ? {} : { checkMs: options.checkMs }),
      onStart: () => ({ type: 'start', dir, journalDir, settings, synced: source.synced }),
      onMessage: (message) => this.#received(message),
      onLost: (how, delayMs) => this.#childLost(how, delayMs),
    })
    this.#unsubscribe = source.onSynced(() => this.#tellSynced())
  }

  pid(): number | null {
    return this.#child.pid
  }

  lag(): number {
    return Math.max(0, this.#o.source.synced - this.#position)
  }

  caughtUp(offset: number): Promise<void> {
    if (this.#position >= offset) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiters.push({ offset, resolve, reject }))
  }

  series(query: SeriesQuery, signal: AbortSignal): Promise<SeriesAnswer> {
    if (this.#pending.size >= MAX_QUERIES) return Promise.reject(new Error('the store is busy: too many queries wait; try again later'))
    const id = this.#nextId++
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(QUERY_DEADLINE_MS + 500)])
    return new Promise<SeriesAnswer>((resolve, reject) => {
      const giveUp = () => {
        this.#child.send({ type: 'cancel', id })
        reject(new Error(signal.aborted ? 'the query was given up by its caller' : 'the store did not answer in time'))
      }
      if (signal.aborted) return giveUp()
      deadline.addEventListener('abort', giveUp, { once: true })
      this.#pending.set(id, { resolve, reject })
      if (!this.#child.send({ type: 'series', id, query })) reject(new Error('the store is being started again; try again in a moment'))
    }).finally(() => this.#pending.delete(id))
  }

  async stop(): Promise<void> {
    this.#unsubscribe()
    await this.#child.stop()
    this.#failPending('the store is stopping')
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new Error('the store is stopping'))
  }

  /** At most one message per 50 ms however often the journal syncs. */
  #tellSynced(): void {
    if (this.#tellScheduled) return
    this.#tellScheduled = true
    setTimeout(() => {
      this.#tellScheduled = false
      this.#child.send({ type: 'synced', offset: this.#o.source.synced })
      this.#o.counters.set('jifang_store_lag_bytes', this.lag())
    }, 50).unref()
  }

  #received(message: FromStore): void {
    switch (message.type) {
      case 'progress':
        this.#progressed(message.position)
        break
      case 'answer':
        this.#pending.get(message.id)?.resolve(message.answer)
        break
      case 'failed':
        this.#pending.get(message.id)?.reject(new Error(message.message))
        break
      case 'problem':
        this.#o.onProblem(message.kind as StoreProblem, message.text)
        break
      case 'recovered':
        this.#o.onRecovered?.(message.kind as StoreProblem)
        break
      case 'log':
        this.#o.log[message.level](message.facts, message.message)
        break
      case 'counters':
        this.#count(message.values)
    }
  }

  #count(values: readonly CounterValue[]): void {
    for (const { name, labels, value, kind } of values) {
      if (kind === 'counter') this.#o.counters.add(name, value, labels)
      else this.#o.counters.set(name, value, labels)
    }
  }

  #progressed(position: number): void {
    this.#position = position
    if (this.#lost) {
      this.#lost = false
      this.#o.onRecovered?.('restarted')
    }
    this.#waiters = this.#waiters.filter((waiter) => {
      if (waiter.offset > position) return true
      waiter.resolve()
      return false
    })
  }

  #childLost(how: string, delayMs: number): void {
    this.#lost = true
    this.#o.counters.add('jifang_store_restarts_total')
    this.#failPending('the process of the store ended; it is started again')
    this.#o.onProblem('restarted', `the process of the store ended (${how}) and is started again in ${Math.round(delayMs / 100) / 10} s`)
  }

  #failPending(message: string): void {
    for (const pending of this.#pending.values()) pending.reject(new Error(message))
    this.#pending.clear()
  }
}
