import { userInfo } from 'node:os'
import { Command } from 'commander'
import { parseDuration } from '../core/config/duration.ts'
import type { Alarm } from '../core/model/alarm.ts'
import { clientOf, languageOf, type ReadingOptions, withReading } from './options.ts'
import { shown } from './text.ts'

interface AckOptions extends ReadingOptions {
  readonly for?: string
  readonly message?: string
}

export function command(): Command {
  return withReading(new Command('ack'))
    .argument('<id>', 'the alarm, by its short id as `tail` shows it')
    .option('--for <span>', 'acknowledge for this long only, e.g. 2h')
    .option('-m, --message <text>', 'a note, shown with the alarm')
    .action(async (id: string, options: AckOptions) => {
      if (options.for !== undefined && parseDuration(options.for) === null) {
        process.stderr.write(`--for: not a span: ${options.for} (use 30m, 2h, 1d)\n`)
        process.exitCode = 2
        return
      }
      const client = await clientOf(options)
      const note = options.message ?? (options.token === undefined && !process.env.JIFANG_TOKEN ? atTerminal() : undefined)
      const body = { ...(options.for === undefined ? {} : { for: options.for }), ...(note === undefined ? {} : { note }) }
      const alarm = await client.post<Alarm>(`/api/v1/alarms/${encodeURIComponent(id.replace(/^#/, ''))}/ack`, body)
      const language = languageOf(options)
      process.stdout.write(
        options.json
          ? `${JSON.stringify(alarm)}\n`
          : `#${alarm.short_id} ${alarm.device} ${alarm.title[language]} ${shown(alarm.value)}: ${language === 'zh' ? '已确认，确认人' : 'acknowledged by'} ${alarm.ack?.by ?? '?'}\n`,
      )
    })
}

/** With the machine's own token the person is `local`: the note says who sat there. */
function atTerminal(): string | undefined {
  try {
    return `by ${userInfo().username} at the terminal`
  } catch {
    return undefined // a user without an entry in passwd
  }
}
