import { styleText } from 'node:util'
import stringWidth from 'string-width'
import type { AlarmEventKind, AlarmState } from '../core/model/alarm.ts'
import { SEVERITY_TITLE, type Severity } from '../core/model/severity.ts'

export type Language = 'zh' | 'en'
type Style = Parameters<typeof styleText>[0]

/** Pads to a width in terminal cells; a Chinese character is two. Longer texts are cut with an ellipsis. */
export function pad(text: string, width: number): string {
  const cells = stringWidth(text)
  if (cells <= width) return text + ' '.repeat(width - cells)
  let kept = ''
  let used = 0
  for (const character of text) {
    const next = stringWidth(character)
    if (used + next > width - 1) break
    kept += character
    used += next
  }
  return `${kept}…${' '.repeat(Math.max(0, width - used - 1))}`
}

/** Colours only where somebody sees them. */
export function paint(style: Style, text: string, stream: { isTTY?: boolean } = process.stdout): string {
  return stream.isTTY === true && process.env.NO_COLOR === undefined ? styleText(style, text, { validateStream: false }) : text
}

/** Whether long lines would break on this terminal; a pipe takes them. */
export const isNarrow = (): boolean => process.stdout.isTTY === true && process.stdout.columns < 110

export const SEVERITY_STYLE: Readonly<Record<Severity, Style>> = {
  emergency: ['white', 'bgRed', 'bold'],
  major: ['red', 'bold'],
  minor: 'yellow',
  info: 'cyan',
}
const SEVERITY_GLYPH: Readonly<Record<Severity, string>> = { emergency: '▲', major: '●', minor: '◆', info: '○' }

/** `▲ 紧急`, painted. */
export function severityBadge(severity: Severity, language: Language): string {
  const width = language === 'zh' ? 4 : 9
  return paint(SEVERITY_STYLE[severity], `${SEVERITY_GLYPH[severity]} ${pad(SEVERITY_TITLE[severity][language], width)}`)
}

export const EVENT_TITLE: Readonly<Record<AlarmEventKind, { readonly zh: string; readonly en: string; readonly style: Style }>> = {
  raised: { zh: '告警', en: 'raised', style: 'red' },
  reopened: { zh: '复发', en: 'reopened', style: 'red' },
  severity: { zh: '变级', en: 'severity', style: 'yellow' },
  unknown: { zh: '失联', en: 'unknown', style: 'magenta' },
  known: { zh: '复联', en: 'known', style: 'blue' },
  resolved: { zh: '恢复', en: 'resolved', style: 'green' },
  withdrawn: { zh: '撤销', en: 'withdrawn', style: 'gray' },
  acknowledged: { zh: '确认', en: 'acked', style: 'blue' },
  unacknowledged: { zh: '失效', en: 'unacked', style: 'yellow' },
  note: { zh: '备注', en: 'note', style: 'gray' },
  milestone: { zh: '节点', en: 'milestone', style: 'gray' },
}

export const ALARM_STATE_TITLE: Readonly<Record<AlarmState, { readonly zh: string; readonly en: string }>> = {
  pending: { zh: '待定', en: 'pending' },
  firing: { zh: '告警中', en: 'firing' },
  acknowledged: { zh: '已确认', en: 'acked' },
  unknown: { zh: '失联', en: 'unknown' },
  resolved: { zh: '已恢复', en: 'resolved' },
  withdrawn: { zh: '已撤销', en: 'withdrawn' },
}

const two = (n: number): string => String(n).padStart(2, '0')

/** Local `MM-DD HH:MM:SS`. */
export function localTime(ms: number): string {
  const d = new Date(ms)
  return `${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}

/** `3m`, `2h05m`, `4d`: how long something takes or took. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours}h${two(minutes % 60)}m`
  return `${Math.floor(hours / 24)}d`
}

/**
 * What was measured, with a blank before it: ` 95 (> 90)`; a text alone, whose threshold would only repeat it; nothing where the rule asks for
 * equality, because a code says nothing to people and its word is in the title.
 */
export function measured(value: number | string | null, threshold: string | null): string {
  if (value === null || /^[=!]/.test(threshold ?? '')) return ''
  return ` ${shown(value)}${typeof value === 'number' && threshold !== null ? ` (${threshold})` : ''}`
}

/** A measured value for people: at most two decimals. */
export const shown = (value: number | string | boolean | null): string =>
  typeof value === 'number' ? String(Number(value.toFixed(2))) : value === null ? '' : String(value)
