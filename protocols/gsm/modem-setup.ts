import type { AtSession } from './at-session.ts'
import { GsmError } from './errors.ts'
import { encodeSmsc } from './pdu-fields.ts'

/** TS 27.007 §7.2: <stat> of +CREG. */
const REGISTRATION: Readonly<Record<number, string>> = {
  0: 'not searching',
  1: 'home network',
  2: 'searching',
  3: 'denied (arrears or blocked SIM?)',
  4: 'unknown',
  5: 'roaming',
}

export interface ModemStatus {
  /** 0-31 as AT+CSQ tells it; null when the modem doesn't know (99). */
  readonly rssi: number | null
  readonly dbm: number | null
  /** <stat> of +CREG; 1 and 5 are registered. */
  readonly registration: number
  readonly registered: boolean
  /** In words. */
  readonly network: string
}

/** Brings a modem that answers to AT into PDU mode with reports. The PIN is never entered: a wrong one locks the SIM. */
export async function initialise(session: AtSession, options: { answerMs: number; smsc?: string }): Promise<void> {
  const { answerMs } = options
  const must = (text: string, expected?: string) => session.command(text, { timeoutMs: answerMs, ...(expected ? { expected } : {}) })
  const may = async (text: string): Promise<string[]> => {
    try {
      return await session.command(text, { timeoutMs: answerMs })
    } catch (error) {
      if (error instanceof GsmError && (error.kind === 'timeout' || error.kind === 'closed')) throw error
      return []
    }
  }
  await must('ATE0')
  await may('AT+CMEE=1')
  await sim(session, answerMs)
  await centre(session, options)
  await may('AT+CSMS=1')
  await must('AT+CMGF=0')
  // Reports as +CDS, messages stored with +CMTI; modems that can't buffer while a command runs take mode 1.
  if ((await answered(session, 'AT+CNMI=2,1,0,1,0', answerMs)) === false) await may('AT+CNMI=1,1,0,1,0')
  await may('AT+CPMS="SM","SM","SM"')
}

async function answered(session: AtSession, text: string, timeoutMs: number): Promise<boolean> {
  try {
    await session.command(text, { timeoutMs })
    return true
  } catch (error) {
    if (error instanceof GsmError && (error.kind === 'timeout' || error.kind === 'closed')) throw error
    return false
  }
}

async function sim(session: AtSession, timeoutMs: number): Promise<void> {
  const [line = ''] = await session.command('AT+CPIN?', { timeoutMs, expected: '+CPIN:' })
  const state = line.replace(/^\+CPIN:\s*/, '')
  if (state === 'READY') return
  throw new GsmError('sim', `the SIM is not ready: ${state || 'no answer'} (switch its PIN off in a telephone)`, { group: 'person' })
}

async function centre(session: AtSession, options: { answerMs: number; smsc?: string }): Promise<void> {
  const { answerMs, smsc } = options
  const lines = await session.command('AT+CSCA?', { timeoutMs: answerMs, expected: '+CSCA:' }).catch((error: unknown) => {
    if (error instanceof GsmError && (error.kind === 'cms' || error.kind === 'cme' || error.kind === 'error')) return []
    throw error
  })
  const known = /"(\+?\d+)"/.exec(lines[0] ?? '')?.[1]
  if (known || !smsc) return
  const type = encodeSmsc(smsc)[1]
  await session.command(`AT+CSCA="${smsc}",${type}`, { timeoutMs: answerMs })
}

/** Signal and registration; 4G modules that deny +CREG are asked by +CEREG. */
export async function readStatus(session: AtSession, timeoutMs: number): Promise<ModemStatus> {
  await sim(session, timeoutMs)
  const [signal = ''] = await session.command('AT+CSQ', { timeoutMs, expected: '+CSQ:' })
  const raw = Number(/\+CSQ:\s*(\d+)/.exec(signal)?.[1] ?? 99)
  const rssi = raw <= 31 ? raw : null
  let registration = await registrationOf(session, 'CREG', timeoutMs)
  if (registration !== 1 && registration !== 5) {
    const packet = await registrationOf(session, 'CEREG', timeoutMs).catch(() => null)
    if (packet === 1 || packet === 5) registration = packet
  }
  const registered = registration === 1 || registration === 5
  return { rssi, dbm: rssi === null ? null : -113 + 2 * rssi, registration, registered, network: REGISTRATION[registration] ?? 'unknown' }
}

async function registrationOf(session: AtSession, name: 'CREG' | 'CEREG', timeoutMs: number): Promise<number> {
  const [line = ''] = await session.command(`AT+${name}?`, { timeoutMs, expected: `+${name}:` })
  return Number(/:\s*\d+\s*,\s*(\d+)/.exec(line)?.[1] ?? /:\s*(\d+)/.exec(line)?.[1] ?? 4)
}

/** All messages kept on the SIM, as PDUs; they are deleted once read, because a full SIM stops reception and reports (+CMS ERROR 322). */
export async function readStored(session: AtSession, timeoutMs: number): Promise<string[]> {
  const lines = await session.command('AT+CMGL=4', { timeoutMs, expected: '+CMGL:' }).catch((error: unknown) => {
    if (error instanceof GsmError && (error.kind === 'cms' || error.kind === 'cme' || error.kind === 'error')) return []
    throw error
  })
  const pdus: string[] = []
  for (const [at, line] of lines.entries()) {
    const index = /^\+CMGL:\s*(\d+)/.exec(line)?.[1]
    if (index === undefined) continue
    const pdu = lines[at + 1]
    if (pdu && /^[0-9a-fA-F]+$/.test(pdu)) pdus.push(pdu)
    await session.command(`AT+CMGD=${index}`, { timeoutMs })
  }
  return pdus
}
