import type { Hono } from 'hono'
import type { Gate } from './auth.ts'
import { callerOf, type Env } from './caller.ts'
import { HttpProblem, type WebDeps } from './deps.ts'
import { readBody } from './json-body.ts'

const DEADLINE_MS = 60_000
/** As long as any output may be on (its `max` may be less). */
const LONGEST_SECONDS = 3600

/** `POST /api/v1/devices/NAME/probe[?check=]` and `…/output` with `{point, on, seconds}`. */
export function deviceWrites(app: Hono<Env>, deps: WebDeps, gate: Gate): void {
  const within = (signal: AbortSignal): AbortSignal => AbortSignal.any([AbortSignal.timeout(DEADLINE_MS), signal])
  app.post('/api/v1/devices/:name/probe', async (c) => {
    gate.writer(c.req.header('authorization'), callerOf(c), 'operator')
    return c.json(await deps.probe(c.req.param('name'), c.req.query('check'), within(c.req.raw.signal)))
  })
  app.post('/api/v1/devices/:name/output', async (c) => {
    const { person } = gate.writer(c.req.header('authorization'), callerOf(c), 'operator')
    const { point, on, seconds } = await readBody(c)
    if (typeof point !== 'string' || point === '') throw new HttpProblem(400, 'point: must be the name of a point with an output')
    if (typeof on !== 'boolean') throw new HttpProblem(400, 'on: must be true or false')
    if (on && !(typeof seconds === 'number' && seconds > 0 && seconds <= LONGEST_SECONDS))
      throw new HttpProblem(400, `seconds: how long it stays on, more than 0 and up to ${LONGEST_SECONDS}`)
    const request = { device: c.req.param('name'), point, on, seconds: typeof seconds === 'number' ? seconds : 0, by: person }
    await deps.output(request, within(c.req.raw.signal))
    return c.json({ device: request.device, point, on })
  })
}
