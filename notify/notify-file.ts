import * as v from 'valibot'
import type { YamlDocument } from '../core/config/document.ts'
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
  if (!shape) return undefined
  const config: NotifyConfig = {
    minIntervalMs: shape.min_interval,
    channels: shape.channels,
    routes: shape.routes,
    people: shape.people.map((entry) => ({ ...entry, title: entry.title ?? entry.name })),
  }
  unique(doc, 'people', config.people)
  unique(doc, 'channels', config.channels)
  for (const [index, entry] of config.routes.entries()) checkRoute(doc, config, entry, index)
  warnUnused(doc, config)
  return errors() > before ? undefined : config
}

function unique(doc: YamlDocument, list: string, entries: readonly { readonly name: string }[]): void {
  const seen = new Map<string, number>()
  for (const [index, entry] of entries.entries()) {
    const first = seen.get(entry.name)
    if (first === undefined) seen.set(entry.name, index)
    else doc.error([list, index, 'name'], `"${entry.name}" is already the name of ${list}[${first}]`)
  }
}

function checkRoute(doc: YamlDocument, config: NotifyConfig, entry: Route, index: number): void {
  const people = config.people.map((known) => known.name)
  const channels = config.channels.map((known) => known.name)
  for (const [at, to] of entry.to.entries())
    if (!people.includes(to)) doc.error(['routes', index, 'to', at], `no person is named "${to}"${didYouMean(to, people)}`)
  for (const [at, channel] of entry.channels.entries())
    if (!channels.includes(channel))
      doc.error(['routes', index, 'channels', at], `no channel is named "${channel}"${didYouMean(channel, channels)}`)
  for (const [at, to] of entry.to.entries()) {
    const reached = config.people.find((known) => known.name === to)
    if (!reached || reached.phone) continue
    const bySms = entry.channels.some((channel) => config.channels.find((known) => known.name === channel)?.kind === 'sms')
    if (bySms) doc.error(['routes', index, 'to', at], `"${to}" has no phone, but this route sends SMS`)
  }
}

function warnUnused(doc: YamlDocument, config: NotifyConfig): void {
  if (config.routes.length === 0 && config.people.length > 0) doc.warn(['people'], 'there are no routes: nobody will be told anything')
  const secrets = config.channels.flatMap((channel, index) =>
    channel.kind === 'webhook' && channel.secret ? [{ index, text: channel.secret }] : [],
  )
  for (const { index, text } of secrets)
    if (!text.includes('${'))
      doc.warn(['channels', index, 'secret'], `a secret stands here in clear text: use \${env:NAME} or \${file:NAME}`)
}
