import type { Counters } from '../../core/lifecycle/counters.ts'
import type { Log } from '../../core/log/log.ts'
import { GsmError } from '../../protocols/gsm/errors.ts'
import { createModem, type Modem, type ModemTiming } from '../../protocols/gsm/modem.ts'
import { encodeSubmit } from '../../protocols/gsm/pdu.ts'
import { dialable } from '../../protocols/gsm/pdu-fields.ts'
import { openSerial } from '../../protocols/gsm/serial-transport.ts'
import type { OpenTransport } from '../../protocols/gsm/transport.ts'
import type { Channel, ChannelReport, Delivery, Message } from '../channel.ts'
import type { Person, SmsConfig } from '../notify-file.ts'

export interface SmsDeps {
  readonly log: Log
  readonly counters: Counters
  readonly openTransport?: OpenTransport
  readonly modemTiming?: Partial<ModemTiming>
}

/** SMS through a GSM modem on a serial line. */
export function createSmsChannel(config: SmsConfig, deps: SmsDeps): Channel {
  const modem = createModem({
    device: config.device,
    ...(config.baud === undefined ? {} : { bauds: [config.baud] }),
    ...(config.smsc === undefined ? {} : { smsc: config.smsc }),
    ...(deps.modemTiming === undefined ? {} : { timing: deps.modemTiming }),
    open: deps.openTransport ?? openSerial,
    log: deps.log,
    onReport: (report) => {
      deps.counters.add('jifang_sms_reports_total', 1, { channel: config.name, state: report.state })
      deps.log.info({ channel: config.name, reference: report.reference, state: report.state, status: report.status }, 'SMS report')
    },
    onMessage: (message) => {
      deps.counters.add('jifang_sms_received_total', 1, { channel: config.name })
      deps.log.info({ channel: config.name, from: masked(message.from), characters: message.text.length }, 'SMS received')
    },
  })
  return {
    name: config.name,
    kind: 'sms',
    send: (message, person, signal) => send(modem, config, deps, message, person, signal),
    check: () => check(modem),
    close: () => modem.close(),
  }
}

async function send(
  modem: Modem,
  config: SmsConfig,
  deps: SmsDeps,
  message: Message,
  person: Person,
  signal: AbortSignal,
): Promise<Delivery> {
  if (!person.phone) return { result: 'failed', reason: `${person.name} has no phone`, permanent: true }
  const parts = encodeSubmit({
    to: dialable(person.phone),
    text: message.text,
    reference: Number.parseInt(message.key.slice(0, 2), 16),
    statusReport: config.reports,
    validityMs: config.validity,
  })
  const references: number[] = []
  try {
    for (const part of parts) {
      references.push(await abortable(modem.sendPart(part), signal))
      deps.counters.add('jifang_sms_parts_total', 1, { channel: config.name })
    }
    return { result: 'sent', reference: references.join(',') }
  } catch (error) {
    return failureOf(error)
  }
}

/** Groups of protocols/gsm/errors.ts to fates. What may have gone out is tried once more only: a message twice is better than none, five times is not. */
export function failureOf(error: unknown): Delivery {
  if (!(error instanceof GsmError)) {
    const reason = error instanceof Error ? error.message : String(error)
    return { result: 'failed', reason, permanent: false, uncertain: true }
  }
  const { group, uncertain, message: reason } = error
  if (group === 'recipient') return { result: 'failed', reason, permanent: true, uncertain }
  if (group === 'later' || group === 'person') return { result: 'failed', reason, permanent: false, uncertain }
  return { result: 'retry', reason, uncertain, ...(group === 'protocol' || uncertain ? { tries: 1 } : {}) }
}

async function check(modem: Modem): Promise<ChannelReport> {
  try {
    const { registered, rssi, dbm, network } = await modem.status()
    const signal = rssi === null ? {} : { rssi, signal_dbm: dbm ?? -113 + 2 * rssi }
    const detail = `${network}, signal ${dbm === null ? 'unknown' : `${dbm} dBm`}`
    return {
      up: registered,
      detail,
      measurement: 'sms_modem',
      fields: { up: Number(registered), registered: Number(registered), ...signal },
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return { up: false, detail, measurement: 'sms_modem', fields: { up: 0, registered: 0 } }
  }
}

/** The modem itself can't be stopped in the middle of a message; the caller can stop waiting for it. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new GsmError('timeout', 'the message was not finished in time', { uncertain: true }))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** Enough to recognise a number, not enough to publish it. */
const masked = (number: string): string => number.replace(/^(.{3}).*(.{2})$/, '$1***$2')
