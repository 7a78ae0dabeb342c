import { accessSync, constants } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import type * as v from 'valibot'
import { PSEUDO_AGENT } from '../wire/topics.ts'
import { type Path, placesOf, valueAt, type YamlDocument } from './document.ts'
import { isLoopback } from './listen.ts'
import { settingsSchema } from './settings-schema.ts'
import { checkShape } from './shape.ts'

/** jifang.yaml with all defaults; durations in ms, sizes in bytes, secrets still references, paths as written. */
export type Settings = v.InferOutput<typeof settingsSchema>
export type InfluxSettings = NonNullable<Settings['influx']>
export type MqttSettings = Settings['mqtt']
export type WebSettings = Settings['web']
export type Role = WebSettings['tokens'][number]['role']

/** Problems go into `doc.issues`; undefined when one of them is an error. `baseDir`: the folder that paths in the file start from. */
export function parseSettings(doc: YamlDocument, baseDir: string): Settings | undefined {
  const settings = checkShape(doc, settingsSchema, doc.value, [])
  // section by section, so that a slip in one does not hide what is wrong in another (what is told twice is kept once)
  const web = checkShape(doc, settingsSchema.entries.web, valueAt(doc.value, ['web']), ['web'])
  const mqtt = checkShape(doc, settingsSchema.entries.mqtt, valueAt(doc.value, ['mqtt']), ['mqtt'])
  if (web) checkWeb(doc, web)
  if (mqtt) checkMqtt(doc, mqtt)
  if (valueAt(doc.value, ['agent', 'name']) === PSEUDO_AGENT)
    doc.error(['agent', 'name'], `"${PSEUDO_AGENT}" is the collector itself: give the agent another name`)
  checkFiles(doc, baseDir)
  warnOfLiterals(doc)
  return doc.issues.some((issue) => issue.level === 'error') ? undefined : settings
}

function checkWeb(doc: YamlDocument, web: WebSettings): void {
  if (!isLoopback(web.listen.host)) {
    if (web.tokens.length === 0)
      doc.error(['web', 'listen'], 'listens beyond this machine, but there are no web.tokens: anybody could acknowledge and silence')
    else if (!web.tls) doc.warn(['web', 'listen'], 'tokens travel unencrypted beyond this machine: give web.tls')
  }
  unique(
    doc,
    web.tokens,
    (index) => ['web', 'tokens', index, 'token'],
    ({ token }) => token,
    'the same token is given twice: every person needs an own one',
  )
}

function checkMqtt(doc: YamlDocument, mqtt: MqttSettings): void {
  if (!isLoopback(mqtt.listen.host) && mqtt.agents.length === 0 && mqtt.url === undefined && !mqtt.tls?.client_ca)
    doc.error(['mqtt', 'listen'], 'the embedded broker listens beyond this machine, but there are no mqtt.agents: anybody could send data')
  unique(
    doc,
    mqtt.agents,
    (index) => ['mqtt', 'agents', index, 'name'],
    ({ name }) => name,
    'this agent is already given above',
  )
  if ((mqtt.cert === undefined) !== (mqtt.key === undefined))
    doc.error(['mqtt', mqtt.cert === undefined ? 'key' : 'cert'], 'a client certificate needs both mqtt.cert and mqtt.key')
  if (mqtt.url !== undefined && /^(mqtt|ws):/.test(mqtt.url)) {
    if (mqtt.ca !== undefined || mqtt.cert !== undefined) doc.error(['mqtt', 'url'], 'mqtt.ca and mqtt.cert need TLS: mqtts:// or wss://')
    const host = /^\w+:\/\/\[?([^\]/:]+)/.exec(mqtt.url)?.[1] ?? ''
    if (mqtt.password !== undefined && !isLoopback(host)) doc.warn(['mqtt', 'url'], 'the password travels unencrypted: use mqtts://')
  }
}

function unique<T>(
  doc: YamlDocument,
  list: readonly T[],
  pathOf: (index: number) => Path,
  keyOf: (item: T) => string,
  message: string,
): void {
  const seen = new Set<string>()
  for (const [index, item] of list.entries()) {
    if (seen.has(keyOf(item))) doc.error(pathOf(index), message)
    seen.add(keyOf(item))
  }
}

const SECRETS: readonly Path[] = [
  ['mqtt', 'password'],
  ['mqtt', 'agents', '*', 'password'],
  ['web', 'tokens', '*', 'token'],
  ['influx', 'token'],
  ['influx', 'password'],
]

function warnOfLiterals(doc: YamlDocument): void {
  for (const pattern of SECRETS) for (const path of placesOf(doc.value, pattern)) warnOfLiteral(doc, path, valueAt(doc.value, path))
}

/** A secret that stands in the file itself is a warning; one with a reference in it (`Bearer ${env:X}`) is not. */
export function warnOfLiteral(doc: YamlDocument, path: Path, value: unknown): void {
  if (typeof value === 'string' && value !== '' && !value.includes('${'))
    doc.warn(path, `a secret stands here in clear text: write \${env:NAME} or \${file:NAME}`)
}

const FILES: readonly Path[] = [
  ['mqtt', 'ca'],
  ['mqtt', 'cert'],
  ['mqtt', 'key'],
  ['mqtt', 'tls', 'cert'],
  ['mqtt', 'tls', 'key'],
  ['mqtt', 'tls', 'client_ca'],
  ['web', 'tls', 'cert'],
  ['web', 'tls', 'key'],
]

function checkFiles(doc: YamlDocument, baseDir: string): void {
  for (const path of FILES) {
    const file = valueAt(doc.value, path)
    if (typeof file !== 'string' || file === '' || file.includes('${')) continue
    try {
      accessSync(isAbsolute(file) ? file : resolve(baseDir, file), constants.R_OK)
    } catch (error) {
      doc.error(path, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : 'the file can not be read')
    }
  }
}

/** Name of the agent on this machine: as configured, else the first part of the host name made fit for a name. */
export function agentNameOf(settings: Settings, hostname: string, localDevice?: string): string {
  const given = settings.agent.name ?? localDevice
  if (given !== undefined && given !== PSEUDO_AGENT) return given
  const name = (hostname.split('.')[0] ?? '')
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 63)
  if (name === PSEUDO_AGENT) return `${name}-host`
  return name === '' ? 'agent' : name
}
