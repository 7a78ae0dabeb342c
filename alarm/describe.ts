import type { Tracked } from './device-context.ts'

/** A syslog line in a title is cut: titles go into SMS. */
const MAX_CHARS = 120

/** The title of an alarm: `{name}` stands for a tag, a field of the newest sample, `value`, or the contact point's title. */
export function describe(tracked: Tracked): { readonly zh: string; readonly en: string } {
  const { zh, en } = tracked.rule.title
  return { zh: fill(zh, tracked), en: fill(en, tracked) }
}

function fill(template: string, tracked: Tracked): string {
  if (!template.includes('{')) return template
  return template
    .replace(/\{([^{}]+)\}/g, (_, key: string) => lookup(key, tracked))
    .replace(/\(\)/g, '')
    .replace(/ {2,}/g, ' ')
    .trim()
}

function lookup(key: string, tracked: Tracked): string {
  if (key === 'value') return tracked.value === null ? '' : String(tracked.value)
  if (key === 'point' && tracked.tags.point !== undefined) {
    const title = tracked.device.points.get(tracked.tags.point)?.title
    return typeof title === 'string' ? title : tracked.tags.point
  }
  const tag = tracked.tags[key]
  if (tag !== undefined) return tag
  const field = tracked.fields[key]
  const text = field === undefined || field === null ? '' : String(field)
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS - 1)}…` : text
}
