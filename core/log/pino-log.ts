import { pino } from 'pino'
import type { Log } from './log.ts'

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** `pretty` for people at a terminal, `json` for services. */
  readonly format: 'pretty' | 'json'
  /** Default stderr: stdout belongs to the command's own output. */
  readonly fd?: number
}

/** The program's log. Values under names that hold secrets are never written. */
export async function createLog(settings: LogSettings): Promise<Log> {
  const options = {
    level: settings.level,
    base: null,
    redact: { paths: SECRET_PATHS, censor: '<secret>' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const fd = settings.fd ?? 2
  if (settings.format === 'json') return asLog(pino(options, pino.destination({ dest: fd, sync: true })))
  const { default: pretty } = await import('pino-pretty')
  const stream = pretty({
    destination: fd,
    sync: true,
    colorize: process.stderr.isTTY === true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
    singleLine: true,
  })
  return asLog(pino(options, stream))
}

const asLog = (logger: Log): Log => logger

const SECRET_NAMES = ['password', 'token', 'community', 'secret', 'key', 'auth', 'passphrase']
const SECRET_PATHS = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
