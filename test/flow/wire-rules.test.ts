import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Collectors, SendWindow, STALL_MS } from '../../agent/window.ts'
import { Streams } from '../../collector/ingest/streams.ts'

/*
 * The two rule books of DESIGN §5 against each other, over a channel that loses, doubles and swaps: no sockets, no disk, a clock in hand.
 */
interface Message {
  readonly session: string
  readonly seq: number
  readonly base: number
}
interface Ack {
  readonly session: string
  readonly seq: number
}
interface Held {
  readonly session: string
  readonly records: number[]
  next: number
  window: SendWindow
}

const WINDOW = 8

class World {
  readonly collectors = new Collectors()
  readonly journal: Message[] = []
  readonly dropped = new Set<string>()
  readonly taken: string[] = []
  readonly violations: string[] = []
  sessions: Held[] = []
  streams = new Streams()
  toCollector: Message[] = []
  toAgent: Ack[] = []
  pending: Message[] = []
  now = 0
  #starts = 0

  constructor() {
    this.startAgent()
  }

  /** kill -9: the window is forgotten, the spool stays, a new session begins. */
  startAgent(): void {
    const session = `s${++this.#starts}`
    for (const held of this.sessions) held.window = new SendWindow(this.collectors, this.#base(held))
    this.sessions = [{ session, records: [], next: 1, window: new SendWindow(this.collectors, 1) }, ...this.sessions]
  }

  measure(): void {
    const [current] = this.sessions
    if (!current) return
    current.records.push(current.next)
    this.taken.push(`${current.session}/${current.next}`)
    current.next++
  }

  publish(): void {
    for (const held of this.sessions) {
      held.window.dropped(this.#base(held))
      while (held.window.inFlight < WINDOW && held.window.cursor < held.next) {
        const seq = held.window.cursor
        this.toCollector.push({ session: held.session, seq, base: this.#base(held) })
        held.window.sent(seq, 1, this.now)
      }
    }
  }

  /** The spool's bound: the oldest record goes, acknowledged or not. */
  overflow(): void {
    const oldest = this.sessions.at(-1)
    const seq = oldest?.records.shift()
    if (!oldest || seq === undefined) return
    this.dropped.add(`${oldest.session}/${seq}`)
    oldest.window.dropped(this.#base(oldest))
  }

  collect(): void {
    const message = this.toCollector.shift()
    if (!message) return
    const verdict = this.streams.offer('a', message, this.now)
    if (verdict === 'take') this.pending.push(message)
    else this.acknowledge(message.session)
  }

  /** Group commit; or the disk refuses and everything that waits fails. */
  commit(fails: boolean): void {
    const batch = this.pending.splice(0)
    for (const message of batch) {
      if (fails) this.streams.failed('a', message.session, message.seq)
      else {
        this.journal.push(message)
        this.streams.stored('a', message.session, message.seq)
      }
    }
    for (const session of new Set(batch.map((message) => message.session))) this.acknowledge(session)
  }

  acknowledge(session: string): void {
    this.toAgent.push({ session, seq: this.streams.durable('a', session) })
  }

  /** kill -9 of the collector: what waited for the disk is gone, the rest is read from the journal. */
  restartCollector(): void {
    this.pending = []
    this.toCollector = []
    this.streams = new Streams()
    for (const { session, seq } of this.journal) this.streams.seen('a', session, seq, 0)
    this.hear()
  }

  /** The agent hears of a collector that has just connected, or has connected itself. */
  hear(): void {
    this.collectors.status('main', 'c', true, false)
    for (const held of this.sessions) held.window.restart(this.now)
  }

  listen(): void {
    const ack = this.toAgent.shift()
    const held = this.sessions.find(({ session }) => session === ack?.session)
    if (!ack || !held || ack.seq >= held.next) return
    held.window.ack('main', ack.seq, this.now)
    const { done } = held.window
    while (held.records[0] !== undefined && held.records[0] <= done) {
      const seq = held.records.shift()
      if (!this.journal.some((message) => message.session === held.session && message.seq === seq))
        this.violations.push(`${held.session}/${seq} was let go of and is in no journal`)
    }
  }

  tick(ms: number): void {
    this.now += ms
    for (const held of this.sessions) if (held.window.stalled(this.now)) held.window.restart(this.now)
  }

  get done(): boolean {
    return this.sessions.every(({ records }) => records.length === 0)
  }

  /** From here on nothing goes wrong any more. */
  settle(): void {
    for (let round = 0; round < 4_000 && !this.done; round++) {
      this.publish()
      while (this.toCollector.length > 0) this.collect()
      this.commit(false)
      while (this.toAgent.length > 0) this.listen()
      this.tick(STALL_MS / 4)
    }
  }

  #base(held: Held): number {
    return held.records[0] ?? held.next
  }
}

const rotate = <T>(list: T[]): void => {
  list.push(...list.splice(0, 1))
}
const repeat = <T>(list: T[]): void => {
  list.push(...list.slice(0, 1))
}

const STEPS = {
  measure: (world: World) => world.measure(),
  publish: (world: World) => world.publish(),
  collect: (world: World) => world.collect(),
  commit: (world: World) => world.commit(false),
  listen: (world: World) => world.listen(),
  lose: (world: World) => void world.toCollector.shift(),
  double: (world: World) => repeat(world.toCollector),
  swap: (world: World) => rotate(world.toCollector),
  loseAck: (world: World) => void world.toAgent.shift(),
  doubleAck: (world: World) => repeat(world.toAgent),
  swapAcks: (world: World) => rotate(world.toAgent),
  refuse: (world: World) => world.commit(true),
  overflow: (world: World) => world.overflow(),
  stall: (world: World) => world.tick(STALL_MS),
  agentDies: (world: World) => world.startAgent(),
  collectorDies: (world: World) => world.restartCollector(),
  reconnect: (world: World) => world.hear(),
} satisfies Record<string, (world: World) => void>

const USUAL = ['measure', 'publish', 'collect', 'collect', 'commit', 'listen'] as const
const step = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...USUAL) },
  { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(STEPS) as (keyof typeof STEPS)[])) },
)

test('whatever the channel does, the journal holds each message once and in order, and nothing is let go of before', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 200, size: 'max' }), (steps) => {
      const world = new World()
      for (const name of steps) STEPS[name](world)
      world.settle()
      expect(world.violations).toEqual([])
      expect(world.done).toBe(true)
      const stored = world.journal.map(({ session, seq }) => `${session}/${seq}`)
      expect(new Set(stored).size).toBe(stored.length)
      const missing = world.taken.filter((id) => !stored.includes(id) && !world.dropped.has(id))
      expect(missing).toEqual([])
      const last = new Map<string, number>()
      for (const { session, seq } of world.journal) {
        expect(seq).toBeGreaterThan(last.get(session) ?? 0)
        last.set(session, seq)
      }
    }),
    { numRuns: 400 },
  )
})

test('two collectors: nothing goes before both have it, and one that is away holds nobody up', () => {
  const collectors = new Collectors()
  collectors.list(['a', 'b'])
  collectors.status('a', 'x', true, false)
  collectors.status('b', 'y', false, true)
  const window = new SendWindow(collectors, 1)
  for (let seq = 1; seq <= 64; seq++) window.sent(seq, 1, 0)
  window.ack('a', 64, 1)
  expect(window.inFlight).toBe(0)
  expect(window.done).toBe(0)
  expect(collectors.status('b', 'z', true, true)).toBe(true)
  window.restart(2)
  expect(window.cursor).toBe(1)
  for (let seq = 1; seq <= 64; seq++) window.sent(seq, 1, 2)
  window.ack('b', 64, 3)
  expect(window.done).toBe(64)
})

test('one loss is answered by one step back, not by one for each repeated acknowledgement', () => {
  const collectors = new Collectors()
  const window = new SendWindow(collectors, 1)
  for (let seq = 1; seq <= 10; seq++) window.sent(seq, 1, 0)
  window.ack('main', 4, 10)
  window.ack('main', 4, 20)
  expect(window.cursor).toBe(5)
  for (let seq = 5; seq <= 10; seq++) window.sent(seq, 1, 21)
  window.ack('main', 4, 22)
  expect(window.cursor).toBe(11)
  window.ack('main', 10, 30)
  expect(window.inFlight).toBe(0)
})
