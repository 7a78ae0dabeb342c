import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { type Collector, type CollectorConfig, startCollector } from '../collector/collector.ts'
import { resolveDeep } from '../core/config/secrets.ts'
import { systemClock } from '../core/lifecycle/clock.ts'
import type { Counters } from '../core/lifecycle/counters.ts'
import type { Log } from '../core/log/log.ts'
import type { LinkSettings } from '../core/wire/link.ts'
import { kinds } from '../probes/kinds.ts'
import { TOKEN_FILE, URL_FILE } from './client.ts'
import type { LoadedConfig } from './load-config.ts'
import { packageRoot, version } from './version.ts'

export interface CollectorProgramOptions {
  readonly dataDir: string
  readonly mqtt: LinkSettings
  readonly log: Log
  readonly counters: Counters
}

/** The part of a configuration that a running collector takes over at a reload. */
export function collectorConfig(config: LoadedConfig): CollectorConfig {
  const { inventory, rules, notify } = config
  return { inventory, rules, notify, profiles: config.ownProfiles }
}

/** The collector, as `jifang collector` and `jifang up` run it. */
export async function startLocalCollector(
  config: LoadedConfig,
  { dataDir, mqtt, log, counters }: CollectorProgramOptions,
): Promise<Collector> {
  const { settings, secrets } = config
  const { web } = settings
  const tokens = web.tokens.map((token) => ({ ...token, token: secrets.resolve(token.token) }))
  const read = (file: string): Buffer => readFileSync(resolve(config.dir, file))
  const collector = await startCollector(
    {
      site: config.site,
      version,
      dataDir,
      mqtt,
      web: {
        host: web.listen.host,
        port: web.listen.port,
        tokens: [...tokens, localToken(dataDir)],
        ...(web.tls ? { tls: { cert: read(web.tls.cert), key: read(web.tls.key) } } : {}),
        consoleDir: new URL('dist/console/', packageRoot),
      },
      settings,
      influx: settings.influx && resolveDeep(settings.influx, secrets),
    },
    collectorConfig(config),
    { kinds, secrets, log, clock: systemClock, counters },
  )
  leaveUrl(join(dataDir, URL_FILE), collector.url, log)
  return collector
}

/** For the commands on this machine, which else would have to be told the port. */
function leaveUrl(path: string, url: string, log: Log): void {
  try {
    writeFileSync(path, `${url.replace(/\/\/(0\.0\.0\.0|\[::\])(?=:|$)/, '//127.0.0.1')}\n`)
  } catch (error) {
    log.warn({ path, err: error }, 'could not be written: commands need --url')
  }
}

/** The token of whoever may read the data folder: the commands on this machine use it. Made at the first start. */
function localToken(dataDir: string): { person: string; role: 'operator'; token: string } {
  const path = join(dataDir, TOKEN_FILE)
  mkdirSync(dataDir, { recursive: true })
  try {
    writeFileSync(path, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const token = readFileSync(path, 'utf8').trim()
  if (token.length < 16) throw new Error(`${basename(path)} in ${dataDir} is damaged: delete it, a new one is made`)
  return { person: 'local', role: 'operator', token }
}
