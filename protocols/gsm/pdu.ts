// 3GPP TS 23.040 §9.2.2: the three TPDUs a sender of alarms meets, as AT+CMGS, +CMT and +CDS carry them (TS 27.005 §4).
import { decodeValidity, encodeAddress, encodeSmsc, encodeTimestamp, encodeValidity, PduError, PduReader } from './pdu-fields.ts'
import { type Alphabet, alphabetOf, type Concat, decodeUserData, encodeUserData, splitText, userDataLength } from './user-data.ts'

const MTI = 0x03
const DELIVER = 0x00
const SUBMIT = 0x01
const STATUS_REPORT = 0x02
const VP_RELATIVE = 0x10
const SRR = 0x20
const UDHI = 0x40

export interface SubmitOptions {
  readonly to: string
  readonly text: string
  /** Default: GSM-7 when every character fits, else UCS-2. */
  readonly alphabet?: Alphabet
  /** 8-bit reference shared by the parts; a repeat of the same message keeps it. */
  readonly reference?: number
  readonly statusReport?: boolean
  readonly validityMs?: number
  /** Service centre; empty or absent: the one the SIM knows. */
  readonly smsc?: string
}

/** What goes to the modem: `AT+CMGS=<length>`, then `pdu` and 0x1A. */
export interface SubmitPart {
  /** Upper case hexadecimal, with the SMSC octets. */
  readonly pdu: string
  /** TPDU octets without the SMSC's. */
  readonly length: number
  readonly text: string
  readonly seq: number
  readonly total: number
}

const DEFAULT_VALIDITY_MS = 24 * 3_600_000

export function encodeSubmit(options: SubmitOptions): SubmitPart[] {
  const alphabet = options.alphabet ?? alphabetOf(options.text)
  const texts = splitText(options.text, alphabet)
  const total = texts.length
  const smsc = encodeSmsc(options.smsc ?? '')
  const first = SUBMIT | VP_RELATIVE | (options.statusReport ? SRR : 0) | (total > 1 ? UDHI : 0)
  return texts.map((text, index) => {
    const concat = total > 1 ? { reference: options.reference ?? 0, total, seq: index + 1 } : null
    const { dcs, udl, ud } = encodeUserData(text, alphabet, concat)
    const tpdu = Buffer.concat([
      Buffer.from([first, 0]), // TP-MR 0: the modem numbers its messages itself
      encodeAddress(options.to),
      Buffer.from([0, dcs, encodeValidity(options.validityMs ?? DEFAULT_VALIDITY_MS), udl]),
      ud,
    ])
    const pdu = Buffer.concat([smsc, tpdu]).toString('hex').toUpperCase()
    return { pdu, length: tpdu.length, text, seq: index + 1, total }
  })
}

export interface Submit {
  readonly smsc: string | null
  readonly to: string
  readonly text: string
  readonly concat: Concat | null
  readonly statusReport: boolean
  readonly validityMs: number | null
  /** TPDU octets, to be compared with the number that AT+CMGS announced. */
  readonly length: number
}

/** Throws a PduError for anything but a whole SMS-SUBMIT. */
export function decodeSubmit(pdu: string): Submit {
  const reader = new PduReader(pdu)
  const smsc = reader.smsc()
  const length = reader.left
  const first = typed(reader, SUBMIT, 'SMS-SUBMIT')
  reader.byte('TP-MR')
  const to = reader.address()
  reader.byte('TP-PID')
  const dcs = reader.byte('TP-DCS')
  const validityMs = validityOf(reader, first)
  const { text, concat } = readUserData(reader, dcs, (first & UDHI) !== 0)
  if (reader.left > 0) throw new PduError(`${reader.left} octets behind the user data`)
  return { smsc, to, text, concat, statusReport: (first & SRR) !== 0, validityMs, length }
}

function validityOf(reader: PduReader, first: number): number | null {
  const format = first & 0x18
  if (format === 0) return null
  if (format === VP_RELATIVE) return decodeValidity(reader.byte('TP-VP'))
  reader.take(7, 'TP-VP')
  return null
}

export interface Deliver {
  readonly smsc: string | null
  readonly from: string
  readonly text: string
  readonly concat: Concat | null
  /** When the service centre took it, ms. */
  readonly time: number
}

export function decodeDeliver(pdu: string): Deliver {
  const reader = new PduReader(pdu)
  const smsc = reader.smsc()
  const first = typed(reader, DELIVER, 'SMS-DELIVER')
  const from = reader.address()
  reader.byte('TP-PID')
  const dcs = reader.byte('TP-DCS')
  const time = reader.timestamp()
  return { smsc, from, time, ...readUserData(reader, dcs, (first & UDHI) !== 0) }
}

/** The other side of `decodeDeliver`: what a network hands to a modem. */
export function encodeDeliver(options: { from: string; text: string; time: number; zoneMinutes?: number; smsc?: string }): string {
  const alphabet = alphabetOf(options.text)
  const { dcs, udl, ud } = encodeUserData(options.text, alphabet, null)
  return Buffer.concat([
    encodeSmsc(options.smsc ?? ''),
    Buffer.from([DELIVER | 0x04]),
    encodeAddress(options.from),
    Buffer.from([0, dcs]),
    encodeTimestamp(options.time, options.zoneMinutes ?? 480),
    Buffer.from([udl]),
    ud,
  ])
    .toString('hex')
    .toUpperCase()
}

/** `trying`: the service centre goes on; `failed`: it has given up (TS 23.040 §9.2.3.15). */
export type ReportState = 'delivered' | 'trying' | 'failed'

export interface StatusReport {
  readonly reference: number
  readonly to: string
  readonly status: number
  readonly state: ReportState
  readonly sentAt: number
  readonly doneAt: number
}

export function decodeStatusReport(pdu: string): StatusReport {
  const reader = new PduReader(pdu)
  reader.smsc()
  typed(reader, STATUS_REPORT, 'SMS-STATUS-REPORT')
  const reference = reader.byte('TP-MR')
  const to = reader.address()
  const sentAt = reader.timestamp()
  const doneAt = reader.timestamp()
  const status = reader.byte('TP-ST')
  return { reference, to, status, state: status < 0x20 ? 'delivered' : status < 0x40 ? 'trying' : 'failed', sentAt, doneAt }
}

export function encodeStatusReport(report: Omit<StatusReport, 'state'> & { smsc?: string; zoneMinutes?: number }): string {
  const zone = report.zoneMinutes ?? 480
  return Buffer.concat([
    encodeSmsc(report.smsc ?? ''),
    Buffer.from([STATUS_REPORT | 0x04, report.reference]),
    encodeAddress(report.to),
    encodeTimestamp(report.sentAt, zone),
    encodeTimestamp(report.doneAt, zone),
    Buffer.from([report.status]),
  ])
    .toString('hex')
    .toUpperCase()
}

function typed(reader: PduReader, type: number, name: string): number {
  const first = reader.byte('first octet')
  if ((first & MTI) !== type) throw new PduError(`first octet 0x${first.toString(16)} is not an ${name}`)
  return first
}

function readUserData(reader: PduReader, dcs: number, hasHeader: boolean): { text: string; concat: Concat | null } {
  const udl = reader.byte('TP-UDL')
  const ud = reader.take(userDataLength(dcs, udl), 'user data')
  return decodeUserData(dcs, hasHeader, udl, ud)
}
