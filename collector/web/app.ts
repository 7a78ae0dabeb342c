import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { alarmWrites } from './alarm-writes.ts'
import { type Gate, refuseForeignPage } from './auth.ts'
import { callerOf, type Env } from './caller.ts'
import { HttpProblem, type WebDeps } from './deps.ts'
import { deviceWrites } from './device-writes.ts'
import { streamEvents } from './events.ts'
import { lineWrites } from './line-writes.ts'
import { renderMetrics } from './metrics.ts'
import { openapi } from './openapi.ts'
import { parseMoment, parseSeriesQuery } from './query.ts'
import { serveConsole } from './static.ts'

const SERIES_DEADLINE_MS = 15_000

/** All routes of DESIGN §9. */
export function createApp(deps: WebDeps, gate: Gate, consoleDir: URL, stopping: AbortSignal): Hono<Env> {
  const app = new Hono<Env>()
  app.onError((error, c) => {
    if (error instanceof HttpProblem) return c.json({ error: error.message }, error.status)
    deps.log.error({ err: error, method: c.req.method, path: c.req.path }, 'request failed')
    return c.json({ error: 'this failed inside of the collector; its log says why' }, 500)
  })
  app.notFound((c) => c.json({ error: `there is nothing at ${c.req.path}` }, 404))
  app.use('*', async (c, next) => {
    await next()
    c.header('x-content-type-options', 'nosniff')
    c.header(
      'content-security-policy',
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
    )
    deps.counters.add('jifang_http_requests_total', 1, { status: String(c.res.status) })
  })
  app.use('/api/*', async (c, next) => {
    const known = c.req.header('authorization') !== undefined // no foreign page can send that
    if (c.req.method === 'POST' && !known) refuseForeignPage(c.req.header('origin'), c.req.header('host'))
    await next()
  })
  for (const path of ['/metrics', '/readyz', '/api/v1/*']) {
    app.use(path, async (c, next) => {
      if (c.req.method !== 'POST') gate.reader(c.req.header('authorization'), callerOf(c))
      await next()
    })
  }
  health(app, deps)
  app.use('/api/*', bodyLimit({ maxSize: 8 * 1024 * 1024, onError: (c) => c.json({ error: 'the body is larger than 8 MB' }, 413) }))
  reading(app, deps, stopping)
  alarmWrites(app, deps, gate)
  lineWrites(app, deps, gate)
  deviceWrites(app, deps, gate)
  serveConsole(app, consoleDir)
  return app
}

function health(app: Hono<Env>, deps: WebDeps): void {
  app.get('/healthz', (c) => c.text('ok\n'))
  app.get('/readyz', (c) => {
    const problems = deps.problems()
    return c.json({ ready: problems.length === 0, problems }, problems.length === 0 ? 200 : 503)
  })
  app.get('/metrics', (c) => c.text(renderMetrics(deps.counters), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }))
  app.get('/api/openapi.json', (c) => c.json(openapi(deps.version)))
}

function reading(app: Hono<Env>, deps: WebDeps, stopping: AbortSignal): void {
  app.get('/api/v1/devices', (c) => c.json({ site: deps.site, devices: deps.devices() }))
  app.get('/api/v1/devices/:name', (c) => {
    const device = deps.device(c.req.param('name'))
    if (!device) throw new HttpProblem(404, `no device is named ${c.req.param('name')}`)
    return c.json(device)
  })
  app.get('/api/v1/agents', (c) => c.json({ agents: deps.agents() }))
  app.get('/api/v1/alarms', (c) => {
    const state = c.req.query('state') ?? 'open'
    if (state !== 'open' && state !== 'all') throw new HttpProblem(400, 'state: must be open or all')
    return c.json({ alarms: deps.alarms(state, parseMoment('since', c.req.query('since'), deps.clock.now(), 0)) })
  })
  app.get('/api/v1/alarms/:id', (c) => {
    const alarm = deps.alarm(c.req.param('id'))
    if (!alarm) throw new HttpProblem(404, `no alarm ${c.req.param('id')}`)
    return c.json(alarm)
  })
  app.get('/api/v1/alarms/:id/explain', (c) => {
    const explanation = deps.explain(c.req.param('id'))
    if (!explanation) throw new HttpProblem(404, unexplained(deps, c.req.param('id')))
    return c.json(explanation)
  })
  app.get('/api/v1/events', (c) => streamEvents(c, deps, stopping))
  app.get('/api/v1/series', async (c) => {
    const query = parseSeriesQuery((name) => c.req.query(name), deps.clock.now())
    const signal = AbortSignal.any([AbortSignal.timeout(SERIES_DEADLINE_MS), c.req.raw.signal])
    return c.json(await deps.series(query, signal))
  })
}

const unexplained = (deps: WebDeps, id: string): string =>
  deps.alarm(id) ? `alarm ${id} ended long ago: only /api/v1/alarms/${id} is left of it` : `no alarm ${id}`
