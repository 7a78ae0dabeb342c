import { useState } from 'preact/hooks'
import type { Alarm } from '../core/model/alarm.ts'
import type { DeviceSummary } from '../core/model/api.ts'
import { SEVERITY_TITLE, severityRank } from '../core/model/severity.ts'
import { ApiError, acknowledge, token } from './api.ts'
import { ALARM_STATE, ago, clockTime, LANGUAGE, say } from './words.ts'

interface Props {
  readonly alarms: readonly Alarm[]
  readonly devices: readonly DeviceSummary[]
  readonly now: number
  readonly onSelect: (device: string) => void
}

export function AlarmList({ alarms, devices, now, onSelect }: Props) {
  const titles = new Map(devices.map((device) => [device.name, device.title]))
  const open = alarms
    .filter((alarm) => alarm.state !== 'pending')
    .sort((a, b) => severityRank(b.severity) - severityRank(a.severity) || b.since - a.since)
  return (
    <div class="card alarms">
      <h2>
        {say('当前告警', 'open alarms')} <small>{open.length}</small>
      </h2>
      {open.length === 0 && <p class="calm">{say('没有未恢复的告警', 'no open alarms')}</p>}
      {open.map((alarm) => (
        <div key={alarm.id} class={`alarm ${alarm.severity} ${alarm.state}`}>
          <span class={`badge ${alarm.severity}`}>{SEVERITY_TITLE[alarm.severity][LANGUAGE]}</span>
          <button type="button" class="device" onClick={() => onSelect(alarm.device)}>
            {titles.get(alarm.device) ?? alarm.device}
          </button>
          <span class="what">
            {alarm.title[LANGUAGE]} <b>{typeof alarm.value === 'number' ? Number(alarm.value.toFixed(2)) : alarm.value}</b>{' '}
            {alarm.threshold !== null && <small>({alarm.threshold})</small>}
          </span>
          <span class="when" title={clockTime(alarm.since)}>
            {ago(alarm.since, now)}
          </span>
          <span class="state">{alarm.ack ? `${ALARM_STATE[alarm.state]} · ${alarm.ack.by}` : ALARM_STATE[alarm.state]}</span>
          {alarm.ack ? <code>#{alarm.short_id}</code> : <AckButton alarm={alarm} />}
        </div>
      ))}
    </div>
  )
}

function AckButton({ alarm }: { alarm: Alarm }) {
  const [problem, setProblem] = useState('')
  const run = async (): Promise<void> => {
    try {
      await acknowledge(alarm.id, '')
      setProblem('')
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        const entered = prompt(
          say('确认告警需要个人口令（jifang.yaml 的 web.tokens）', 'your token is needed to acknowledge (web.tokens in jifang.yaml)'),
        )
        if (entered) {
          token.set(entered.trim())
          return run()
        }
      }
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <span class="ack">
      <button type="button" onClick={() => void run()}>
        {say('确认', 'acknowledge')}
      </button>
      {problem !== '' && <em>{problem}</em>}
    </span>
  )
}
