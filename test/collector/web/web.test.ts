import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createApp } from '../../../collector/web/app.ts'
import { Gate } from '../../../collector/web/auth.ts'
import type { AlarmCommand, OutputSwitch, WebDeps, WebToken } from '../../../collector/web/deps.ts'
import { parseMoment } from '../../../collector/web/query.ts'
import { startWeb, type WebSettings } from '../../../collector/web/server.ts'
import { Counters } from '../../../core/lifecycle/counters.ts'
import { silentLog } from '../../../core/log/log.ts'
import type { Alarm, AlarmEvent } from '../../../core/model/alarm.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'

const alarm: Alarm = {
  id: 'abc-1',
  short_id: 'a3f9',
  rule: 'cpu',
  device: 'app-01',
  instance: '',
  title: { zh: 'CPU', en: 'CPU' },
  severity: 'major',
  state: 'firing',
  condition: 'active',
  latched: false,
  ack: null,
  caused_by: null,
  suppressed_by: null,
  value: 95,
  threshold: '> 90',
  since: 1,
  updated: 1,
  resolved_at: null,
  deadlines: {},
  milestones: {},
  notices: [],
}
const event = (id: string): AlarmEvent => ({ id, at: 5, kind: 'raised', alarm })
const OPERATOR = 'operator-token-0123456789'
const VIEWER = 'viewer-token-01234567890'
const tokens: WebToken[] = [
  { person: '张三', role: 'operator', token: OPERATOR },
  { person: '看客', role: 'viewer', token: VIEWER },
]

async function start(over: Partial<WebDeps> = {}, settings: Partial<WebSettings> = {}) {
  const listeners = new Set<(event: AlarmEvent) => void>()
  const commands: AlarmCommand[] = []
  const switched: OutputSwitch[] = []
  const written: string[] = []
  const deps: WebDeps = {
    site: 'test',
    version: '0',
    log: silentLog,
    clock: { now: () => 1_700_000_000_000, monotonic: () => 0 },
    counters: new Counters(),
    devices: () => [],
    device: () => undefined,
    agents: () => [],
    alarms: () => [alarm],
    alarm: (id) => (id === alarm.id || id === alarm.short_id ? alarm : undefined),
    explain: () => undefined,
    command: async (command) => {
      commands.push(command)
      return { ...alarm, ack: { by: command.by, at: command.at, severity: 'major', until: null } }
    },
    eventsSince: async (id) => ['10.0', '20.0', '30.0'].filter((known) => id === null || Number(known) > Number(id)).map(event),
    onEvent: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    series: async (query) => ({ series: [{ tags: {}, points: [[query.from, 1]] }] }),
    writeLines: async (text) => {
      written.push(text)
      return text.includes('bad') ? { accepted: 1, refused: [{ line: 'bad', message: 'no' }] } : { accepted: 1, refused: [] }
    },
    probe: async () => ({ id: '1', ok: true }),
    output: async (request) => void switched.push(request),
    problems: () => [],
    ...over,
  }
  const web = await startWeb(deps, {
    host: '127.0.0.1',
    port: 0,
    tokens,
    consoleDir: new URL(`file://${await tempDir()}/`),
    ...settings,
  })
  onTestFinished(() => web.stop())
  const call = (path: string, init?: RequestInit) => fetch(`${web.url}${path}`, init)
  return {
    web,
    deps,
    call,
    commands,
    switched,
    written,
    listeners,
    emit: (e: AlarmEvent) => {
      for (const l of listeners) l(e)
    },
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('reading', () => {
  it('gives alarms, and says what is wrong with a query', async () => {
    const { call } = await start()
    expect(await (await call('/api/v1/alarms?state=open')).json()).toEqual({ alarms: [alarm] })
    const wrong = await call('/api/v1/alarms?state=closed')
    expect([wrong.status, await wrong.json()]).toEqual([400, { error: 'state: must be open or all' }])
    expect((await call('/api/v1/devices/nobody')).status).toBe(404)
    expect((await call('/nowhere')).status).toBe(404)
  })

  it.each([
    ['', 400, 'device is missing'],
    ['device=a&measurement=cpu&field=x&from=yesterday', 400, 'from: not a time: "yesterday" (use ms, an ISO date or -2h)'],
    ['device=a&measurement=cpu&field=x&from=5000000000&to=4000000000', 400, 'from must be before to'],
    ['device=a&measurement=cpu&field=x&step=5x', 400, 'step: not a span: "5x" (use 30s, 5m, 1h)'],
  ])('series?%s → %i', async (query, status, error) => {
    const { call } = await start()
    const answer = await call(`/api/v1/series?${query}`)
    expect([answer.status, await answer.json()]).toEqual([status, { error }])
  })

  it('takes relative times in series', async () => {
    const { call } = await start()
    const answer = await call('/api/v1/series?device=a&measurement=cpu&field=x&from=-2h')
    expect(await answer.json()).toEqual({ series: [{ tags: {}, points: [[1_700_000_000_000 - 7_200_000, 1]] }] })
  })

  it('is ready only while nothing is wrong', async () => {
    const { call } = await start({ problems: () => ['InfluxDB refuses the token'] })
    const answer = await call('/readyz')
    expect([answer.status, await answer.json()]).toEqual([503, { ready: false, problems: ['InfluxDB refuses the token'] }])
    expect((await call('/healthz')).status).toBe(200)
  })
})

describe('writing', () => {
  it('names its person, and refuses viewers and strangers', async () => {
    const { call, commands } = await start()
    expect((await call('/api/v1/alarms/a3f9/ack', { method: 'POST' })).status).toBe(401)
    expect((await call('/api/v1/alarms/a3f9/ack', { method: 'POST', headers: bearer(VIEWER) })).status).toBe(403)
    const done = await call('/api/v1/alarms/a3f9/ack', {
      method: 'POST',
      headers: bearer(OPERATOR),
      body: JSON.stringify({ note: '在处理', for: '2h' }),
    })
    expect([done.status, ((await done.json()) as Alarm).ack?.by]).toEqual([200, '张三'])
    expect(commands).toEqual([
      { command: 'ack', alarm: 'abc-1', by: '张三', at: 1_700_000_000_000, note: '在处理', until: 1_700_007_200_000 },
    ])
  })

  it('stops guessing after ten wrong tokens', async () => {
    const { call } = await start()
    const statuses: number[] = []
    for (let n = 0; n < 12; n++)
      statuses.push((await call('/api/v1/alarms/a3f9/ack', { method: 'POST', headers: bearer(`wrong-${n}`) })).status)
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429])
  })

  it('switches an output for a person who may, and says what is missing', async () => {
    const { call, switched } = await start()
    const post = async (token: string, body: object) => {
      const answer = await call('/api/v1/devices/station/output', { method: 'POST', headers: bearer(token), body: JSON.stringify(body) })
      return [answer.status, ((await answer.json()) as { error?: string }).error]
    }
    expect(await post(OPERATOR, { point: 'SIREN-01', on: true, seconds: 5 })).toEqual([200, undefined])
    expect(switched).toEqual([{ device: 'station', point: 'SIREN-01', on: true, seconds: 5, by: '张三' }])
    expect(await post(OPERATOR, { point: 'SIREN-01', on: false })).toEqual([200, undefined])
    expect(await post(OPERATOR, { on: true })).toEqual([400, expect.stringContaining('point:')])
    expect(await post(OPERATOR, { point: 'SIREN-01' })).toEqual([400, expect.stringContaining('on:')])
    for (const seconds of [undefined, 0, -1, 3601, '5'])
      expect(await post(OPERATOR, { point: 'SIREN-01', on: true, seconds })).toEqual([400, expect.stringContaining('seconds:')])
    expect((await post(VIEWER, { point: 'SIREN-01', on: true, seconds: 5 }))[0]).toBe(403)
    expect(switched).toHaveLength(2)
  })

  it('takes line protocol, plain and gzip, in any precision, and tells what it refused', async () => {
    const { call, written } = await start()
    expect((await call('/api/v2/write', { method: 'POST', body: 'cpu v=1 1700000000000000000' })).status).toBe(204)
    expect(
      (
        await call('/api/v2/write?precision=s', {
          method: 'POST',
          body: new Uint8Array(gzipSync('cpu v=1 1700000000')),
          headers: { 'content-encoding': 'gzip' },
        })
      ).status,
    ).toBe(204)
    expect(written).toEqual(['cpu v=1 1700000000000000000', 'cpu v=1 1700000000000000000'])
    const refused = await call('/api/v2/write', { method: 'POST', body: 'bad' })
    expect([refused.status, await refused.json()]).toEqual([400, { code: 'invalid', message: '1 lines accepted, 1 refused: no: bad' }])
    expect((await call('/api/v2/write', { method: 'POST', body: 'x', headers: { 'content-encoding': 'gzip' } })).status).toBe(400)
  })
})

describe('what can have no effect', () => {
  const ended: Alarm = { ...alarm, state: 'resolved', resolved_at: 5 }
  const post = async (given: Alarm | undefined, command: string, body: object, explain = true) => {
    const explanation = { alarm: given } as ReturnType<WebDeps['explain']>
    const { call, commands } = await start({ alarm: () => given, explain: () => (explain ? explanation : undefined) })
    const init = { method: 'POST', headers: bearer(OPERATOR), body: JSON.stringify(body) }
    const answer = await call(`/api/v1/alarms/a3f9/${command}`, init)
    return [answer.status, ((await answer.json()) as { error?: string }).error, commands.length]
  }

  it.each([
    ['ack of an ended alarm', ended, 'ack', {}, true, 409, 'alarm a3f9 is resolved already'],
    ['close of an ended alarm', ended, 'close', {}, true, 409, 'alarm a3f9 is resolved already'],
    ['reset of one that is not latched', alarm, 'reset', {}, true, 409, 'alarm a3f9 is not latched: it ends by itself'],
    ['note on one that nobody keeps', ended, 'note', { note: 'x' }, false, 409, expect.stringContaining('ended long ago')],
    ['acknowledgement for no time', alarm, 'ack', { for: '0s' }, true, 400, 'for: must be longer than nothing'],
  ])('%s is refused in words', async (_, given, command, body, explain, status, error) => {
    expect(await post(given, command, body, explain)).toEqual([status, error, 0])
  })

  it('a note and a milestone may follow an alarm that has ended', async () => {
    expect(await post(ended, 'note', { note: '已换电池' })).toEqual([200, undefined, 1])
    expect(await post(ended, 'mark', { milestone: 'repaired' })).toEqual([200, undefined, 1])
  })

  it('tells an alarm that can no longer be explained from one that never was', async () => {
    const gone = await start({ alarm: () => ended, explain: () => undefined })
    expect(await (await gone.call('/api/v1/alarms/a3f9/explain')).json()).toEqual({
      error: 'alarm a3f9 ended long ago: only /api/v1/alarms/a3f9 is left of it',
    })
    const never = await start({ alarm: () => undefined, explain: () => undefined })
    expect(await (await never.call('/api/v1/alarms/a3f9/explain')).json()).toEqual({ error: 'no alarm a3f9' })
  })
})

describe('moments in queries', () => {
  const now = Date.parse('2026-07-21T12:00:00Z')
  it.each([
    ['now', now],
    ['1784635200000', 1784635200000],
    ['1784635200', 1784635200000],
    ['0', 0],
    ['-2h', now - 7_200_000],
    ['2h', now - 7_200_000],
    ['2026-07-21', Date.parse('2026-07-21')],
    ['2026-07-21T10:00:00+08:00', Date.parse('2026-07-21T02:00:00Z')],
  ])('%s', (text, moment) => expect(parseMoment('since', text, now, -1)).toBe(moment))

  it.each(['yesterday', 'rack 1', '1/2', '-', '2026-13-01', 'July 4'])('not %s', (text) =>
    expect(() => parseMoment('since', text, now, -1)).toThrow('since: not a time'),
  )
})

describe('event stream', () => {
  async function read(response: Response, wanted: number): Promise<string[]> {
    const ids: string[] = []
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true })
      ids.splice(0, ids.length, ...[...text.matchAll(/^id: (.*)$/gm)].map((match) => match[1] ?? ''))
      if (ids.length >= wanted) break
    }
    return ids
  }

  it('gives what was missed since Last-Event-ID, then what happens, without a double', async () => {
    const { call, emit, listeners } = await start()
    const response = await call('/api/v1/events', { headers: { 'last-event-id': '10.0' } })
    await until(() => listeners.size === 1)
    emit(event('30.0'))
    emit(event('40.0'))
    expect(await read(response, 3)).toEqual(['20.0', '30.0', '40.0'])
  })

  it.each(['99999999.0', 'nonsense'])('goes on for a client with an id that is not of this collector: %s', async (id) => {
    const { call, emit, listeners } = await start({ eventsSince: async () => [] })
    const response = await call('/api/v1/events', { headers: { 'last-event-id': id } })
    await until(() => listeners.size === 1)
    emit(event('30.0'))
    expect(await read(response, 1)).toEqual(['30.0'])
  })

  it('does not keep the collector from stopping', async () => {
    const { call, web } = await start()
    const response = await call('/api/v1/events')
    expect(response.status).toBe(200)
    await web.stop()
  })
})

describe('the description of the API', () => {
  it('names exactly the routes that there are', async () => {
    const { web, deps } = await start()
    const gate = new Gate(tokens, true, deps.clock)
    const app = createApp(deps, gate, new URL('file:///nowhere/'), new AbortController().signal)
    const served = app.routes
      .filter(({ method, path }) => method !== 'ALL' && path !== '/' && !path.startsWith('/assets/') && path !== '/api/openapi.json')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`)
    const { paths } = (await (await fetch(`${web.url}/api/openapi.json`)).json()) as { paths: Record<string, Record<string, unknown>> }
    const described = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
    expect(new Set(served)).toEqual(new Set(described))
    const described204 = { responses: { 204: expect.anything(), default: expect.anything() } }
    expect(paths['/api/v2/write']?.post).toMatchObject(described204)
    expect(paths['/api/v1/alarms']?.get).toMatchObject({ responses: { 200: { content: { 'application/json': {} } } } })
    expect(paths['/api/v1/devices/{name}/output']?.post).toMatchObject({
      requestBody: { content: { 'application/json': { schema: { required: ['point', 'on'] } } } },
    })
  })
})

describe('a client that does not read', () => {
  it('is cut off, and nothing is kept for it', async () => {
    const { web, emit, listeners, deps } = await start()
    const socket = connect(Number(new URL(web.url).port), '127.0.0.1', () => socket.write('GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n'))
    socket.pause()
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => undefined)
    await until(() => listeners.size === 1, { what: 'subscribed' })
    const large = { ...alarm, instance: 'x'.repeat(20_000) }
    let n = 0
    const cut = (): boolean => deps.counters.get('jifang_http_slow_readers_total') === 1
    await until(
      () => {
        for (let burst = 0; burst < 50; burst++) emit({ ...event(`${++n}.0`), alarm: large })
        return cut()
      },
      { everyMs: 1, what: 'cut off' },
    )
    await until(() => listeners.size === 0, { what: 'forgotten' })
    socket.resume()
    await closed
  })
})

describe('start', () => {
  it('refuses to listen for everybody without tokens', async () => {
    await expect(start({}, { host: '0.0.0.0', tokens: [] })).rejects.toThrow('is reachable from other machines, but web.tokens is empty')
  })

  it('says in one line that the port is taken', async () => {
    const { web } = await start()
    await expect(start({}, { port: Number(new URL(web.url).port) })).rejects.toThrow(
      /web\.listen 127\.0\.0\.1:\d+ is taken by another program/,
    )
  })

  it('demands a token for reading when it listens beyond this machine', async () => {
    const { web } = await start({}, { host: '0.0.0.0' })
    const url = web.url.replace('0.0.0.0', '127.0.0.1')
    expect((await fetch(`${url}/api/v1/alarms`)).status).toBe(401)
    expect((await fetch(`${url}/api/v1/alarms`, { headers: bearer(VIEWER) })).status).toBe(200)
    expect((await fetch(`${url}/metrics`)).status).toBe(401)
  })
})
