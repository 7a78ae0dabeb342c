import { randomBytes } from 'node:crypto'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import * as v15 from '../../protocols/ipmi/ipmi15.ts'
import { decodeMessage, encodeMessage, type LanMessage, NETFN } from '../../protocols/ipmi/message.ts'
import { decodePacket, encodePacket, PAYLOAD, peekPacket } from '../../protocols/ipmi/packet.ts'
import { decodePing, encodePong } from '../../protocols/ipmi/rmcp.ts'
import { type Answer, answerCommand, type BmcState, createState } from './bmc-commands.ts'
import { BmcLogin } from './bmc-login.ts'
import { SIM_PASSWORD, SIM_USER } from './ipmi-sim.ts'
import { type SimSensor, serverSensors } from './sim-sensors.ts'

export interface BmcOptions {
  readonly sensors?: readonly SimSensor[]
  readonly suites?: readonly number[]
  /** Default both. */
  readonly versions?: readonly ('1.5' | '2.0')[]
  /** IPMI 1.5: sign every message, not only the login. Default true. */
  readonly perMessage?: boolean
  readonly username?: string
  readonly password?: string
  readonly kg?: string
  /** Most sessions at once; default 4. */
  readonly sessions?: number
}

/** What a fault may do with an answer: send these datagrams, each after its delay. */
export type Fault = (datagram: Buffer, request: LanMessage | null) => readonly { bytes: Buffer; afterMs?: number }[]

/** A simulated BMC on loopback: RMCP+ with any suite, IPMI 1.5 with MD5, and faults on demand. ipmitool talks to it. */
export interface Bmc {
  readonly port: number
  readonly state: BmcState
  /** Session requests answered. */
  readonly requests: number
  readonly sessions: number
  /** Applied to every answer. */
  fault: Fault | null
  /** Completion code instead of the answer, e.g. C0h node busy. */
  refuse: ((request: LanMessage) => number | undefined) | null
  /** Added to the session sequence number of answers. */
  sequenceShift: number
  /** Forgets all sessions, as a reset does. */
  reset(): void
  close(): Promise<void>
}

/** Capability flag: users have names. */
const NAMES = 0x04

interface Session {
  readonly unwrap: (datagram: Buffer) => Buffer | null
  readonly wrap: (message: Buffer, shift: number) => Buffer
  readonly id: number
}

export async function startBmc(options: BmcOptions = {}): Promise<Bmc> {
  const bmc = new SimulatedBmc(options)
  await bmc.start()
  return bmc
}

class SimulatedBmc implements Bmc {
  port = 0
  readonly state: BmcState
  requests = 0
  fault: Fault | null = null
  refuse: ((request: LanMessage) => number | undefined) | null = null
  sequenceShift = 0
  readonly #options: BmcOptions
  readonly #socket: Socket = createSocket('udp4')
  readonly #sessions = new Map<number, Session>()
  readonly #challenges = new Map<number, Buffer>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #login: BmcLogin
  readonly #password: Buffer
  #nextId15 = 0x1500_0000

  constructor(options: BmcOptions) {
    this.#options = options
    this.state = createState(options.sensors ?? serverSensors(1))
    const { username = SIM_USER, password = SIM_PASSWORD, suites = [3, 17], kg } = options
    this.#password = v15.password16(password)
    this.#login = new BmcLogin({ username, password, suites, kg }, ({ bmcId, consoleId, keys }) => {
      let sequence = 0
      this.#add({
        id: bmcId,
        unwrap(datagram) {
          const packet = decodePacket(datagram, keys)
          return packet.ok && packet.value.payloadType === PAYLOAD.ipmi ? packet.value.payload : null
        },
        wrap: (message, shift) =>
          encodePacket({ payloadType: PAYLOAD.ipmi, sessionId: consoleId, sequence: (++sequence + shift) >>> 0, payload: message }, keys),
      })
    })
  }

  get sessions(): number {
    return this.#sessions.size
  }

  start(): Promise<void> {
    this.#socket.on('message', (datagram, from) => this.#receive(datagram, from))
    return new Promise((resolve, reject) => {
      this.#socket.once('error', reject)
      this.#socket.bind(0, '127.0.0.1', () => {
        this.port = this.#socket.address().port
        resolve()
      })
    })
  }

  reset(): void {
    this.#sessions.clear()
    this.#login.forget()
  }

  close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    return new Promise((resolve) => this.#socket.close(() => resolve()))
  }

  #add(session: Session): void {
    const most = this.#options.sessions ?? 4
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size >= most && oldest !== undefined) this.#sessions.delete(oldest)
    this.#sessions.set(session.id, session)
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    const ping = decodePing(datagram)
    const head = peekPacket(datagram)
    if (ping) this.#send(encodePong({ tag: ping.tag, ipmi: true, oem: 4542 }), null, from)
    else if (!head) this.#receive15(datagram, from)
    else if (head.sessionId !== 0) this.#inSession(head.sessionId, datagram, from)
    else this.#setUp(head.payloadType, datagram, from)
  }

  #setUp(type: number, datagram: Buffer, from: RemoteInfo): void {
    const packet = decodePacket(datagram)
    const answer = packet.ok ? this.#login.answer(type, packet.value.payload) : null
    if (answer) this.#send(encodePacket({ payloadType: answer.type, sessionId: 0, sequence: 0, payload: answer.payload }), null, from)
  }

  #inSession(id: number, datagram: Buffer, from: RemoteInfo): void {
    const session = this.#sessions.get(id)
    const message = decodeMessage(session?.unwrap(datagram) ?? Buffer.alloc(0))
    if (!session || !message) return
    this.requests += 1
    const refused = this.refuse?.(message)
    const answer = refused === undefined ? answerCommand(this.state, message.netFn, message.command, message.data) : ([refused] as const)
    this.#send(session.wrap(reply(message, answer), this.sequenceShift), message, from)
    if (message.netFn === NETFN.app && message.command === 0x3c) this.#sessions.delete(id)
  }

  #receive15(datagram: Buffer, from: RemoteInfo): void {
    const packet = v15.decodePacket15(datagram, this.#password)
    if (!packet.ok) return
    const { sessionId, authType } = packet.value
    if (this.#sessions.has(sessionId)) {
      this.#inSession(sessionId, datagram, from)
      return
    }
    const message = decodeMessage(packet.value.payload)
    if (!message || message.netFn !== NETFN.app) return
    if (message.command === 0x3a && authType === v15.AUTH_TYPE.md5) this.#activate(message, sessionId, from)
    const answer =
      message.command === 0x38
        ? this.#capabilities((message.data[0] ?? 0) >= 0x80)
        : message.command === 0x39
          ? this.#challenge(message.data)
          : null
    if (!answer) return
    const payload = reply(message, answer)
    this.#send(v15.encodePacket15({ authType: v15.AUTH_TYPE.none, sequence: 0, sessionId: 0, payload }), message, from)
  }

  #capabilities(extended: boolean): Answer {
    const versions = this.#options.versions ?? ['1.5', '2.0']
    if (!versions.includes('2.0')) return extended ? [0xcc] : [0, 1, 0x04, this.#perMessage ? NAMES : NAMES | 0x10, 0, 0, 0, 0, 0]
    const spoken = (versions.includes('1.5') ? 1 : 0) | 2
    return [0, 1, extended ? 0x84 : 0x04, this.#options.kg === undefined ? NAMES : NAMES | 0x20, extended ? spoken : 0, 0, 0, 0, 0]
  }

  get #perMessage(): boolean {
    return this.#options.perMessage ?? true
  }

  #challenge(data: Buffer): Answer {
    const username = data.subarray(1, 17).toString().replace(/\0.*$/, '')
    if (username !== (this.#options.username ?? SIM_USER)) return [0x81]
    const id = ++this.#nextId15
    const challenge = randomBytes(16)
    this.#challenges.set(id, challenge)
    return [0, id & 0xff, (id >> 8) & 0xff, (id >> 16) & 0xff, id >>> 24, ...challenge]
  }

  #activate(message: LanMessage, temporaryId: number, from: RemoteInfo): void {
    if (!this.#challenges.get(temporaryId)?.equals(message.data.subarray(2, 18))) return
    const first = message.data.readUInt32LE(18)
    let sequence = first
    const id = temporaryId + 0x10000
    const authType = this.#perMessage ? v15.AUTH_TYPE.md5 : v15.AUTH_TYPE.none
    const session: Session = {
      id,
      unwrap: (datagram) => {
        const packet = v15.decodePacket15(datagram, this.#password)
        return packet.ok ? packet.value.payload : null
      },
      wrap: (payload, shift) =>
        v15.encodePacket15({ authType, sequence: (++sequence + shift) >>> 0, sessionId: id, payload }, this.#password),
    }
    this.#add(session)
    const answer: Answer = [0, authType, id & 0xff, (id >> 8) & 0xff, (id >> 16) & 0xff, id >>> 24, 1, 0, 0, 0, message.data[1] ?? 2]
    // The answer to Activate Session is signed with the login's type and opens the sequence (§22.17).
    const payload = reply(message, answer)
    this.#send(
      v15.encodePacket15({ authType: v15.AUTH_TYPE.md5, sequence: first, sessionId: temporaryId, payload }, this.#password),
      message,
      from,
    )
  }

  #send(bytes: Buffer, request: LanMessage | null, to: RemoteInfo): void {
    for (const piece of this.fault?.(bytes, request) ?? [{ bytes }]) {
      if (!piece.afterMs) {
        this.#socket.send(piece.bytes, to.port, to.address)
        continue
      }
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        this.#socket.send(piece.bytes, to.port, to.address)
      }, piece.afterMs)
      this.#timers.add(timer)
    }
  }
}

function reply(request: LanMessage, answer: Answer): Buffer {
  return encodeMessage({
    target: request.source,
    targetLun: request.sourceLun,
    netFn: request.netFn | 1,
    source: request.target,
    sourceLun: request.targetLun,
    sequence: request.sequence,
    command: request.command,
    data: Buffer.from(answer),
  })
}
