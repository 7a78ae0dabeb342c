import type { Alarm } from '../core/model/alarm.ts'
import { severityRank } from '../core/model/severity.ts'
import { alphabetOf, splitText } from '../protocols/gsm/user-data.ts'
import type { Notice } from './notice.ts'
import type { Language } from './notify-file.ts'
import { bracket, clockTime, label, lasted, severityWord, type TextSource, testLabel, valueText, withoutAddresses } from './words.ts'

/** A merged message that must name several emergencies may take this many parts; everything else is one. */
const MAX_PARTS = 3
const MAX_NAMES = 60

/** What a person reads: one SMS part for one notice, e.g. `【紧急】应用1 CPU 95% >90 07-21 14:05`; several notices are merged into one text, worst first. */
export function messageText(notices: readonly Notice[], language: Language, source: TextSource): string {
  const [first, ...more] = notices
  if (!first) return ''
  return more.length === 0 ? single(first, language, source) : merged(notices, language, source)
}

export function testText(title: string, language: Language, now: number): string {
  const body = language === 'zh' ? `机房监控短信测试，${title}收到请忽略` : `jifang test message for ${title}, please ignore`
  return `${bracket(testLabel(language), language)}${language === 'en' ? ' ' : ''}${withoutAddresses(body)} ${clockTime(now)}`
}

function single(notice: Notice, language: Language, source: TextSource): string {
  const head = bracket(label(notice, language), language) + (language === 'en' ? ' ' : '')
  const tail = time(notice, language)
  const name = subject(notice, language, source)
  const [value, threshold, instance] = details(notice, name, source)
  // What doesn't fit goes in this order: the threshold, the part of the device, the value; then the name is cut.
  const variants = [[instance, value, threshold], [instance, value], [value], []]
  for (const variant of variants) {
    const text = head + [name, ...variant, tail].filter(Boolean).join(' ')
    if (parts(text) === 1) return text
  }
  return cut(head, name, ` ${tail}`)
}

/** Short name of the device and what is wrong, without saying the same twice. */
function subject(notice: Notice, language: Language, source: TextSource): string {
  const { alarm } = notice
  const device = source.device(alarm.device)
  const short = withoutAddresses(device?.short ?? alarm.device) || (language === 'zh' ? '设备' : 'device')
  const title = withoutAddresses(alarm.title[language])
  return title.includes(short) ? title : `${short} ${title}`
}

function details(notice: Notice, name: string, source: TextSource): [value: string, threshold: string, instance: string] {
  const { alarm, about } = notice
  const limit = limitOf(alarm)
  const value = limit.code ? '' : valueText(alarm.value, source.unit?.(alarm) ?? limit.unit)
  const tags = alarm.instance.split(',').map((tag) => withoutAddresses(tag.slice(tag.indexOf('=') + 1)))
  const instance = tags.filter((tag) => tag !== '' && !name.includes(tag)).join(' ')
  const threshold = about === 'end' || value === '' || typeof alarm.value !== 'number' ? '' : limit.text
  return [name.includes(value) ? '' : value, threshold, instance]
}

/** The threshold as written in the rule, `> 90%`, and the unit it names. A test for equality is about a code, which says nothing to people. */
function limitOf(alarm: Alarm): { text: string; unit: string; code: boolean } {
  const written = withoutAddresses(alarm.threshold ?? '')
  const unit = /\d\s*(%|°C|℃|[A-Za-z/µ]+)$/.exec(written)?.[1] ?? ''
  const bare = written.slice(0, written.length - unit.length).trim()
  return { text: bare.replace(/^([<>=!]+)\s+/, '$1'), unit, code: /^[=!]/.test(written) }
}

function time(notice: Notice, language: Language): string {
  const { alarm, about } = notice
  if (about === 'end') {
    const ended = alarm.resolved_at ?? alarm.updated
    return `${clockTime(ended)} ${language === 'zh' ? '持续' : 'after '}${lasted(ended - alarm.since, language)}`
  }
  if (about === 'change') return clockTime(alarm.updated)
  const over = about === 'late' && alarm.resolved_at !== null
  return clockTime(alarm.since) + (over ? (language === 'zh' ? ' 已恢复' : ' over') : '')
}

function merged(notices: readonly Notice[], language: Language, source: TextSource): string {
  const zh = language === 'zh'
  const begun = notices.filter((notice) => notice.about !== 'end')
  const ended = notices.length - begun.length
  const emergencies = begun.filter((notice) => notice.alarm.severity === 'emergency').length
  const worst = begun.reduce<Notice | null>((a, b) => (severityRank(b.alarm.severity) > severityRank(a?.alarm.severity) ? b : a), null)
  const counts = [
    begun.length > 0 ? (zh ? `${begun.length} 项告警` : `${begun.length} alarms`) : '',
    ended > 0 ? (zh ? `${ended} 项恢复` : `${ended} ended`) : '',
  ].filter(Boolean)
  const severity = worst ? severityWord(worst.alarm.severity, language) : label(notices[0] as Notice, language)
  const head = `${bracket(severity, language)}${zh ? '机房 ' : ' '}${counts.join(zh ? ' ' : ', ')}${zh ? '：' : ': '}`
  const tail = ` ${clockTime(Math.max(...notices.map((notice) => notice.alarm.updated)))}`
  // All emergencies are named, in up to MAX_PARTS; of the rest what fits into one part. More names than characters can't fit anyway.
  const names = notices.slice(0, MAX_NAMES).map((notice) => mention(notice, language, source))
  const build = (count: number) =>
    head + names.slice(0, count).join(zh ? '、' : '; ') + (count < notices.length ? (zh ? '等' : ' ...') : '') + tail
  for (let count = names.length; count > emergencies; count--) if (parts(build(count)) === 1) return build(count)
  for (let count = Math.min(emergencies, names.length); count > 0; count--)
    if (parts(build(count)) <= (count > 1 ? MAX_PARTS : 1)) return build(count)
  return `${head.replace(/[：:] ?$/, '')}${tail}`
}

function mention(notice: Notice, language: Language, source: TextSource): string {
  const name = subject(notice, language, source)
  if (notice.about === 'end') return name + (language === 'zh' ? '恢复' : ' ended')
  const [value] = details(notice, name, source)
  const late = notice.about === 'late' ? (language === 'zh' ? '(迟到)' : ' (late)') : ''
  return [name, value].filter(Boolean).join(' ') + late
}

const parts = (text: string): number => splitText(text, alphabetOf(text)).length

/** Shortens the middle until the whole fits into one part. */
function cut(head: string, middle: string, tail: string): string {
  const chars = [...middle]
  for (let count = chars.length; count > 0; count--) {
    const text = `${head}${chars.slice(0, count).join('')}…${tail}`
    if (parts(text) === 1) return text
  }
  return head + tail.trim()
}
