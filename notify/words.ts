import type { Alarm } from '../core/model/alarm.ts'
import { SEVERITY_TITLE, type Severity } from '../core/model/severity.ts'
import type { Notice } from './notice.ts'
import type { Language } from './notify-file.ts'

/** What only the inventory and the rules know. */
export interface DeviceWords {
  readonly title: string
  readonly short: string
  readonly class?: string
}

export interface TextSource {
  /** Undefined for a device that is no longer configured. */
  readonly device: (name: string) => DeviceWords | undefined
  /** Unit behind the value, e.g. `%`, '' for none. Without this function it is the one in the rule's threshold. */
  readonly unit?: (alarm: Alarm) => string
}

const LABEL = {
  zh: { resolved: '恢复', withdrawn: '撤销', late: '迟到', again: '复发', remind: '未处理', rise: '升级', test: '测试' },
  en: { resolved: 'OK', withdrawn: 'WITHDRAWN', late: 'late', again: 'again', remind: 'unattended', rise: 'worse', test: 'TEST' },
} as const

export const severityWord = (severity: Severity, language: Language): string =>
  language === 'zh' ? SEVERITY_TITLE[severity].zh : SEVERITY_TITLE[severity].en.toUpperCase()

export const bracket = (label: string, language: Language): string => (language === 'zh' ? `【${label}】` : `[${label}]`)

/** What a message begins with: the severity and how the notice differs from a plain beginning, or the kind of end. */
export function label(notice: Notice, language: Language): string {
  const words = LABEL[language]
  if (notice.about === 'end') return words[notice.alarm.state === 'withdrawn' ? 'withdrawn' : 'resolved']
  const severity = severityWord(notice.alarm.severity, language)
  const mark =
    notice.about === 'late'
      ? words.late
      : notice.about === 'change'
        ? words[notice.remind ? 'remind' : 'rise']
        : notice.again
          ? words.again
          : ''
  return mark === '' ? severity : severity + (language === 'zh' ? '·' : ' ') + mark
}

export const testLabel = (language: Language): string => LABEL[language].test

/** `MM-DD HH:MM`, local. */
export function clockTime(ms: number): string {
  const date = new Date(ms)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}

export function lasted(ms: number, language: Language): string {
  const minutes = Math.round(ms / 60_000)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (language === 'en')
    return days > 0
      ? `${days}d${hours % 24}h`
      : hours > 0
        ? `${hours}h${minutes % 60}m`
        : minutes > 0
          ? `${minutes}m`
          : `${Math.round(ms / 1000)}s`
  if (days > 0) return `${days}天${hours % 24}小时`
  if (hours > 0) return `${hours}小时${minutes % 60}分`
  return minutes > 0 ? `${minutes}分` : `${Math.max(0, Math.round(ms / 1000))}秒`
}

/** Addresses and URLs stay inside: a text message is read by anybody. */
export function withoutAddresses(text: string): string {
  return text
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '')
    .replace(/\b\d{1,3}(\.\d{1,3}){3}(:\d+)?(\/\d+)?/g, '')
    .replace(/(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])/gi, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** At most one decimal from 10 on, two below; texts as they are. */
export function valueText(value: number | string | null, unit: string): string {
  if (value === null) return ''
  if (typeof value === 'string') return withoutAddresses(value)
  if (!Number.isFinite(value)) return ''
  return `${Number(value.toFixed(Math.abs(value) >= 10 ? 1 : 2))}${unit}`
}
