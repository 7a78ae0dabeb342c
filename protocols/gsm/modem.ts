import type { Log } from '../../core/log/log.ts'
import type { Unsolicited } from './at-parser.ts'
import { AtSession } from './at-session.ts'
import { GsmError } from './errors.ts'
import { initialise, type ModemStatus, readStatus, readStored } from './modem-setup.ts'
import { type Deliver, decodeDeliver, decodeStatusReport, type StatusReport, type SubmitPart } from './pdu.ts'
import type { OpenTransport } from './transport.ts'

/** Deadlines in ms. */
export interface ModemTiming {
  /** One `AT` while looking for the speed. */
  readonly probeMs: number
  readonly answerMs: number
  readonly promptMs: number
  /** From the PDU to `+CMGS`: networks take up to a minute. */
  readonly sendMs: number
  /** Silence that means nothing more is coming. */
  readonly quietMs: number
  /** How long a modem starts again after AT+CFUN=1,1. */
  readonly resetMs: number
}

export const MODEM_TIMING: ModemTiming = { probeMs: 700, answerMs: 5000, promptMs: 10_000, sendMs: 60_000, quietMs: 300, resetMs: 15_000 }

/** Factory speeds of common modems, the usual ones first. */
export const MODEM_BAUDS: readonly number[] = [9600, 115_200, 19_200, 38_400, 57_600, 4800]

export interface ModemOptions {
  readonly device: string
  /** Tried in order; the one that answered is tried first the next time. */
  readonly bauds?: readonly number[]
  /** Service centre to set when the SIM has none. */
  readonly smsc?: string
  readonly open: OpenTransport
  readonly log: Log
  readonly timing?: Partial<ModemTiming>
  readonly onReport?: (report: StatusReport) => void
  readonly onMessage?: (message: Deliver) => void
}

/** +CMS ERROR codes of a full memory. */
const FULL = new Set([208, 320, 322])

/** A modem that opens by itself at the first use and again after any loss. One command is in flight at any time. All methods reject with GsmError. */
export interface Modem {
  /** Hands one part to the network and resolves with its reference (0-255). */
  sendPart(part: SubmitPart): Promise<number>
  status(): Promise<ModemStatus>
  close(): Promise<void>
}

export function createModem(options: ModemOptions): Modem {
  return new GsmModem(options)
}

class GsmModem implements Modem {
  readonly #options: ModemOptions
  readonly #timing: ModemTiming
  #session: AtSession | null = null
  #tail: Promise<unknown> = Promise.resolve()
  /** Steps of the reset ladder since the last success: 1 resync, 2 reopen, 3 restart of the modem. */
  #ladder = 0
  #dirty = false
  #readyAt = 0
  #baud: number | null = null
  #closed = false

  constructor(options: ModemOptions) {
    this.#options = options
    this.#timing = { ...MODEM_TIMING, ...options.timing }
  }

  sendPart(part: SubmitPart): Promise<number> {
    return this.#exclusive((session) => session.sendPdu(part.pdu, part.length, this.#timing))
  }

  status(): Promise<ModemStatus> {
    return this.#exclusive((session) => readStatus(session, this.#timing.answerMs))
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#session?.close()
    this.#session = null
  }

  #exclusive<T>(work: (session: AtSession) => Promise<T>): Promise<T> {
    const run = async (): Promise<T> => {
      try {
        const result = await work(await this.#ready())
        this.#ladder = 0
        return result
      } catch (error) {
        await this.#recover(error)
        throw error
      }
    }
    const result = this.#tail.then(run)
    this.#tail = result.catch(() => undefined)
    return result
  }

  /** The open, initialised session; opens it, or brings a line that is out of step back into step. */
  async #ready(): Promise<AtSession> {
    if (this.#closed) throw new GsmError('closed', `${this.#options.device}: the modem was closed`)
    if (this.#session?.closed) await this.#drop()
    if (this.#session && this.#dirty) await this.#session.resync(this.#timing)
    this.#dirty = false
    if (this.#session) return this.#session
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, this.#readyAt - Date.now())))
    const session = await this.#open()
    try {
      await initialise(session, { answerMs: this.#timing.answerMs, ...(this.#options.smsc ? { smsc: this.#options.smsc } : {}) })
      for (const message of await readStored(session, this.#timing.answerMs)) this.#message(message)
    } catch (error) {
      await session.close()
      throw error
    }
    this.#session = session
    this.#options.log.info({ device: this.#options.device, baud: this.#baud }, 'modem ready')
    return session
  }

  async #open(): Promise<AtSession> {
    const all = this.#options.bauds ?? MODEM_BAUDS
    const bauds = this.#baud === null ? all : [this.#baud, ...all.filter((baud) => baud !== this.#baud)]
    let last: unknown
    for (const baud of bauds) {
      const session = new AtSession(await this.#options.open(this.#options.device, baud), (item) => this.#unsolicited(item))
      try {
        await session.probe(this.#timing.probeMs)
        this.#baud = baud
        return session
      } catch (error) {
        last = error
        await session.close()
      }
    }
    throw new GsmError('timeout', `${this.#options.device}: no answer to AT at ${bauds.join(', ')} baud`, { group: 'later', cause: last })
  }

  /** Silence climbs the ladder; an answer of the modem, even an error, proves that it works. 300 is its own failure: restart it. */
  async #recover(error: unknown): Promise<void> {
    if (error instanceof GsmError && error.kind === 'cms' && FULL.has(error.code ?? 0) && this.#session) await this.#empty(this.#session)
    const broken = error instanceof GsmError && error.kind === 'cms' && error.code === 300
    const silent = error instanceof GsmError && (error.kind === 'timeout' || error.kind === 'closed')
    if (!broken && !silent) return
    this.#ladder = broken ? 3 : this.#ladder + 1
    this.#dirty = true
    if (!this.#session || this.#ladder === 1) return
    this.#options.log.warn({ device: this.#options.device, step: this.#ladder, err: String(error) }, 'modem does not answer')
    if (this.#ladder >= 3) {
      await this.#session.command('AT+CFUN=1,1', { timeoutMs: this.#timing.answerMs }).catch(() => undefined)
      this.#readyAt = Date.now() + this.#timing.resetMs
      this.#ladder = 0
    }
    await this.#drop()
  }

  /** A full SIM takes no reports and, on some modems, sends nothing: what is on it is read and deleted. */
  async #empty(session: AtSession): Promise<void> {
    try {
      await this.#collect(session)
    } catch (error) {
      this.#options.log.warn({ device: this.#options.device, err: String(error) }, 'SIM is full and can not be emptied')
    }
  }

  async #drop(): Promise<void> {
    const session = this.#session
    this.#session = null
    this.#dirty = false
    await session?.close()
  }

  #unsolicited(item: Unsolicited): void {
    if (item.type === 'other') return
    if (item.type === 'message') this.#message(item.pdu)
    if (item.type === 'report') this.#report(item.pdu)
    // Phase 2+ modems keep a report until it is acknowledged, and then stop sending them (TS 27.005 §4.6); a stored message fills the SIM.
    if (!this.#session) return
    const follow =
      item.type === 'stored'
        ? this.#exclusive((session) => this.#collect(session))
        : this.#exclusive((session) => this.#acknowledge(session))
    follow.catch((error: unknown) =>
      this.#options.log.debug({ device: this.#options.device, err: String(error) }, 'modem follow-up failed'),
    )
  }

  async #acknowledge(session: AtSession): Promise<void> {
    await session.command('AT+CNMA', { timeoutMs: this.#timing.answerMs })
  }

  async #collect(session: AtSession): Promise<void> {
    for (const pdu of await readStored(session, this.#timing.answerMs)) this.#message(pdu)
  }

  #message(pdu: string): void {
    try {
      this.#options.onMessage?.(decodeDeliver(pdu))
    } catch (error) {
      this.#options.log.warn({ device: this.#options.device, err: String(error) }, 'modem received an unreadable message')
    }
  }

  #report(pdu: string): void {
    try {
      this.#options.onReport?.(decodeStatusReport(pdu))
    } catch (error) {
      this.#options.log.warn({ device: this.#options.device, err: String(error) }, 'modem received an unreadable report')
    }
  }
}
