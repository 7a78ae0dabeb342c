import * as v from 'valibot'
import { NAME_PATTERN } from '../wire/topics.ts'
import { bytes, duration, durationBetween, percent } from './duration.ts'
import { listen } from './listen.ts'

/** Names of sites, agents, devices, checks. */
export const nameText = v.pipe(
  v.string(),
  v.regex(NAME_PATTERN, 'must be a name: letters, digits, . _ - (at most 63, the first a letter or digit)'),
)
const text = v.pipe(v.string(), v.nonEmpty('must not be empty'))
const about = <S extends v.GenericSchema>(schema: S, words: string) => v.pipe(schema, v.description(words))
const secret = (words: string) => about(text, `${words} A secret: \${env:NAME} or \${file:NAME}.`)
const path = (words: string) => about(text, `${words} Path, relative to the configuration folder.`)

const webUrl = v.pipe(
  v.string(),
  v.regex(/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/, 'must be a URL such as http://127.0.0.1:8086, without user and password'),
)

const mqtt = v.strictObject({
  url: about(
    v.exactOptional(
      v.pipe(
        v.string(),
        v.regex(
          /^(mqtt|mqtts|ws|wss):\/\/[^\s/?#@]+(\/[^\s]*)?$/,
          'must be a URL such as mqtt://192.0.2.10:1883 or mqtts://broker.example:8883, without user and password',
        ),
      ),
    ),
    'The broker to connect to. Absent: the embedded one, at `listen`.',
  ),
  listen: about(v.optional(listen, '127.0.0.1:1883'), 'Where the embedded broker of `jifang up` listens.'),
  tls: about(
    v.exactOptional(
      v.strictObject({
        cert: path('Certificate of the embedded broker.'),
        key: path('Its private key.'),
        client_ca: v.exactOptional(path('Demand client certificates signed by this authority.')),
      }),
    ),
    'The embedded broker speaks TLS only.',
  ),
  username: about(v.exactOptional(text), 'Own user name at the broker. Default: the name of the agent, or `collector-ID`.'),
  password: v.exactOptional(secret('Own password at the broker.')),
  ca: v.exactOptional(path('Authority that signed the broker’s certificate.')),
  cert: v.exactOptional(path('Own client certificate.')),
  key: v.exactOptional(path('Private key of the client certificate.')),
  agents: about(
    v.optional(v.array(v.strictObject({ name: about(nameText, 'Name of the agent.'), password: secret('Its password.') })), []),
    'Who else may log in to the embedded broker. Needed as soon as it listens beyond this machine.',
  ),
})

const influxCommon = {
  url: about(webUrl, 'Base URL of the database.'),
  timeout: about(v.optional(durationBetween(1000, 300_000), '30s'), 'Deadline of one write.'),
}
const influx = v.variant('version', [
  v.strictObject({
    version: about(
      v.pipe(
        v.picklist([2, '2']),
        v.transform(() => 2 as const),
      ),
      'InfluxDB 2 or 3: /api/v2/write.',
    ),
    ...influxCommon,
    org: about(text, 'Organisation.'),
    bucket: about(text, 'Bucket.'),
    token: secret('API token with write permission.'),
  }),
  v.strictObject({
    version: about(
      v.pipe(
        v.picklist([1, '1']),
        v.transform(() => 1 as const),
      ),
      'InfluxDB 1.x: /write.',
    ),
    ...influxCommon,
    database: about(text, 'Database.'),
    retention_policy: about(v.exactOptional(text), 'Retention policy; the database’s default when absent.'),
    username: about(v.exactOptional(text), 'User name.'),
    password: v.exactOptional(secret('Password.')),
  }),
  v.strictObject({
    version: about(v.literal('victoriametrics'), 'VictoriaMetrics (start it with -dedup.minScrapeInterval=1ms).'),
    ...influxCommon,
    username: about(v.exactOptional(text), 'User name for basic authentication.'),
    password: v.exactOptional(secret('Password.')),
    token: v.exactOptional(secret('Bearer token.')),
  }),
])

const ROLES = ['viewer', 'operator', 'admin'] as const

const web = v.strictObject({
  listen: about(v.optional(listen, '127.0.0.1:8420'), 'Where console and API listen. Beyond this machine only with `tokens`.'),
  tokens: about(
    v.optional(
      v.array(
        v.strictObject({
          person: about(text, 'Who uses it; every change is recorded under this name.'),
          role: about(v.picklist(ROLES), 'viewer reads; operator also acknowledges, silences, notes; admin does everything.'),
          token: about(
            v.pipe(
              text,
              v.check((token) => token.includes('${') || token.length >= 16, 'is too short: at least 16 characters'),
            ),
            `At least 16 characters. A secret: \${env:NAME} or \${file:NAME}.`,
          ),
        }),
      ),
      [],
    ),
    'Who may use console and API.',
  ),
  tls: about(v.exactOptional(v.strictObject({ cert: path('Certificate.'), key: path('Private key.') })), 'Serve HTTPS.'),
})

/** jifang.yaml. Everything has a default; the file may be empty. */
export const settingsSchema = v.strictObject({
  site: about(v.exactOptional(nameText), 'Name of the site. Needed only where there is no devices.yaml, which names it otherwise.'),
  mqtt: about(v.optional(mqtt, {}), 'The broker between agents and collector.'),
  agent: about(
    v.optional(
      v.strictObject({
        name: about(v.exactOptional(nameText), 'Name of this agent; its device in devices.yaml has the same. Default: the host name.'),
        concurrency: about(
          v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)), 128),
          'Checks that may run at the same time.',
        ),
      }),
      {},
    ),
    'The agent on this machine.',
  ),
  collector: about(
    v.optional(v.strictObject({ id: about(v.optional(nameText, 'main'), 'Name of this collector.') }), {}),
    'The collector on this machine.',
  ),
  influx: about(v.exactOptional(influx), 'Where samples are written to, besides the own store. Absent: nowhere.'),
  store: about(
    v.optional(
      v.strictObject({
        retention: about(v.optional(durationBetween(86_400_000, 20 * 365 * 86_400_000), '90d'), 'How long the own store keeps samples.'),
        memory: about(
          v.optional(v.pipe(bytes, v.minValue(64 * 1024 * 1024, 'must be at least 64MB')), '256MB'),
          'Memory limit of the store’s database.',
        ),
      }),
      {},
    ),
    'The collector’s own store (DuckDB), which console and reports read.',
  ),
  journal: about(v.optional(bounded('4GB', '1GB', 'journal'), {}), 'The collector’s journal: everything received, in order.'),
  spool: about(
    v.optional(
      v.strictObject({
        ...bounded('1GB', '512MB', 'spool').entries,
        backlog_share: about(v.optional(percent, '50%'), 'Share of the line for old data after an outage.'),
      }),
      {},
    ),
    'The agent’s spool: samples that no collector has acknowledged yet.',
  ),
  web: about(v.optional(web, {}), 'Console and HTTP API of the collector.'),
  ingest: about(
    v.optional(
      v.strictObject({
        extra_topics: about(v.optional(v.array(text), []), 'MQTT topics with plain line protocol (Telegraf). + and # as in MQTT.'),
        future: about(v.optional(duration, '1h'), 'Samples further ahead of the clock of who sends them than this are refused.'),
      }),
      {},
    ),
    'What the collector takes besides its agents.',
  ),
  secrets: about(
    v.optional(
      v.strictObject({
        paths: about(
          v.optional(v.array(text), ['secrets']),
          `Folders that \${file:NAME} may read from; relative to the configuration folder.`,
        ),
      }),
      {},
    ),
    'Where references to secrets may lead. Files below $CREDENTIALS_DIRECTORY (systemd) are always found.',
  ),
  log: about(
    v.optional(v.strictObject({ level: v.optional(v.picklist(['debug', 'info', 'warn', 'error']), 'info') }), {}),
    'Log of the programs, on stderr.',
  ),
})

function bounded(max: string, free: string, what: string) {
  return v.strictObject({
    max_bytes: about(
      v.optional(v.pipe(bytes, v.minValue(32 * 1024 * 1024, 'must be at least 32MB')), max),
      `Largest size of the ${what}; then its oldest part goes, is counted and alarmed.`,
    ),
    keep_free: about(v.optional(bytes, free), `The ${what} also gives way to keep this much of its disk free.`),
  })
}
