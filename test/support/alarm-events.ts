import { appendFile } from 'node:fs/promises'
import type { Alarm, AlarmEvent, AlarmEventKind } from '../../core/model/alarm.ts'

const STATES: Partial<Record<AlarmEventKind, Alarm['state']>> = {
  resolved: 'resolved',
  withdrawn: 'withdrawn',
  acknowledged: 'acknowledged',
  unknown: 'unknown',
}

const BASE: Alarm = {
  id: 'cpu-app-01-1',
  short_id: 'A1B2',
  rule: 'cpu',
  device: 'app-01',
  instance: '',
  title: { zh: 'CPU', en: 'CPU' },
  severity: 'emergency',
  state: 'firing',
  condition: 'active',
  latched: false,
  ack: null,
  caused_by: null,
  suppressed_by: null,
  value: 95,
  threshold: '> 90',
  since: new Date(2026, 6, 21, 14, 5).getTime(),
  updated: new Date(2026, 6, 21, 14, 5).getTime(),
  resolved_at: null,
  deadlines: {},
  milestones: {},
  notices: [],
}

let count = 0

/** An alarm event as the collector writes it; `kind` decides the state. */
export function alarmEvent(kind: AlarmEventKind, over: Partial<Alarm> = {}, more: Partial<AlarmEvent> = {}): AlarmEvent {
  const id = `${1000 + count++}.0`
  const ended = kind === 'resolved' || kind === 'withdrawn'
  const updated = over.updated ?? (ended ? BASE.since + 12 * 60_000 : BASE.updated)
  const alarm: Alarm = {
    ...BASE,
    state: STATES[kind] ?? 'firing',
    condition: ended ? 'normal' : 'active',
    updated,
    resolved_at: ended ? updated : null,
    ...over,
  }
  return { id, at: alarm.updated, kind, alarm, ...more }
}

export const appendEvents = (path: string, ...events: readonly AlarmEvent[]): Promise<void> =>
  appendFile(path, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
