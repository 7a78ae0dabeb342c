import { decodeSubmit, encodeDeliver, encodeStatusReport, type Submit } from '../../protocols/gsm/pdu.ts'
import type { Transport } from '../../protocols/gsm/transport.ts'

/** What the simulator does with the next AT+CMGS; the default is to accept. */
export type Answer =
  | { readonly kind: 'accept'; readonly delayMs?: number }
  | { readonly kind: 'cms'; readonly code: number }
  | { readonly kind: 'no-prompt' }
  /** Takes the PDU (the message goes out) and never answers. */
  | { readonly kind: 'silent' }
  /** Takes the PDU and loses the line before it answers. */
  | { readonly kind: 'drop' }

export interface Received {
  readonly pdu: string
  readonly submit: Submit
  readonly reference: number
  readonly at: number
}

/** A GSM modem in software: true AT conversation and true PDUs on any byte pipe. Its own strictness (length check, echo, prompt) is proven against smsd. */
export class ModemSimulator {
  readonly received: Received[] = []
  readonly commands: string[] = []
  /** Consumed one per AT+CMGS. */
  readonly answers: Answer[] = []
  sim = 'READY'
  signal = 18
  registration = 1
  smsc = '+8613800100500'
  /** When set, a message that asks for a report gets one with this TP-ST. */
  reportStatus: number | null = null
  /** Says nothing at all. */
  mute = false
  readonly #stored = new Map<number, string>()
  #write: (text: string) => void = () => undefined
  #drop: () => void = () => undefined
  #echo = true
  #buffer = ''
  #announced: number | null = null
  #reference = 0

  /** The end that the program under test holds, joined in memory. */
  transport(): Transport {
    let deliver: (bytes: Buffer) => void = () => undefined
    let gone: (reason: Error) => void = () => undefined
    let open = true
    this.attach(
      (text) => setImmediate(() => open && deliver(Buffer.from(text, 'latin1'))),
      () => {
        open = false
        gone(Object.assign(new Error('unplugged'), { code: 'ENXIO' }))
      },
    )
    return {
      write: (bytes) => setImmediate(() => open && this.feed(bytes)),
      onData: (listener) => {
        deliver = listener
      },
      onClose: (listener) => {
        gone = listener
      },
      close: async () => {
        open = false
      },
    }
  }

  /** A fresh line: partial input is forgotten, settings and storage stay. */
  attach(write: (text: string) => void, drop: () => void): void {
    this.#write = write
    this.#drop = drop
    this.#buffer = ''
    this.#announced = null
    this.#echo = true
  }

  unplug(): void {
    this.#drop()
  }

  feed(bytes: Buffer): void {
    for (const char of bytes.toString('latin1')) this.#char(char)
  }

  /** A message arrives from the network, is stored and told. */
  receive(from: string, text: string, time = Date.now()): void {
    this.#say(`+CMTI: "SM",${this.receiveSilently(from, text, time)}`)
  }

  /** As if it had been on the SIM before. Returns its place there. */
  receiveSilently(from: string, text: string, time = Date.now()): number {
    const index = this.#stored.size + 1
    this.#stored.set(index, encodeDeliver({ from, text, time, smsc: this.smsc }))
    return index
  }

  get stored(): number {
    return this.#stored.size
  }

  /** Whole texts in order of arrival; parts are joined by recipient and reference. */
  messages(): { to: string; text: string }[] {
    const whole = new Map<string, { to: string; parts: string[] }>()
    this.received.forEach(({ submit }, index) => {
      const key = submit.concat ? `${submit.to}/${submit.concat.reference}/${submit.concat.total}` : `${index}`
      const entry = whole.get(key) ?? { to: submit.to, parts: [] }
      entry.parts[submit.concat ? submit.concat.seq - 1 : 0] = submit.text
      whole.set(key, entry)
    })
    return [...whole.values()].map(({ to, parts }) => ({ to, text: parts.join('') }))
  }

  #char(char: string): void {
    if (this.#announced !== null) {
      if (char === '\x1a') this.#submit()
      else if (char === '\x1b') this.#cancel()
      else if (char >= ' ') this.#buffer += char
      return
    }
    if (this.#echo && !this.mute) this.#write(char)
    if (char === '\r') {
      const command = this.#buffer.trim()
      this.#buffer = ''
      if (command !== '') this.#command(command)
    } else if (char >= ' ') this.#buffer += char
  }

  #cancel(): void {
    this.#announced = null
    this.#buffer = ''
    this.#say('OK')
  }

  #command(command: string): void {
    this.commands.push(command)
    if (this.mute) return
    if (!/^AT/i.test(command)) {
      this.#say('ERROR')
      return
    }
    const cmgs = /^AT\+CMGS=(\d+)$/i.exec(command)
    if (cmgs) {
      this.#prompt(Number(cmgs[1]))
      return
    }
    const parts = command.slice(2).split(';')
    const lines: string[] = []
    for (const part of parts) {
      const answer = this.#answer(part.toUpperCase())
      if (typeof answer === 'string') {
        this.#say(answer)
        return
      }
      lines.push(...answer)
    }
    this.#say(...lines, 'OK')
  }

  #prompt(length: number): void {
    if (this.answers[0]?.kind === 'no-prompt') {
      this.answers.shift()
      return
    }
    this.#announced = length
    this.#write('\r\n> ')
  }

  /** Information lines, or one error line. */
  #answer(command: string): string[] | string {
    if (command === 'E0' || command === 'E1') this.#echo = command === 'E1'
    if (command === '+CPIN?') return this.sim === 'ABSENT' ? '+CME ERROR: 10' : [`+CPIN: ${this.sim}`]
    if (command === '+CSQ') return [`+CSQ: ${this.signal},0`]
    if (command === '+CREG?' || command === '+CEREG?') return [`${command.slice(0, -1)}: 0,${this.registration}`]
    if (command === '+CSCA?') return [`+CSCA: "${this.smsc}",145`]
    if (command.startsWith('+CSCA=')) this.smsc = /"(.*?)"/.exec(command)?.[1] ?? ''
    if (command === '+CGSN') return ['359804025689312']
    if (command === '+CIMI') return ['460001234567890']
    if (command.startsWith('+CPMS')) return [`+CPMS: ${command.endsWith('?') ? `"SM",${this.#stored.size},50` : `${this.#stored.size},50`}`]
    if (command === '+CMGF=1') return 'ERROR'
    if (command.startsWith('+CMGL')) return [...this.#stored].flatMap(([index, pdu]) => [`+CMGL: ${index},1,,${pdu.length / 2 - 8}`, pdu])
    const read = /^\+CMGR=(\d+)$/.exec(command)
    if (read) {
      const pdu = this.#stored.get(Number(read[1]))
      return pdu ? [`+CMGR: 0,,${pdu.length / 2 - 8}`, pdu] : '+CMS ERROR: 321'
    }
    const remove = /^\+CMGD=(\d+)/.exec(command)
    if (remove) this.#stored.delete(Number(remove[1]))
    return []
  }

  #submit(): void {
    const pdu = this.#buffer
    const announced = this.#announced
    this.#announced = null
    this.#buffer = ''
    const answer = this.answers.shift() ?? { kind: 'accept' }
    if (answer.kind === 'cms') {
      this.#say(`+CMS ERROR: ${answer.code}`)
      return
    }
    const submit = this.#decode(pdu, announced)
    if (!submit) {
      this.#say('+CMS ERROR: 304')
      return
    }
    this.#reference = (this.#reference + 1) & 0xff
    const reference = this.#reference
    this.received.push({ pdu, submit, reference, at: Date.now() })
    if (answer.kind === 'silent') return
    if (answer.kind === 'drop') {
      this.unplug()
      return
    }
    const accept = () => {
      this.#say(`+CMGS: ${reference}`, '', 'OK')
      this.#report(submit, reference)
    }
    if (answer.kind === 'accept' && answer.delayMs) setTimeout(accept, answer.delayMs)
    else accept()
  }

  #decode(pdu: string, announced: number | null): Submit | null {
    try {
      const submit = decodeSubmit(pdu)
      return submit.length === announced ? submit : null
    } catch {
      return null
    }
  }

  #report(submit: Submit, reference: number): void {
    if (this.reportStatus === null || !submit.statusReport) return
    const now = Date.now()
    const pdu = encodeStatusReport({ reference, to: submit.to, status: this.reportStatus, sentAt: now, doneAt: now, smsc: this.smsc })
    this.#say(`+CDS: ${pdu.length / 2 - 8}`, pdu)
  }

  #say(...lines: string[]): void {
    if (this.mute) return
    this.#write(lines.map((line) => `\r\n${line}\r\n`).join(''))
  }
}
