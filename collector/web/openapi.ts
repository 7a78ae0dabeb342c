type Method = 'get' | 'post'

/** method, path, summary, query parameters, needs a token of which role */
const ROUTES: readonly (readonly [Method, string, string, readonly string[], string?])[] = [
  ['get', '/healthz', 'the process lives', []],
  ['get', '/readyz', 'everything works; 503 with the problems in words otherwise', []],
  ['get', '/metrics', 'own counters for Prometheus', []],
  ['get', '/api/v1/devices', 'all devices with their state', []],
  ['get', '/api/v1/devices/{name}', 'one device: checks, last values, open alarms', []],
  ['get', '/api/v1/agents', 'agents and pollers', []],
  ['get', '/api/v1/alarms', 'alarms, those that changed last first', ['state', 'since']],
  ['get', '/api/v1/alarms/{id}', 'one alarm by id or short id', []],
  ['get', '/api/v1/alarms/{id}/explain', 'why it is as it is and what comes next', []],
  ['post', '/api/v1/alarms/{id}/{command}', 'ack, unack, reset, note, mark, close, mute; body {note, for, milestone}', [], 'operator'],
  ['get', '/api/v1/events', 'alarm events as server-sent events; Last-Event-ID', ['since_id', 'replay']],
  ['get', '/api/v1/series', 'values of one field over time', ['device', 'measurement', 'field', 'from', 'to', 'step']],
  ['post', '/api/v1/devices/{name}/probe', 'have the agent run the checks now', ['check'], 'operator'],
  ['post', '/api/v1/devices/{name}/output', 'switch a declared contact such as a siren; body {point, on, seconds}', [], 'operator'],
  ['post', '/api/v2/write', 'line protocol in; 204 when it is on disk', ['precision'], 'operator (not from this machine)'],
]

const content = (type: string, schema: object = {}): object => ({ content: { [type]: { schema } } })
const text = (...names: string[]): object => Object.fromEntries(names.map((name) => [name, { type: 'string' }]))

const PROBLEM = {
  description: 'refused or failed, and why',
  ...content('application/json', { type: 'object', properties: text('error'), required: ['error'] }),
}

function answerOf(path: string): object {
  if (path === '/api/v2/write') return { description: 'every line is on disk' }
  const type =
    path === '/healthz' || path === '/metrics' ? 'text/plain' : path === '/api/v1/events' ? 'text/event-stream' : 'application/json'
  return { description: 'done', ...content(type) }
}

const BODIES: Readonly<Record<string, object>> = {
  '/api/v1/alarms/{id}/{command}': content('application/json', { type: 'object', properties: text('note', 'for', 'milestone') }),
  '/api/v1/devices/{name}/output': content('application/json', {
    type: 'object',
    properties: { ...text('point'), on: { type: 'boolean' }, seconds: { type: 'number' } },
    required: ['point', 'on'],
  }),
  '/api/v2/write': content('text/plain', { type: 'string' }),
}

const bodyOf = (method: Method, path: string): object => (method === 'post' && BODIES[path] ? { requestBody: BODIES[path] } : {})

/** OpenAPI 3.1 description of the API, from the same table for every version. */
export function openapi(version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const [method, path, summary, query, role] of ROUTES) {
    const parameters = [
      ...[...path.matchAll(/\{(\w+)\}/g)].map((match) => ({ name: match[1], in: 'path', required: true, schema: { type: 'string' } })),
      ...query.map((name) => ({ name, in: 'query', schema: { type: 'string' } })),
    ]
    paths[path] = {
      ...paths[path],
      [method]: {
        summary,
        parameters,
        ...(role ? { security: [{ token: [] }], description: `role: ${role}` } : {}),
        ...bodyOf(method, path),
        responses: { [path === '/api/v2/write' ? '204' : '200']: answerOf(path), default: PROBLEM },
      },
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'jifang', version },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    paths,
  }
}
