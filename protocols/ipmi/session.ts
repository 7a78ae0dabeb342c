import type { Clock } from '../../core/lifecycle/clock.ts'
import type { ProbeError } from '../../core/model/reason.ts'
import { abortError, countRejection, NoAnswerError, type Timing, waitMs } from './ask.ts'
import { BMC_ADDRESS, CONSOLE_ADDRESS, decodeMessage, encodeMessage, type IpmiRequest, type IpmiResponse } from './message.ts'
import type { Opened, Rejection } from './packet.ts'
import { RequestNumbers } from './sequence.ts'
import type { UdpLink } from './udp.ts'

/** How an open session wraps messages: RMCP+ or IPMI 1.5. */
export interface SessionWire {
  /** `RMCP+ suite 17`, `IPMI 1.5 MD5`. */
  readonly title: string
  /** For Close Session. */
  readonly sessionId: number
  /** A datagram with a new session sequence number. */
  seal(message: Buffer): Buffer
  /** Verified, decrypted and inside of the sequence window. */
  open(datagram: Buffer): Opened<Buffer>
}

export interface Session {
  readonly wire: SessionWire
  /** True after a request stayed unanswered: the BMC has forgotten the session or is gone. */
  readonly lost: boolean
  /** Requests sent or waiting for their turn. */
  readonly busy: number
  /** Throws NoAnswerError after the last retry, ProbeError when aborted, closed or not sendable. */
  request(request: IpmiRequest, signal: AbortSignal): Promise<IpmiResponse>
  /** Fails what is outstanding; sends nothing. */
  end(error: ProbeError): void
}

interface Pending {
  readonly request: IpmiRequest
  readonly signal: AbortSignal
  readonly resolve: (response: IpmiResponse) => void
  readonly reject: (error: ProbeError) => void
  number: number
  attempt: number
  /** Monotonic time of giving up the wait for this attempt, ms. */
  due: number
}

/** At most `window` requests on the wire; a retransmission keeps its request number and gets a new session number (§6.12.10). */
export function createSession(link: UdpLink, wire: SessionWire, window: number, timing: Timing, clock: Clock): Session {
  const session = new OpenSession(link, wire, window, timing, clock)
  link.receive = (datagram) => session.receive(datagram)
  link.failed = (error) => session.end(error)
  return session
}

class OpenSession implements Session {
  readonly wire: SessionWire
  lost = false
  readonly #link: UdpLink
  readonly #window: number
  readonly #timing: Timing
  readonly #clock: Clock
  readonly #numbers: RequestNumbers
  readonly #pending = new Map<number, Pending>()
  readonly #waiting: Pending[] = []
  /** Why answers were dropped since the last good one. */
  readonly #rejections = new Map<Rejection, number>()
  /** Signals that this session listens to; it goes with them. */
  readonly #heard = new WeakSet<AbortSignal>()
  /** One timer for all requests, set anew only for an earlier deadline: one for each would be set and cleared with every answer. */
  #timer: NodeJS.Timeout | undefined
  #timerDue = Number.POSITIVE_INFINITY

  constructor(link: UdpLink, wire: SessionWire, window: number, timing: Timing, clock: Clock) {
    this.wire = wire
    this.#link = link
    this.#window = window
    this.#timing = timing
    this.#clock = clock
    this.#numbers = new RequestNumbers(2 * waitMs(timing, timing.retries))
  }

  get busy(): number {
    return this.#pending.size + this.#waiting.length
  }

  request(request: IpmiRequest, signal: AbortSignal): Promise<IpmiResponse> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(abortError(signal))
        return
      }
      this.#listen(signal)
      this.#waiting.push({ request, signal, resolve, reject, number: -1, attempt: 0, due: 0 })
      this.#next()
    })
  }

  end(error: ProbeError): void {
    this.lost = true
    clearTimeout(this.#timer)
    this.#timerDue = Number.POSITIVE_INFINITY
    for (const item of [...this.#pending.values(), ...this.#waiting.splice(0)]) {
      this.#finish(item)
      item.reject(error)
    }
  }

  receive(datagram: Buffer): void {
    const opened = this.wire.open(datagram)
    const why = opened.ok ? this.#take(opened.value) : opened.why
    if (why) countRejection(this.#rejections, why)
  }

  /** One listener for all requests of a run: adding and removing one for each costs more than the request. */
  #listen(signal: AbortSignal): void {
    if (this.#heard.has(signal)) return
    this.#heard.add(signal)
    signal.addEventListener(
      'abort',
      () => {
        for (const item of [...this.#pending.values(), ...this.#waiting]) if (item.signal === signal) this.#abandon(item)
      },
      { once: true },
    )
  }

  #take(payload: Buffer): Rejection | null {
    const message = decodeMessage(payload)
    if (!message || message.data.length < 1) return 'malformed'
    const item = this.#pending.get(message.sequence)
    if (!item || message.netFn !== (item.request.netFn | 1) || message.command !== item.request.command) return 'unmatched'
    if (message.target !== CONSOLE_ADDRESS) return 'unmatched'
    this.#finish(item)
    this.#rejections.clear()
    item.resolve({ code: message.data.readUInt8(0), data: message.data.subarray(1) })
    this.#next()
    return null
  }

  #next(): void {
    while (this.#waiting.length > 0 && this.#pending.size < this.#window) {
      const now = this.#clock.monotonic()
      const number = this.#numbers.take(now)
      if (number === null) {
        this.#wakeAt(this.#numbers.nextFree ?? now, now)
        return
      }
      const item = this.#waiting.shift()
      if (!item) return
      item.number = number
      this.#pending.set(number, item)
      this.#transmit(item, now)
    }
  }

  #wakeAt(due: number, now: number): void {
    if (due >= this.#timerDue) return
    clearTimeout(this.#timer)
    this.#timerDue = due
    this.#timer = setTimeout(() => this.#wake(), Math.max(1, due - now))
  }

  #wake(): void {
    // Timers may fire a millisecond early by this clock.
    const now = Math.max(this.#timerDue, this.#clock.monotonic())
    this.#timerDue = Number.POSITIVE_INFINITY
    for (const item of [...this.#pending.values()]) {
      if (item.due <= now) this.#expire(item, now)
      else this.#wakeAt(item.due, now)
    }
    this.#next()
  }

  #transmit(item: Pending, now: number): void {
    item.due = now + waitMs(this.#timing, item.attempt)
    this.#wakeAt(item.due, now)
    const { request } = item
    const message = encodeMessage({
      target: BMC_ADDRESS,
      targetLun: request.lun ?? 0,
      netFn: request.netFn,
      source: CONSOLE_ADDRESS,
      sourceLun: 0,
      sequence: item.number,
      command: request.command,
      data: request.data ?? EMPTY,
    })
    this.#link.send(this.wire.seal(message), item.attempt === 0 && this.#timing.retries > 0)
  }

  #expire(item: Pending, now: number): void {
    item.attempt += 1
    if (item.attempt <= this.#timing.retries) {
      this.#transmit(item, now)
      return
    }
    this.lost = true
    this.#finish(item)
    item.reject(new NoAnswerError(`a request in the session (${this.wire.title})`, this.#link, item.attempt, this.#rejections))
    this.#next()
  }

  #abandon(item: Pending): void {
    const at = this.#waiting.indexOf(item)
    if (at >= 0) this.#waiting.splice(at, 1)
    // An answer may still come: the number has to rest as if it had been sent twice.
    item.attempt += 1
    this.#finish(item)
    item.reject(abortError(item.signal))
    this.#next()
  }

  #finish(item: Pending): void {
    if (!this.#pending.delete(item.number)) return
    if (item.attempt > 0) this.#numbers.rest(item.number, this.#clock.monotonic())
    else this.#numbers.release(item.number)
  }
}

const EMPTY = Buffer.alloc(0)
