import type { InfluxSettings } from '../../core/config/settings.ts'

/** Where and how a database takes line protocol. */
export interface Endpoint {
  readonly url: string
  /** Path and query behind the base URL. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** For messages: no credentials in it. */
  readonly title: string
}

/** Settings with their secrets resolved to a request; times are always ns. */
export function endpointOf(settings: InfluxSettings): Endpoint {
  const query = new URLSearchParams()
  const title = `${settings.version === 'victoriametrics' ? 'VictoriaMetrics' : `InfluxDB ${settings.version}`} at ${withoutUser(settings.url)}`
  switch (settings.version) {
    case 2:
      query.set('org', settings.org)
      query.set('bucket', settings.bucket)
      query.set('precision', 'ns')
      return { url: settings.url, path: `/api/v2/write?${query}`, headers: { authorization: `Token ${settings.token}` }, title }
    case 1:
      query.set('db', settings.database)
      if (settings.retention_policy !== undefined) query.set('rp', settings.retention_policy)
      query.set('precision', 'ns')
      return { url: settings.url, path: `/write?${query}`, headers: basic(settings.username, settings.password), title }
    case 'victoriametrics': {
      const headers: Readonly<Record<string, string>> =
        settings.token === undefined ? basic(settings.username, settings.password) : { authorization: `Bearer ${settings.token}` }
      return { url: settings.url, path: '/write?precision=ns', headers, title }
    }
  }
}

function basic(username: string | undefined, password: string | undefined): Record<string, string> {
  if (username === undefined) return {}
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` }
}

function withoutUser(url: string): string {
  const parsed = new URL(url)
  parsed.username = ''
  parsed.password = ''
  return parsed.toString().replace(/\/$/, '')
}
