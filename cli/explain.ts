import { Command } from 'commander'
import type { Explanation, LevelExplanation } from '../core/model/explanation.ts'
import { SEVERITY_TITLE } from '../core/model/severity.ts'
import { clientOf, languageOf, type ReadingOptions, withReading } from './options.ts'
import { ALARM_STATE_TITLE, EVENT_TITLE, type Language, localTime, paint, severityBadge, shown, span } from './text.ts'

export function command(): Command {
  return withReading(new Command('explain'))
    .argument('<id>', 'the alarm, by its short id as `tail` shows it')
    .action(async (id: string, options: ReadingOptions) => {
      const client = await clientOf(options)
      const explanation = await client.get<Explanation>(`/api/v1/alarms/${encodeURIComponent(id.replace(/^#/, ''))}/explain`)
      process.stdout.write(options.json ? `${JSON.stringify(explanation)}\n` : `${render(explanation, languageOf(options)).join('\n')}\n`)
    })
}

const WORDS = {
  zh: {
    rule: '规则',
    defined: '定义于',
    reads: '读取',
    last: '最近的值',
    from: '来自',
    stream: '数据流',
    live: '正常',
    lost: '中断',
    also: '同时要求',
    holds: '成立',
    not: '不成立',
    depends: '依赖',
    lostBy: '已失去',
    fine: '正常',
    next: '接下来',
    ack: '已确认',
    cause: '原因告警',
    told: '已通知',
    since: '开始',
  },
  en: {
    rule: 'rule',
    defined: 'defined at',
    reads: 'reads',
    last: 'last value',
    from: 'from',
    stream: 'stream',
    live: 'live',
    lost: 'lost',
    also: 'also needs',
    holds: 'holds',
    not: 'does not hold',
    depends: 'depends on',
    lostBy: 'lost',
    fine: 'fine',
    next: 'next',
    ack: 'acknowledged by',
    cause: 'caused by',
    told: 'told',
    since: 'since',
  },
} as const

function render(explanation: Explanation, language: Language): string[] {
  const { alarm, rule, input, stream } = explanation
  const w = WORDS[language]
  const row = (label: string, text: string): string => `  ${paint('gray', `${label}:`)} ${text}`
  return [
    `${severityBadge(alarm.severity, language)} ${paint('bold', alarm.title[language])} ${alarm.device} #${alarm.short_id} ${ALARM_STATE_TITLE[alarm.state][language]}`,
    row(w.since, `${localTime(alarm.since)} (${span(Date.now() - alarm.since)})`),
    row(w.rule, `${rule.name}, ${w.defined} ${rule.defined}`),
    row(w.reads, `${rule.on}${rule.where.length > 0 ? ` [${rule.where.join(', ')}]` : ''} (${rule.signal})`),
    row(
      w.last,
      `${shown(input.value)}${input.received === null ? '' : ` ${localTime(input.received)}`}${input.check === null ? '' : `, ${w.from} ${input.check}`}`,
    ),
    ...(stream
      ? [
          row(
            w.stream,
            `${stream.agent} ${stream.live ? paint('green', w.live) : paint('red', w.lost)} ${localTime(stream.heard)} ${stream.reason}`,
          ),
        ]
      : []),
    ...explanation.levels.map((level) => `    ${renderLevel(level, language)}`),
    ...explanation.also.map((clause) =>
      row(w.also, `${clause.on} ${clause.fire} (${clause.same}): ${explanation.also_hold ? w.holds : w.not}`),
    ),
    ...explanation.depends_on.map(({ device, lost_by }) =>
      row(w.depends, `${device}: ${lost_by === null ? w.fine : `${w.lostBy} (${lost_by})`}`),
    ),
    ...(alarm.ack ? [row(w.ack, `${alarm.ack.by} ${localTime(alarm.ack.at)}${alarm.ack.note ? `: ${alarm.ack.note}` : ''}`)] : []),
    ...(alarm.caused_by ? [row(w.cause, alarm.caused_by)] : []),
    ...alarm.notices.map((notice) =>
      row(w.told, `${notice.person} ${notice.channel} ${notice.about} ${notice.state} ${localTime(notice.at)}`),
    ),
    ...explanation.next.map((step) => row(w.next, `${step.what}${step.at === null ? '' : ` ${localTime(step.at)}`}`)),
  ]
}

function renderLevel(level: LevelExplanation, language: Language): string {
  const mark = level.on ? paint('red', '■') : paint('gray', '□')
  const wait = level.for_ms > 0 ? ` ${span(level.for_ms)}` : ''
  const since = level.since === null || level.on ? '' : ` (${EVENT_TITLE.raised[language]} ${localTime(level.since + level.for_ms)})`
  return `${mark} ${SEVERITY_TITLE[level.severity][language]}: ${level.fire}${wait}${since} → ${level.clear}${level.clear_for_ms > 0 ? ` ${span(level.clear_for_ms)}` : ''}`
}
