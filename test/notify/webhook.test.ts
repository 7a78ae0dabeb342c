import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createSecretResolver } from '../../core/config/secrets.ts'
import { systemClock } from '../../core/lifecycle/clock.ts'
import type { Log } from '../../core/log/log.ts'
import type { Message } from '../../notify/channel.ts'
import { createWebhookChannel, retryAfter } from '../../notify/channels/webhook.ts'
import type { NotifyConfig, WebhookConfig } from '../../notify/notify-file.ts'
import { alarmEvent, appendEvents } from '../support/alarm-events.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/until.ts'
import { bench, FAST, SMS_ONLY } from './set-up.ts'

interface Call {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly at: number
}

/** A real HTTP server; `answers` are used one per request, then 204. */
async function serve(...answers: ((response: ServerResponse) => void)[]) {
  const calls: Call[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      calls.push({ headers: request.headers, body, at: Date.now() })
      const answer = answers.shift()
      if (answer) answer(response)
      else response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { calls, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alarm` }
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(code, headers).end('no')
  }

const person = { name: 'zhang', title: '张工', language: 'zh' } as const
const message: Message = {
  key: 'k1',
  text: '【紧急】烟感1',
  notices: [{ about: 'raise', alarm: alarmEvent('raised').alarm, event: '7.0', again: false, remind: false }],
}
const config = (url: string, over: Partial<WebhookConfig> = {}): WebhookConfig => ({
  name: 'hook',
  kind: 'webhook',
  url,
  headers: {},
  timeout: 500,
  ...over,
})
const secrets = createSecretResolver({ env: { HOOK: 'top-secret' }, baseDir: '/', paths: [] })
const post = (over: WebhookConfig) =>
  createWebhookChannel(over, { clock: systemClock, secrets }).send(message, person, AbortSignal.timeout(2000))

describe('webhook', () => {
  test('posts the alarm, signed, with a key that names the message', async () => {
    const { calls, url } = await serve()
    expect(await post(config(url, { secret: '${env:HOOK}', headers: { 'X-Team': 'ops ${env:HOOK}' } }))).toEqual({
      result: 'sent',
      reference: '204',
    })
    const [call] = calls
    expect(call?.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'idempotency-key': 'k1',
      'x-team': 'ops top-secret',
    })
    const signed = createHmac('sha256', 'top-secret').update(`${call?.headers['x-jifang-timestamp']}.${call?.body}`).digest('hex')
    expect(call?.headers['x-jifang-signature']).toBe(`sha256=${signed}`)
    expect(JSON.parse(call?.body ?? '')).toMatchObject({
      id: 'k1',
      person: { name: 'zhang', title: '张工' },
      text: '【紧急】烟感1',
      notices: [{ about: 'raise', event: '7.0', alarm: { id: 'cpu-app-01-1', severity: 'emergency' } }],
    })
  })

  test.each([
    [503, { 'retry-after': '7' }, { result: 'retry', reason: 'HTTP 503', afterMs: 7000 }],
    [429, {}, { result: 'retry', reason: 'HTTP 429' }],
    [500, {}, { result: 'retry', reason: 'HTTP 500' }],
    [404, {}, { result: 'failed', reason: 'HTTP 404', permanent: false }],
    [422, {}, { result: 'failed', reason: 'HTTP 422', permanent: true }],
    [401, {}, { result: 'failed', reason: 'HTTP 401', permanent: false }],
    [302, { location: '/x' }, { result: 'failed', reason: 'HTTP 302: a redirect, give the final address', permanent: false }],
  ])('%i is %o', async (code, headers: Record<string, string>, delivery) => {
    const { url } = await serve(status(code, headers))
    expect(await post(config(url))).toEqual(delivery)
  })

  test('nobody there, a silent peer and a missing secret are told apart', async () => {
    expect(await post(config(`http://127.0.0.1:${await freePort()}/`))).toEqual({
      result: 'retry',
      reason: 'ECONNREFUSED',
      uncertain: false,
    })
    const { url } = await serve(() => undefined)
    expect(await post(config(url, { timeout: 100 }))).toEqual({ result: 'retry', reason: 'no answer in time', uncertain: true })
    expect(await post(config(url, { secret: '${env:NOT_SET}' }))).toMatchObject({
      result: 'failed',
      permanent: false,
      reason: expect.stringContaining('NOT_SET'),
    })
  })

  test('Retry-After as date', () => {
    const now = Date.parse('2026-11-22T10:00:00Z')
    expect(retryAfter('Sun, 22 Nov 2026 10:00:30 GMT', now)).toBe(30_000)
    expect(retryAfter('soon', now)).toBeNull()
  })
})

describe('in the chain of channels', () => {
  const both = (url: string, order: readonly string[]): NotifyConfig => ({
    ...SMS_ONLY,
    channels: [...SMS_ONLY.channels, config(url)],
    routes: [{ severity: ['emergency'], classes: ['server'], to: ['zhang'], channels: order }],
  })

  test('503 with Retry-After is obeyed, then delivered once', async () => {
    const { calls, url } = await serve(status(503, { 'retry-after': '1' }))
    const { events, start } = await bench(both(url, ['hook', 'modem']))
    const notify = await start({ pace: { ...FAST, retryMs: [20, 1500] } })
    await appendEvents(events, alarmEvent('raised'))
    await until(() => calls.length === 2 && notify.pending() === 0)
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThanOrEqual(990)
    expect(calls[0]?.headers['idempotency-key']).toBe(calls[1]?.headers['idempotency-key'])
  })

  test('a network that is down hands over to the next channel at once, and the end goes out too', async () => {
    const { calls, url } = await serve()
    const { simulator, events, start } = await bench(both(url, ['modem', 'hook']))
    const notify = await start()
    simulator.answers.push({ kind: 'cms', code: 38 })
    await appendEvents(events, alarmEvent('raised'))
    await until(() => calls.length === 1 && notify.pending() === 0)
    await appendEvents(events, alarmEvent('resolved'))
    await until(() => simulator.messages().length === 1 && notify.pending() === 0)
    expect(notify.summary('cpu-app-01-1').map(({ about, channel, state }) => [about, channel, state])).toEqual([
      ['raise', 'hook', 'sent'],
      ['end', 'modem', 'sent'],
    ])
  })

  test('leaks no secret into logs, health or outbox', async () => {
    const { url } = await serve(status(500), status(401), status(302, { location: 'https://other.example/?token=top-secret' }))
    const lines: string[] = []
    const write = (facts: object, words: string) => lines.push(words + JSON.stringify(facts))
    const log: Log = { debug: write, info: write, warn: write, error: write, child: () => log }
    const hook = config(`${url}?token=\${env:HOOK}`, { secret: '${env:HOOK}', headers: { authorization: 'Bearer ${env:HOOK}' } })
    const { events, start, dir, counters } = await bench({ ...both(url, ['hook']), channels: [hook] })
    const notify = await start({ log })
    await appendEvents(events, alarmEvent('raised'))
    await until(() => counters.get('jifang_notify_deliveries_total', { channel: 'hook', result: 'sent' }) === 1 && notify.pending() === 0)
    expect(lines.length).toBeGreaterThan(3)
    const everything = [...lines, JSON.stringify(notify.channels()), await readFile(join(dir, 'notify/outbox.jsonl'), 'utf8')].join('\n')
    expect(everything).not.toContain('top-secret')
  })

  test('other classes and severities are nobody’s', async () => {
    const { calls, url } = await serve()
    const { events, start } = await bench(both(url, ['hook']))
    await appendEvents(events, alarmEvent('raised', { severity: 'major' }), alarmEvent('raised', { id: 'b', device: 'ups-1' }))
    const notify = await start({ titles: (name) => ({ title: name, short: name, class: 'ups' }) })
    expect(notify.pending()).toBe(0)
    expect(calls).toEqual([])
  })
})
