import { AtParser, type Unsolicited, UnsolicitedFilter } from './at-parser.ts'
import { GsmError, parseErrorLine } from './errors.ts'
import type { Transport } from './transport.ts'

const ESC = Buffer.from([0x1b])
const CTRL_Z = '\x1a'

interface Pending {
  readonly command: string
  /** Prefix of the answer's information lines; tells them from the same words sent unasked. */
  readonly expected: string | null
  readonly wantPrompt: boolean
  readonly lines: string[]
  readonly settle: (outcome: { lines: string[] } | GsmError) => void
}

export interface AtCommand {
  readonly expected?: string
  readonly timeoutMs: number
  readonly wantPrompt?: boolean
}

/**
 * Commands and answers on one open line, one at a time: the caller keeps the order. Every command has its own deadline,
 * because a port that was unplugged reports nothing. After a timeout the line is out of step until `resync`.
 */
export class AtSession {
  readonly #transport: Transport
  readonly #parser = new AtParser()
  readonly #filter = new UnsolicitedFilter()
  readonly #onUnsolicited: (item: Unsolicited) => void
  #pending: Pending | null = null
  #closed: GsmError | null = null
  #heardAt = 0

  constructor(transport: Transport, onUnsolicited: (item: Unsolicited) => void) {
    this.#transport = transport
    this.#onUnsolicited = onUnsolicited
    transport.onData((bytes) => this.#receive(bytes))
    transport.onClose((reason) => this.#lost(reason))
  }

  get closed(): boolean {
    return this.#closed !== null
  }

  /** The information lines before OK. Rejects with a GsmError: the modem's, a timeout, or the loss of the line. */
  command(text: string, options: AtCommand): Promise<string[]> {
    return this.#exchange(Buffer.from(`${text}\r`, 'latin1'), text, options)
  }

  /** TS 27.005 §4.3. Resolves with the message reference of `+CMGS`. An error after the PDU was written is `uncertain` unless the modem itself refused. */
  async sendPdu(pdu: string, length: number, deadlines: { promptMs: number; sendMs: number }): Promise<number> {
    const command = `AT+CMGS=${length}`
    try {
      await this.command(command, { timeoutMs: deadlines.promptMs, wantPrompt: true })
    } catch (error) {
      this.#transport.write(ESC)
      throw error
    }
    const body = Buffer.from(pdu + CTRL_Z, 'latin1')
    const lines = await this.#exchange(body, command, { timeoutMs: deadlines.sendMs, expected: '+CMGS:' }).catch((error: unknown) => {
      const silent = error instanceof GsmError && (error.kind === 'timeout' || error.kind === 'closed')
      throw silent ? error.afterHandOver() : error
    })
    const reference = /^\+CMGS:\s*(\d+)/.exec(lines.find((line) => line.startsWith('+CMGS:')) ?? '')
    if (!reference) throw new GsmError('error', `${command}: OK without +CMGS`, { group: 'protocol', uncertain: true })
    return Number(reference[1])
  }

  /** Cancels whatever the modem waits for, lets late answers run out, then asks for a sign of life. */
  async resync(timing: { quietMs: number; probeMs: number }): Promise<void> {
    this.#transport.write(ESC)
    const end = Date.now() + timing.quietMs * 6
    this.#heardAt = Date.now()
    while (Date.now() - this.#heardAt < timing.quietMs && Date.now() < end) await pause(Math.max(10, timing.quietMs / 4))
    await this.probe(timing.probeMs)
    await pause(timing.quietMs)
  }

  /** `AT` up to three times: the first ones may be eaten by autobauding or by a cancelled prompt. */
  async probe(timeoutMs: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.command('AT', { timeoutMs })
        return
      } catch (error) {
        if (attempt === 3 || this.closed) throw error
      }
    }
  }

  async close(): Promise<void> {
    this.#lost(new Error('closed'))
    await this.#transport.close()
  }

  #exchange(bytes: Buffer, command: string, options: AtCommand): Promise<string[]> {
    if (this.#closed) return Promise.reject(this.#closed)
    if (this.#pending) return Promise.reject(new GsmError('error', `${command}: ${this.#pending.command} is still running`))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => pending.settle(new GsmError('timeout', `${command}: no answer within ${options.timeoutMs} ms`)),
        options.timeoutMs,
      )
      const pending: Pending = {
        command,
        expected: options.expected ?? null,
        wantPrompt: options.wantPrompt ?? false,
        lines: [],
        settle: (outcome) => {
          clearTimeout(timer)
          if (this.#pending === pending) this.#pending = null
          if (outcome instanceof GsmError) reject(outcome)
          else resolve(outcome.lines)
        },
      }
      this.#pending = pending
      this.#transport.write(bytes)
    })
  }

  #receive(bytes: Buffer): void {
    this.#heardAt = Date.now()
    for (const item of this.#parser.push(bytes)) {
      if (item.type === 'prompt') this.#prompt()
      else this.#line(item.text)
    }
  }

  #prompt(): void {
    const pending = this.#pending
    if (pending?.wantPrompt) pending.settle({ lines: pending.lines })
  }

  #line(text: string): void {
    const pending = this.#pending
    const unsolicited = this.#filter.take(text, pending?.expected ?? null)
    if (unsolicited === null) return
    if (unsolicited) {
      this.#onUnsolicited(unsolicited)
      return
    }
    // An answer nobody waits for any more, or the echo of a modem that has it on.
    if (!pending || text === pending.command) return
    if (text === 'OK') {
      if (!pending.wantPrompt) pending.settle({ lines: pending.lines })
      return
    }
    const error = parseErrorLine(text, pending.command)
    if (error) pending.settle(error)
    else pending.lines.push(text)
  }

  #lost(reason: Error): void {
    if (this.#closed) return
    this.#closed = new GsmError('closed', `the line to the modem is gone: ${reason.message}`, { cause: reason })
    this.#pending?.settle(this.#closed)
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
