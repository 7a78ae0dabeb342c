import type { Hono } from 'hono'
import type { Alarm } from '../../core/model/alarm.ts'
import type { Gate } from './auth.ts'
import { callerOf, type Env } from './caller.ts'
import { type AlarmCommand, HttpProblem, type WebDeps } from './deps.ts'
import { readBody } from './json-body.ts'
import { parseSpan } from './query.ts'

const COMMANDS: ReadonlySet<string> = new Set<AlarmCommand['command']>(['ack', 'unack', 'note', 'close', 'reset', 'mark', 'mute'])
const MILESTONES: ReadonlySet<string> = new Set(['arrived', 'reported', 'plan', 'repaired'])
/** What may still be said of an alarm that has ended. */
const AFTERWARDS: ReadonlySet<string> = new Set<AlarmCommand['command']>(['note', 'mark'])
const MAX_NOTE = 1000

/** `POST /api/v1/alarms/ID/{ack,unack,reset,note,mark,close,mute}` with `{note?, for?, milestone?}`. */
export function alarmWrites(app: Hono<Env>, deps: WebDeps, gate: Gate): void {
  app.post('/api/v1/alarms/:id/:command', async (c) => {
    const caller = gate.writer(c.req.header('authorization'), callerOf(c), 'operator')
    const command = c.req.param('command')
    if (!COMMANDS.has(command)) throw new HttpProblem(404, `alarms can't ${command}; they can ${[...COMMANDS].join(', ')}`)
    const alarm = deps.alarm(c.req.param('id'))
    if (!alarm) throw new HttpProblem(404, `no alarm ${c.req.param('id')}`)
    refuseWithoutEffect(command as AlarmCommand['command'], alarm, deps)
    const body = await readBody(c)
    return c.json(await deps.command(build(command as AlarmCommand['command'], alarm.id, caller.person, deps.clock.now(), body)))
  })
}

/** What the judge would pass over in silence is refused in words. */
function refuseWithoutEffect(command: AlarmCommand['command'], alarm: Alarm, deps: WebDeps): void {
  const name = `alarm ${alarm.short_id}`
  if (alarm.resolved_at !== null && !AFTERWARDS.has(command)) throw new HttpProblem(409, `${name} is ${alarm.state} already`)
  if (command === 'reset' && !alarm.latched) throw new HttpProblem(409, `${name} is not latched: it ends by itself`)
  if (alarm.resolved_at !== null && !deps.explain(alarm.id))
    throw new HttpProblem(409, `${name} ended long ago; nothing can be added to it any more`)
}

function build(command: AlarmCommand['command'], alarm: string, by: string, at: number, body: Record<string, unknown>): AlarmCommand {
  const note = body.note
  if (note !== undefined && (typeof note !== 'string' || note.length > MAX_NOTE))
    throw new HttpProblem(400, `note: must be a text of up to ${MAX_NOTE} characters`)
  if (command === 'note' && !note) throw new HttpProblem(400, 'note: is missing')
  const milestone = body.milestone
  if (command === 'mark' && (typeof milestone !== 'string' || !MILESTONES.has(milestone)))
    throw new HttpProblem(400, `milestone: must be one of ${[...MILESTONES].join(', ')}`)
  const span = body.for
  if (span !== undefined && typeof span !== 'string') throw new HttpProblem(400, 'for: must be a span such as 2h')
  const spanMs = span === undefined ? undefined : parseSpan('for', span)
  if (spanMs === 0) throw new HttpProblem(400, 'for: must be longer than nothing')
  return {
    command,
    alarm,
    by,
    at,
    ...(typeof note === 'string' ? { note } : {}),
    ...(typeof milestone === 'string' ? { milestone } : {}),
    ...(spanMs !== undefined ? { until: at + spanMs } : {}),
  }
}
