/** Collectors as an agent sees them: whether they are there, and whose word it takes to drop data. */
export class Collectors {
  readonly #seen = new Map<string, { session: string; online: boolean; unwritable: boolean }>()
  #listed: readonly string[] = []

  /** The list in the configuration; with an empty one everybody who was ever heard of counts. */
  list(ids: readonly string[]): void {
    this.#listed = ids
  }

  /**
   * True when it may have missed what was sent: another session than before, back after having been away, or said just now (`retained`
   * false), which it does at every connect.
   */
  status(id: string, session: string, online: boolean, retained: boolean, unwritable = false): boolean {
    const before = this.#seen.get(id)
    this.#seen.set(id, { session, online, unwritable })
    return online && (!retained || before?.session !== session || !before.online)
  }

  /** An acknowledgement proves that it is there. */
  heard(id: string): void {
    const before = this.#seen.get(id)
    if (!before?.online) this.#seen.set(id, { session: before?.session ?? '', online: true, unwritable: false })
  }

  /** Whose acknowledgement is needed before anything is dropped. */
  get required(): readonly string[] {
    return this.#listed.length > 0 ? this.#listed : [...this.#seen.keys()]
  }

  /** Required ones that are there; the window moves with the slowest of them, a lost one holds nobody up. */
  get present(): readonly string[] {
    return this.required.filter((id) => this.#seen.get(id)?.online === true)
  }

  /** Its word counts; another's is none of ours. */
  counts(id: string): boolean {
    return this.#listed.length === 0 || this.#listed.includes(id)
  }

  /** One of them can't write its journal: it acknowledges nothing, but judges alarms from what it sees. */
  get watching(): boolean {
    return this.present.some((id) => this.#seen.get(id)?.unwritable === true)
  }

  /** False only when every required collector has said that it is gone. */
  get worthSending(): boolean {
    const { required } = this
    return required.length === 0 || required.some((id) => this.#seen.get(id)?.online !== false)
  }
}

/** No acknowledgement moved for this long: what is in flight is taken for lost. */
export const STALL_MS = 10_000
/** Repeated acknowledgements of one loss come in bursts; one answer to them is enough. */
const GO_BACK_GAP_MS = 1_000

/**
 * What of one session is under way (DESIGN §5): `cursor` is the next seq to publish, everything between the acknowledgement and it is in
 * flight. Pure; times are handed in, ms of any steady clock.
 */
export class SendWindow {
  readonly #collectors: Collectors
  readonly #acks = new Map<string, number>()
  #sent: { seq: number; bytes: number }[] = []
  #bytes = 0
  #cursor: number
  #start: number
  /** Since when the oldest in flight waits for a word; going back does not reset it. */
  #waitingSince: number | null = null
  #wentBackAt = Number.NEGATIVE_INFINITY

  /** `base`: the lowest seq that is held. */
  constructor(collectors: Collectors, base: number) {
    this.#collectors = collectors
    this.#cursor = base
    this.#start = base - 1
  }

  get cursor(): number {
    return this.#cursor
  }

  get inFlight(): number {
    return this.#sent.length
  }

  get bytesInFlight(): number {
    return this.#bytes
  }

  /** Highest seq that every collector whose word is needed has on disk. */
  get done(): number {
    const { required } = this.#collectors
    return required.length === 0 ? this.#start : Math.min(...required.map((id) => this.#ackOf(id)))
  }

  sent(seq: number, bytes: number, now: number): void {
    this.#waitingSince ??= now
    this.#sent.push({ seq, bytes })
    this.#bytes += bytes
    this.#cursor = Math.max(this.#cursor, seq + 1)
  }

  /** An acknowledgement came in. */
  ack(collector: string, seq: number, now: number): void {
    this.#collectors.heard(collector)
    const before = this.#ackOf(collector)
    this.#acks.set(collector, seq)
    if (seq > before) {
      if (this.#release()) this.#waitingSince = this.#sent.length > 0 ? now : null
      return
    }
    const missed = seq < this.#cursor - 1
    if (missed && now - this.#wentBackAt >= GO_BACK_GAP_MS) this.goBack(seq + 1, now)
  }

  /** The records below `base` are no longer held. */
  dropped(base: number): void {
    this.#start = Math.max(this.#start, base - 1)
    if (this.#cursor < base) this.#cursor = base
    this.#release()
  }

  /** Publishes again from behind what the slowest collector that is there has. */
  restart(now: number): void {
    this.goBack(this.#reference() + 1, now)
  }

  goBack(to: number, now: number): void {
    this.#cursor = Math.min(this.#cursor, Math.max(to, this.#start + 1))
    this.#sent = this.#sent.filter((entry) => entry.seq < this.#cursor)
    this.#bytes = this.#sent.reduce((sum, entry) => sum + entry.bytes, 0)
    this.#wentBackAt = now
  }

  /** Time to go back: in flight for long, and nothing was tried since. */
  stalled(now: number): boolean {
    return this.#sent.length > 0 && this.stuck(now) && now - this.#wentBackAt >= STALL_MS
  }

  /** Nobody has acknowledged anything for long, whatever was tried. */
  stuck(now: number): boolean {
    return this.#waitingSince !== null && now - this.#waitingSince >= STALL_MS
  }

  #ackOf(collector: string): number {
    return Math.max(this.#acks.get(collector) ?? this.#start, this.#start)
  }

  #reference(): number {
    const { present, required } = this.#collectors
    const counted = present.length > 0 ? present : required
    return counted.length === 0 ? this.#start : Math.min(...counted.map((id) => this.#ackOf(id)))
  }

  /** Takes what is acknowledged out of the flight; true when something was. */
  #release(): boolean {
    const reference = this.#reference()
    const left = this.#sent.findIndex((entry) => entry.seq > reference)
    const done = this.#sent.splice(0, left < 0 ? this.#sent.length : left)
    for (const entry of done) this.#bytes -= entry.bytes
    this.#cursor = Math.max(this.#cursor, reference + 1)
    return done.length > 0
  }
}
