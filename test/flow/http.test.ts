import { request } from 'node:http'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OPERATOR, type RunningRoom, runningRoom } from '../support/running-room.ts'
import { until } from '../support/until.ts'

/** Prometheus text format 0.0.4: what is wrong with it, line by line. */
function faultsOf(text: string): string[] {
  const faults: string[] = []
  const types = new Map<string, string>()
  const seen = new Set<string>()
  let current = ''
  for (const line of text.split('\n')) {
    if (line === '') continue
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge)$/.exec(line)
    if (type) {
      current = type[1] ?? ''
      if (types.has(current)) faults.push(`twice: ${line}`)
      types.set(current, type[2] ?? '')
      continue
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?\d[\d.e+-]*|NaN|[+-]Inf)$/.exec(line)
    if (!sample) faults.push(`no sample: ${line}`)
    else if (sample[1] !== current) faults.push(`outside of its group: ${line}`)
    const series = line.slice(0, line.lastIndexOf(' '))
    if (seen.has(series)) faults.push(`series twice: ${line}`)
    seen.add(series)
  }
  if (!text.endsWith('\n')) faults.push('no newline at the end')
  return faults
}

/** Ids and the connection of an event stream read by hand. */
function stream(room: RunningRoom, lastId?: string) {
  const ids: string[] = []
  let text = ''
  let live = false
  const stop = new AbortController()
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId }
  const ended = fetch(`${room.url}/api/v1/events`, { headers, signal: stop.signal })
    .then(async (response) => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += Buffer.from(chunk).toString('utf8')
        ids.splice(0, ids.length, ...[...text.matchAll(/^id: (.*)$/gm)].map((match) => match[1] ?? ''))
        live = text.includes('event: live')
      }
    })
    .catch(() => undefined)
  return { ids, isLive: () => live, ended, close: () => stop.abort() }
}

describe('the HTTP side of a running room', () => {
  let room: RunningRoom
  beforeAll(async () => {
    room = await runningRoom({}, 'ingest: { extra_topics: [ "telegraf/#" ] }\n')
  })
  afterAll(() => room?.close())
  const alive = async (): Promise<void> => expect(await (await fetch(`${room.url}/readyz`)).json()).toEqual({ ready: true, problems: [] })

  it('/metrics is what Prometheus reads', async () => {
    await room.heat(60, 'raised')
    await room.heat(20, 'resolved')
    const response = await fetch(`${room.url}/metrics`)
    expect(response.headers.get('content-type')).toContain('version=0.0.4')
    const text = await response.text()
    expect(faultsOf(text)).toEqual([])
    expect(text).toMatch(/^jifang_alarm_events_total 2$/m)
  })

  it('stored lines are there when 204 has come, plain, packed and in seconds', async () => {
    const now = Math.floor(Date.now() / 1000)
    expect(await room.send(`env,device=rack,point=W value=1 ${now - 3}000000000`)).toBe(204)
    const packed = await fetch(`${room.url}/api/v2/write?precision=s`, {
      method: 'POST',
      headers: { 'content-encoding': 'gzip' },
      body: new Uint8Array(gzipSync(`env,device=rack,point=W value=2 ${now - 2}\nenv,host=rack,point=W value=3 ${now - 1}\n`)),
    })
    expect(packed.status).toBe(204)
    const points = async () => {
      const { series } = await room.api.get<{ series?: { tags: Record<string, string>; points: [number, number][] }[] }>(
        `/api/v1/series?device=rack&measurement=env&field=value&from=${(now - 10) * 1000}`,
      )
      return (series ?? []) // 503 while the store still starts
        .filter(({ tags }) => tags.point === 'W')
        .flatMap((one) => one.points)
        .sort(([a], [b]) => a - b)
    }
    await until(async () => (await points()).length === 3, { what: 'in the store' })
    expect(await points()).toEqual([
      [(now - 3) * 1000, 1],
      [(now - 2) * 1000, 2],
      [(now - 1) * 1000, 3],
    ])
    const refused = await fetch(`${room.url}/api/v2/write`, {
      method: 'POST',
      body: 'env,device=stranger value=1\nenv,device=rack,point=W value=4\n',
    })
    expect([refused.status, (await refused.json()).message]).toEqual([
      400,
      '1 lines accepted, 1 refused: no samples of stranger are expected this way: env,device=stranger value=1',
    ])
  })

  it('a page of somewhere else can not write with the rights of this machine', async () => {
    const foreign = await fetch(`${room.url}/api/v2/write`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
      body: 'env,device=rack,point=E value=99',
    })
    expect(foreign.status).toBe(403)
    const proxied = await fetch(`${room.url}/api/v1/devices`, { headers: { 'x-forwarded-for': '198.51.100.7' } })
    expect(proxied.status).toBe(401)
    const head = await fetch(`${room.url}/api/v1/devices`, { method: 'HEAD', headers: { 'x-forwarded-for': '198.51.100.7' } })
    expect(head.status).toBe(401)
  })

  it('the event stream goes on after a restart with Last-Event-ID, without a gap or a double', async () => {
    const first = stream(room)
    await until(first.isLive, { what: 'live' })
    await room.heat(60, 'raised', 'S1')
    await until(() => first.ids.length === 1, { what: 'the first event' })
    await room.program.stop()
    await first.ended
    await room.start()
    await room.heat(90, 'severity', 'S1')
    const second = stream(room, first.ids[0])
    await until(second.isLive, { what: 'live again' })
    await room.heat(20, 'resolved', 'S1')
    await until(() => second.ids.length === 2, { what: 'what was missed, and what is new' })
    expect(new Set([...first.ids, ...second.ids]).size).toBe(3)
    second.close()
    for (const bad of ['x', '-1', '999999999999999999999.1', '%00']) {
      const odd = stream(room, bad)
      await until(odd.isLive, { what: `live with Last-Event-ID ${bad}` })
      odd.close()
    }
  }, 40_000)

  it('bodies have a bound, and what is no JSON is refused', async () => {
    const large = await fetch(`${room.url}/api/v2/write`, { method: 'POST', body: 'x'.repeat(9 * 1024 * 1024) })
    expect(large.status).toBe(413)
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 'a'))
    const packed = await fetch(`${room.url}/api/v2/write`, {
      method: 'POST',
      headers: { 'content-encoding': 'gzip' },
      body: new Uint8Array(bomb),
    })
    expect(packed.status).toBe(400)
    const { alarm } = await room.heat(60, 'raised', 'B1')
    for (const body of ['{', '[]', '"x"', '{"note":5}', '{"for":"long"}', `{"note":"${'x'.repeat(1001)}"}`]) {
      const answer = await fetch(`${room.url}/api/v1/alarms/${alarm.id}/ack`, {
        method: 'POST',
        headers: { authorization: `Bearer ${OPERATOR}` },
        body,
      })
      expect([body.slice(0, 20), answer.status]).toEqual([body.slice(0, 20), 400])
    }
    await alive()
  })

  it('nonsense is answered with 4xx and nothing else happens', async () => {
    const paths = [
      '/api/v1/devices/%00',
      '/api/v1/devices/..%2f..%2fetc',
      '/assets/..%2f..%2fpackage.json',
      '/assets/%2e%2e/x.js',
      `/api/v1/alarms/${'a'.repeat(4000)}`,
      '/api/v1/series?device=a&measurement=%27;drop&field=%22x',
      '/api/v1/alarms?since=%ff',
      '/api/v1/nothing',
      '/%',
    ]
    for (const path of paths) {
      const { status } = await fetch(`${room.url}${path}`)
      expect([path, status < 500]).toEqual([path, true])
    }
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE_X']) {
      const status = await new Promise<number>((resolve) => {
        const call = request(`${room.url}/api/v1/devices`, { method: method.replace('_X', '') }, (answer) => {
          answer.resume()
          resolve(answer.statusCode ?? 0)
        })
        call.on('error', () => resolve(400))
        call.end()
      })
      expect([method, status >= 400 && status < 500]).toEqual([method, true])
    }
    const raw = await new Promise<string>((resolve) => {
      const socket = connect(room.port, '127.0.0.1', () => socket.write(Buffer.from([0, 255, 13, 10, 71, 13, 10, 13, 10])))
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
      })
      socket.on('close', () => resolve(text))
      socket.on('error', () => resolve(text))
    })
    expect(raw).toContain('400')
    await alive()
  })

  it('openapi.json lists what answers', async () => {
    const { paths } = await room.api.get<{ paths: Record<string, Record<string, unknown>> }>('/api/openapi.json')
    for (const [path, methods] of Object.entries(paths)) {
      for (const method of Object.keys(methods)) {
        if (path === '/api/v1/events') continue
        const { status } = await fetch(room.url + path.replace('{command}', 'ack').replace(/\{\w+\}/g, 'x'), {
          method: method.toUpperCase(),
        })
        expect([path, [404, 405].includes(status) && !path.includes('{')]).toEqual([path, false])
      }
    }
  })
})
