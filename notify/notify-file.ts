import * as v from 'valibot'
import { formatPath, type Path, placesOf, valueAt, type YamlDocument } from '../core/config/document.ts'
import { duration } from '../core/config/duration.ts'
import { checkShape } from '../core/config/shape.ts'
import { didYouMean } from '../core/config/suggest.ts'
import { SEVERITIES, type Severity } from '../core/model/severity.ts'
import { NAME_PATTERN } from '../core/wire/topics.ts'

export type Language = 'zh' | 'en'

export interface Person {
  readonly name: string
  readonly title: string
  readonly phone?: string
  readonly email?: string
  /** Own address for webhook channels; else the channel's. */
  readonly webhook?: string
  readonly language: Language
}

export type ChannelConfig = SmsConfig | WebhookConfig

export interface SmsConfig {
  readonly name: string
  readonly kind: 'sms'
  readonly device: string
  /** Absent: looked for. */
  readonly baud?: number
  readonly smsc?: string
  readonly validity: number
  readonly reports: boolean
}

export interface WebhookConfig {
  readonly name: string
  readonly kind: 'webhook'
  /** May hold references, as may `secret` and `headers`. */
  readonly url: string
  readonly secret?: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeout: number
}

/** Who is told of what, and how. All routes that match count together; an empty list of classes means every class. */
export interface Route {
  readonly severity: readonly Severity[]
  readonly classes: readonly string[]
  readonly to: readonly string[]
  /** In order: the next one is used when one fails. */
  readonly channels: readonly string[]
}

export interface NotifyConfig {
  /** Between two messages to one person, ms. */
  readonly minIntervalMs: number
  readonly people: readonly Person[]
  readonly channels: readonly ChannelConfig[]
  readonly routes: readonly Route[]
}

const name = v.pipe(v.string(), v.regex(NAME_PATTERN, 'must be a name: letters, digits, . _ - (at most 63, the first a letter or digit)'))
const words = v.pipe(v.string(), v.nonEmpty('must not be empty'))
const phone = v.pipe(v.string(), v.regex(/^\+?[0-9][0-9 -]{2,22}$/, 'must be a telephone number in quotes, e.g. "+8613800138000"'))
const url = v.pipe(v.string(), v.regex(/^(https?:\/\/|\$\{)/, 'must begin with http:// or https://'))

const person = v.strictObject({
  name,
  title: v.exactOptional(words),
  phone: v.exactOptional(phone),
  email: v.exactOptional(v.pipe(v.string(), v.regex(/^[^@\s]+@[^@\s]+$/, 'must be a mail address'))),
  webhook: v.exactOptional(url),
  language: v.optional(v.picklist(['zh', 'en']), 'zh'),
})

const sms = v.strictObject({
  name,
  kind: v.literal('sms'),
  device: words,
  baud: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1200), v.maxValue(921_600))),
  smsc: v.exactOptional(phone),
  validity: v.optional(duration, '1d'),
  reports: v.optional(v.boolean(), true),
})

const webhook = v.strictObject({
  name,
  kind: v.literal('webhook'),
  url,
  secret: v.exactOptional(words),
  headers: v.optional(v.record(v.string(), v.string()), {}),
  timeout: v.optional(duration, '10s'),
})

const route = v.strictObject({
  severity: v.optional(v.array(v.picklist(SEVERITIES)), [...SEVERITIES]),
  classes: v.optional(v.array(v.string()), []),
  to: v.pipe(v.array(v.string()), v.nonEmpty('must name at least one person')),
  channels: v.pipe(v.array(v.string()), v.nonEmpty('must name at least one channel')),
})

/** The shape of notify.yaml, also for its JSON Schema. */
export const notifySchema = v.strictObject({
  min_interval: v.optional(duration, '1m'),
  people: v.optional(v.array(person), []),
  channels: v.optional(v.array(v.variant('kind', [sms, webhook])), []),
  routes: v.optional(v.array(route), []),
})

/** Undefined when anything is wrong; every mistake is then in `doc.issues`. An empty file is valid: nobody is told. */
export function parseNotify(doc: YamlDocument): NotifyConfig | undefined {
  const errors = () => doc.issues.filter((issue) => issue.level === 'error').length
  const before = errors()
  const shape = checkShape(doc, notifySchema, doc.value, [])
  if (doc.broken) return undefined
  // on what is written and not on the shape, so that a slip in one entry does not hide what is wrong in another
  unique(doc, 'people')
  unique(doc, 'channels')
  checkRoutes(doc)
  if (!shape) return undefined
  const config: NotifyConfig = {
    minIntervalMs: shape.min_interval,
    channels: shape.channels,
    routes: shape.routes,
    people: shape.people.map((entry) => ({ ...entry, title: entry.title ?? entry.name })),
  }
  warnUnused(doc, config)
  return errors() > before ? undefined : config
}

/** Every text in the document at a path with `*`. */
function textsAt(doc: YamlDocument, pattern: Path): { readonly path: Path; readonly text: string }[] {
  return placesOf(doc.value, pattern).flatMap((path) => {
    const text = valueAt(doc.value, path)
    return typeof text === 'string' ? [{ path, text }] : []
  })
}

function unique(doc: YamlDocument, list: string): void {
  const seen = new Map<string, Path>()
  for (const { path, text } of textsAt(doc, [list, '*', 'name'])) {
    const first = seen.get(text)
    if (first === undefined) seen.set(text, path.slice(0, -1))
    else doc.error(path, `"${text}" is already the name of ${formatPath(first)}`)
  }
}

function checkRoutes(doc: YamlDocument): void {
  const people = new Map(textsAt(doc, ['people', '*', 'name']).map(({ path, text }) => [text, path.slice(0, -1)]))
  const channels = new Map(textsAt(doc, ['channels', '*', 'name']).map(({ path, text }) => [text, path.slice(0, -1)]))
  for (const { path, text } of textsAt(doc, ['routes', '*', 'channels', '*'])) {
    if (!channels.has(text)) doc.error(path, `no channel is named "${text}"${didYouMean(text, [...channels.keys()])}`)
  }
  for (const { path, text } of textsAt(doc, ['routes', '*', 'to', '*'])) {
    const person = people.get(text)
    if (!person) doc.error(path, `no person is named "${text}"${didYouMean(text, [...people.keys()])}`)
    else if (valueAt(doc.value, [...person, 'phone']) === undefined) {
      const bySms = textsAt(doc, [...path.slice(0, 2), 'channels', '*']).some(({ text: name }) => isSms(doc, channels.get(name)))
      if (bySms) doc.error(path, `"${text}" has no phone, but this route sends SMS`)
    }
  }
}

const isSms = (doc: YamlDocument, channel: Path | undefined): boolean =>
  channel !== undefined && valueAt(doc.value, [...channel, 'kind']) === 'sms'

function warnUnused(doc: YamlDocument, config: NotifyConfig): void {
  if (config.routes.length === 0 && config.people.length > 0) doc.warn(['people'], 'there are no routes: nobody will be told anything')
  const secrets = config.channels.flatMap((channel, index) =>
    channel.kind === 'webhook' && channel.secret ? [{ index, text: channel.secret }] : [],
  )
  for (const { index, text } of secrets)
    if (!text.includes('${'))
      doc.warn(['channels', index, 'secret'], `a secret stands here in clear text: use \${env:NAME} or \${file:NAME}`)
}
