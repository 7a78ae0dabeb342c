import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { formatIssue, parseDocument } from '../core/config/document.ts'
import { silentLog } from '../core/log/log.ts'
import { parseNotify, type SmsConfig } from '../notify/notify-file.ts'
import { GsmError } from '../protocols/gsm/errors.ts'
import { createModem, type Modem } from '../protocols/gsm/modem.ts'
import { encodeSubmit } from '../protocols/gsm/pdu.ts'
import { dialable, isNumber } from '../protocols/gsm/pdu-fields.ts'
import { openSerial } from '../protocols/gsm/serial-transport.ts'
import { languageOf, languageOption, type PlaceOptions, placesOf, withPlaces } from './options.ts'
import { UsageError } from './usage-error.ts'

interface SmsOptions extends PlaceOptions {
  readonly device?: string
  readonly baud?: string
  readonly smsc?: string
  readonly lang?: string
  readonly json?: boolean
}

interface Line {
  readonly device: string
  readonly baud?: number
  readonly smsc?: string
}

const WORDS = {
  zh: {
    part: (seq: number, total: number, units: number) => `第 ${seq}/${total} 条（${units} 字）`,
    sent: (reference: number) => `已交网络，编号 ${reference}`,
    open: (device: string) => `短信猫 ${device}`,
    registered: '已注册',
    unregistered: '未注册',
    signal: '信号',
    unknown: '未知',
    ready: '可以发送短信',
    notReady: '不能发送短信',
  },
  en: {
    part: (seq: number, total: number, units: number) => `part ${seq}/${total} (${units} characters)`,
    sent: (reference: number) => `accepted by the network, reference ${reference}`,
    open: (device: string) => `modem ${device}`,
    registered: 'registered',
    unregistered: 'not registered',
    signal: 'signal',
    unknown: 'unknown',
    ready: 'messages can be sent',
    notReady: 'messages can not be sent',
  },
} as const

export function command(): Command {
  const sms = new Command('sms').description('send an SMS through the GSM modem, or see whether it could')
  withModem(sms.command('send'))
    .description('send one message now, past all queues and limits')
    .argument('<number>', 'telephone number, e.g. +8613800138000')
    .argument('<text>', 'message; Chinese takes 70 characters in one part')
    .action((number: string, text: string, options: SmsOptions) => report(() => send(number, text, options)))
  withModem(sms.command('doctor'))
    .description('look at modem, SIM, signal and registration without sending anything')
    .action((options: SmsOptions) => report(() => doctor(options)))
  return sms
}

function withModem(command: Command): Command {
  return withPlaces(command)
    .option('--device <path>', 'serial device (default: the first sms channel of notify.yaml)')
    .option('--baud <speed>', 'its speed (default: looked for)')
    .option('--smsc <number>', 'service centre, when the SIM has none')
    .addOption(languageOption('language of the output'))
    .option('--json', 'print JSON for programs')
}

/** Exit codes: 1 the modem or the network failed, 2 the call or the configuration is wrong. */
async function report(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    process.stderr.write(`jifang sms: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  }
}

async function send(number: string, text: string, options: SmsOptions): Promise<void> {
  const to = dialable(number)
  if (!isNumber(to)) throw new UsageError(`"${number}" is not a telephone number`)
  if (text === '') throw new UsageError('the text is empty')
  const words = WORDS[languageOf(options)]
  const line = await lineOf(options)
  const parts = encodeSubmit({ to, text, statusReport: false, reference: Date.now() & 0xff })
  const results: { part: number; parts: number; characters: number; reference: number }[] = []
  await withOpen(line, async (modem) => {
    for (const part of parts) {
      const reference = await modem.sendPart(part).catch((error: unknown) => {
        throw parts.length > 1 && error instanceof Error
          ? new Error(`${words.part(part.seq, part.total, part.text.length)}: ${error.message}`)
          : error
      })
      results.push({ part: part.seq, parts: part.total, characters: part.text.length, reference })
      if (!options.json) process.stdout.write(`${words.part(part.seq, part.total, part.text.length)}: ${words.sent(reference)}\n`)
    }
  })
  if (options.json) process.stdout.write(`${JSON.stringify({ device: line.device, to, sent: results })}\n`)
}

async function doctor(options: SmsOptions): Promise<void> {
  const words = WORDS[languageOf(options)]
  const line = await lineOf(options)
  const status = await withOpen(line, (modem) => modem.status())
  if (options.json) process.stdout.write(`${JSON.stringify({ device: line.device, ...status })}\n`)
  else {
    const signal = status.dbm === null ? words.unknown : `${status.dbm} dBm`
    process.stdout.write(
      `${words.open(line.device)}: ${status.registered ? words.registered : words.unregistered} (${status.network}), ${words.signal} ${signal}: ${status.registered ? words.ready : words.notReady}\n`,
    )
  }
  if (!status.registered) process.exitCode = 1
}

async function withOpen<T>(line: Line, work: (modem: Modem) => Promise<T>): Promise<T> {
  const modem = createModem({
    device: line.device,
    ...(line.baud === undefined ? {} : { bauds: [line.baud] }),
    ...(line.smsc === undefined ? {} : { smsc: line.smsc }),
    open: openSerial,
    log: silentLog,
  })
  try {
    return await work(modem)
  } catch (error) {
    if (error instanceof GsmError && error.uncertain) throw new Error(`${error.message}; the message may have gone out all the same`)
    throw error
  } finally {
    await modem.close()
  }
}

async function lineOf(options: SmsOptions): Promise<Line> {
  const baud = options.baud === undefined ? undefined : Number(options.baud)
  if (baud !== undefined && !(Number.isInteger(baud) && baud >= 1200)) throw new UsageError(`"${options.baud}" is not a speed`)
  const given = { ...(baud === undefined ? {} : { baud }), ...(options.smsc === undefined ? {} : { smsc: options.smsc }) }
  if (options.device) return { device: options.device, ...given }
  const configured = await configuredModem(options)
  return {
    device: configured.device,
    ...(configured.baud === undefined ? {} : { baud: configured.baud }),
    ...(configured.smsc === undefined ? {} : { smsc: configured.smsc }),
    ...given,
  }
}

async function configuredModem(options: SmsOptions): Promise<SmsConfig> {
  const file = join(placesOf(options).configDir, 'notify.yaml')
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${file} can't be read: give --device PATH, or --config DIR`)
  })
  const doc = parseDocument(text, file)
  const config = parseNotify(doc)
  if (!config) {
    const errors = doc.issues.filter((issue) => issue.level === 'error')
    throw new UsageError(`${errors.map(formatIssue).join('\n')}`)
  }
  const channel = config.channels.find((known) => known.kind === 'sms')
  if (!channel) throw new UsageError(`${file} has no channel of kind sms: give --device PATH`)
  return channel
}
