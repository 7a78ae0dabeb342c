import { Command } from 'commander'
import type { Alarm } from '../core/model/alarm.ts'
import type { AgentView, DeviceState, DeviceSummary } from '../core/model/api.ts'
import { severityRank } from '../core/model/severity.ts'
import { clientOf, languageOf, type ReadingOptions, withReading } from './options.ts'
import { ALARM_STATE_TITLE, isNarrow, type Language, localTime, measured, pad, paint, severityBadge, span } from './text.ts'

interface StatusOptions extends ReadingOptions {
  readonly agents?: boolean
  readonly all?: boolean
}

const STATE: Readonly<
  Record<DeviceState, { readonly zh: string; readonly en: string; readonly glyph: string; readonly style: Parameters<typeof paint>[0] }>
> = {
  ok: { zh: '正常', en: 'ok', glyph: '●', style: 'green' },
  alarm: { zh: '告警', en: 'alarm', glyph: '▲', style: 'red' },
  unknown: { zh: '无数据', en: 'no data', glyph: '○', style: 'magenta' },
  disabled: { zh: '未启用', en: 'disabled', glyph: '·', style: 'gray' },
}

export function command(): Command {
  return withReading(new Command('status'))
    .option('--agents', 'show agents and pollers')
    .option('--all', 'show devices that are fine or switched off, too')
    .action(async (options: StatusOptions) => {
      const client = await clientOf(options)
      const [room, { alarms }, { agents }] = await Promise.all([
        client.get<{ site: string; devices: DeviceSummary[] }>('/api/v1/devices'),
        client.get<{ alarms: Alarm[] }>('/api/v1/alarms?state=open'),
        client.get<{ agents: AgentView[] }>('/api/v1/agents'),
      ])
      if (options.json) {
        process.stdout.write(`${JSON.stringify({ site: room.site, devices: room.devices, alarms, agents })}\n`)
        return
      }
      const language = languageOf(options)
      const lines = options.agents ? agentLines(agents, language) : roomLines(room.devices, alarms, options.all === true, language)
      process.stdout.write(`${[summary(room.site, room.devices, alarms, language), ...lines].join('\n')}\n`)
    })
}

function summary(site: string, devices: readonly DeviceSummary[], alarms: readonly Alarm[], language: Language): string {
  const counts = (Object.keys(STATE) as DeviceState[]).map((state) => {
    const count = devices.filter((device) => device.state === state).length
    const { glyph, style } = STATE[state]
    return paint(count > 0 ? style : 'gray', `${glyph} ${count} ${STATE[state][language]}`)
  })
  const open = alarms.filter((alarm) => alarm.state !== 'pending').length
  return `${paint('bold', site)}  ${counts.join('  ')}  ${language === 'zh' ? '未恢复告警' : 'open alarms'} ${open}`
}

function roomLines(devices: readonly DeviceSummary[], alarms: readonly Alarm[], all: boolean, language: Language): string[] {
  const titles = new Map(devices.map((device) => [device.name, device.title]))
  const open = alarms
    .filter((alarm) => alarm.state !== 'pending')
    .sort((a, b) => severityRank(b.severity) - severityRank(a.severity) || b.since - a.since)
  const [deviceWidth, titleWidth, stateWidth] = isNarrow() ? [14, 24, 8] : [22, 44, 18]
  const alarmLines = open.map((alarm) =>
    [
      ' ',
      severityBadge(alarm.severity, language),
      pad(titles.get(alarm.device) ?? alarm.device, deviceWidth),
      pad(`${alarm.title[language]}${measured(alarm.value, alarm.threshold)}`, titleWidth),
      pad(`${ALARM_STATE_TITLE[alarm.state][language]}${alarm.ack === null ? '' : ` ${alarm.ack.by}`}`, stateWidth),
      localTime(alarm.since),
      paint('gray', `#${alarm.short_id}`),
    ].join(' '),
  )
  const shownDevices = devices.filter((device) => all || device.state === 'alarm' || device.state === 'unknown')
  const deviceLines = shownDevices.map((device) => {
    const { glyph, style } = STATE[device.state]
    const seen = device.last_seen === null ? '' : span(Date.now() - device.last_seen)
    return `  ${paint(style, glyph)} ${pad(device.title, 26)} ${pad(device.name, 22)} ${pad(device.class, 10)} ${pad(STATE[device.state][language], 8)} ${seen}`
  })
  return [...(alarmLines.length > 0 ? ['', ...alarmLines] : []), ...(deviceLines.length > 0 ? ['', ...deviceLines] : [])]
}

const AGENT_STATE: Readonly<Record<AgentView['state'], { readonly zh: string; readonly en: string }>> = {
  online: { zh: '在线', en: 'online' },
  offline: { zh: '离线', en: 'offline' },
  unknown: { zh: '未知', en: 'unknown' },
}

function agentLines(agents: readonly AgentView[], language: Language): string[] {
  const heading =
    language === 'zh'
      ? ['代理', '状态', '版本', '积压', '丢失', '时差', '最后消息']
      : ['agent', 'state', 'version', 'backlog', 'lost', 'skew', 'last message']
  const widths = [20, 8, 9, 9, 7, 9, 12]
  const row = (cells: readonly string[]): string => `  ${cells.map((cell, at) => pad(cell, widths[at] ?? 10)).join(' ')}`.trimEnd()
  return [
    '',
    paint('bold', row(heading)),
    ...agents.map(
      (agent) =>
        row([
          agent.name,
          AGENT_STATE[agent.state][language],
          agent.version ?? '?',
          String(agent.backlog),
          String(agent.lost),
          agent.skew_ms === null ? '?' : `${Math.round(agent.skew_ms)} ms`,
          agent.last_seen === null ? '-' : span(Date.now() - agent.last_seen),
        ]) + (agent.rejected === null ? '' : `\n      ${paint('red', agent.rejected)}`),
    ),
  ]
}
