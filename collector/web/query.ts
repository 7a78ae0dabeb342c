import { parseDuration } from '../../core/config/duration.ts'
import type { SeriesQuery } from '../../core/model/api.ts'
import { HttpProblem } from './deps.ts'

const DAY_MS = 86_400_000

/** `2026-07-21`, with a time behind it and a zone or not; what else `Date.parse` would take is a guess. */
const ISO_DATE = /^\d{4}-\d\d-\d\d([T ]|$)/

/** A moment: ms (or s) since 1970, an ISO date, `now`, or so long ago (`-2h`, `2h`). @throws HttpProblem 400 */
export function parseMoment(name: string, text: string | undefined, now: number, fallback: number): number {
  if (text === undefined || text === '') return fallback
  if (text === 'now') return now
  if (/^\d{1,14}$/.test(text)) return text.length <= 10 ? Number(text) * 1000 : Number(text)
  const ago = parseDuration(text.replace(/^-/, ''))
  if (ago !== null) return now - ago
  const moment = ISO_DATE.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(moment)) throw new HttpProblem(400, `${name}: not a time: ${JSON.stringify(text)} (use ms, an ISO date or -2h)`)
  return moment
}

/** A span such as 30s, 5m, 1h30m or plain ms. @throws HttpProblem 400 */
export function parseSpan(name: string, text: string): number {
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : parseDuration(text)
  if (ms === null) throw new HttpProblem(400, `${name}: not a span: ${JSON.stringify(text)} (use 30s, 5m, 1h)`)
  return ms
}

/** `device measurement field from to step` of /api/v1/series; the last day by default. @throws HttpProblem 400 */
export function parseSeriesQuery(param: (name: string) => string | undefined, now: number): SeriesQuery {
  const needed = (name: string): string => {
    const value = param(name)
    if (!value) throw new HttpProblem(400, `${name} is missing`)
    return value
  }
  const to = parseMoment('to', param('to'), now, now)
  const from = parseMoment('from', param('from'), now, to - DAY_MS)
  if (from >= to) throw new HttpProblem(400, 'from must be before to')
  const step = param('step')
  const query = { device: needed('device'), measurement: needed('measurement'), field: needed('field'), from, to }
  if (!step) return query
  const stepMs = parseSpan('step', step)
  if (stepMs < 1) throw new HttpProblem(400, 'step must be at least 1ms')
  return { ...query, step: stepMs }
}
