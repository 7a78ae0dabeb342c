import { Command } from 'commander'
import { parseDuration } from '../core/config/duration.ts'
import { clientOf, languageOf, type ReadingOptions, withReading } from './options.ts'

interface OutputOptions extends ReadingOptions {
  readonly for?: string
}

const STATES: Readonly<Record<string, boolean>> = { on: true, off: false }

export function command(): Command {
  return withReading(new Command('output'))
    .argument('<device>', 'the station, by its name in devices.yaml')
    .argument('<point>', 'a point of it with an `output`')
    .argument('<state>', 'on or off')
    .option('--for <span>', 'how long it stays on, e.g. 10s; the `max` of the output bounds it')
    .action(async (device: string, point: string, state: string, options: OutputOptions) => {
      const on = STATES[state]
      const span = options.for === undefined ? 0 : parseDuration(options.for)
      if (on === undefined) return refuse(`the state must be on or off, not ${state}`)
      if (span === null) return refuse(`--for: not a span: ${options.for} (use 10s, 2m)`)
      if (on && span === 0) return refuse('say how long it stays on: --for 10s')
      const client = await clientOf(options)
      const answer = await client.post<object>(`/api/v1/devices/${encodeURIComponent(device)}/output`, { point, on, seconds: span / 1000 })
      process.stdout.write(options.json ? `${JSON.stringify(answer)}\n` : `${device} ${point}: ${words(on, span, languageOf(options))}\n`)
    })
}

function words(on: boolean, span: number, language: 'zh' | 'en'): string {
  const seconds = span / 1000
  if (language === 'zh') return on ? `已接通，最长 ${seconds} 秒后断开` : '已断开'
  return on ? `is on, and goes off after ${seconds} s at most` : 'is off'
}

function refuse(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 2
}
