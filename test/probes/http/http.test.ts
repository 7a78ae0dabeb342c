import { rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import * as v from 'valibot'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { http } from '../../../probes/http/http.ts'
import { type HttpOptions, httpKind } from '../../../probes/http/options.ts'
import { type Credentials, selfSigned } from '../../support/certificates.ts'
import { freePort } from '../../support/free-port.ts'
import { makeTempDir } from '../../support/temp-dir.ts'
import { conformance } from '../conformance.ts'
import { probeDeps, target } from '../deps.ts'

const dir = await makeTempDir()
afterAll(() => rm(dir, { recursive: true, force: true }))

async function serve(answer: RequestListener, credentials?: Credentials): Promise<string> {
  const server: Server = credentials ? createSecureServer(credentials, answer) : createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('not listening')
  return `${credentials ? 'https' : 'http'}://127.0.0.1:${address.port}`
}

async function run(options: Record<string, unknown>, signal = AbortSignal.timeout(3000)) {
  const reading = await http.create(target(), v.parse(httpKind.options, options) as HttpOptions, probeDeps()).run(signal)
  const main = reading.samples.find(({ measurement }) => measurement === 'http_response')
  if (!main) throw new Error('no http_response')
  return { ...reading, fields: main.fields, tags: main.tags }
}

const hello = () => serve((_, answer) => answer.end('<h1>请登录</h1>'))

conformance('http', {
  kind: http,
  spec: httpKind,
  good: async () => ({ options: { url: await hello() } }),
  silent: async () => ({ options: { url: await serve(() => {}) } }),
})

describe('http', () => {
  it('measures status, size and phases', async () => {
    const url = await serve((_, answer) => void setTimeout(() => answer.end('hello'), 30))
    const { fields, tags, reason, samples } = await run({ url: `${url}/login?token=s3cret#x` })
    expect(reason).toBe('ok')
    expect(samples).toHaveLength(1)
    expect(tags).toEqual({ server: `${url}/login`, method: 'GET' })
    expect(fields).toMatchObject({
      http_response_code: 200,
      content_length: 5,
      result_code: 0,
      result_type: 'success',
      response_status_code_match: true,
    })
    expect(fields.first_byte_ms).toBeGreaterThan(25)
    expect(fields.total_ms).toBeGreaterThanOrEqual(Number(fields.first_byte_ms) + Number(fields.connect_ms))
    expect(fields.response_time).toBe(Number(fields.total_ms) / 1000)
  })

  it.each([
    [200, undefined, 'ok'],
    [304, undefined, 'ok'],
    [500, undefined, 'mismatch'],
    [503, [200, 503], 'ok'],
    [204, 200, 'mismatch'],
    [401, undefined, 'auth_failed'],
  ])('status %s where %s is expected: %s', async (status, expected, reason) => {
    const url = await serve((_, answer) => answer.writeHead(status).end())
    const reading = await run({ url, expect: expected === undefined ? {} : { status: expected } })
    expect(reading.reason).toBe(reason)
    expect(reading.fields).toMatchObject({ http_response_code: status, result_code: reason === 'ok' ? 0 : 6 })
  })

  it('matches the body in the character set of option, header or page', async () => {
    const gb = Buffer.concat([Buffer.from('<meta charset="gbk">'), Buffer.from([0xc7, 0xeb, 0xb5, 0xc7, 0xc2, 0xbc])])
    const meta = await serve((_, answer) => answer.end(gb))
    const header = await serve((_, answer) => answer.setHeader('content-type', 'text/html; charset=GB18030').end(gb.subarray(20)))
    const none = await serve((_, answer) => answer.end(gb.subarray(20)))
    for (const options of [{ url: meta }, { url: header }, { url: none, charset: 'gb18030' }]) {
      const reading = await run({ ...options, expect: { body: '登录' } })
      expect([reading.reason, reading.fields.response_string_match]).toEqual(['ok', true])
    }
    const missed = await run({ url: none, expect: { body: '登录' } })
    expect([missed.reason, missed.fields.result_code, missed.fields.response_string_match]).toEqual(['mismatch', 1, false])
    expect((await run({ url: await hello(), expect: { body: { regex: '请.录' } } })).reason).toBe('ok')
  })

  it('unpacks what is packed against its wish, and bounds the body', async () => {
    const packed = await serve((_, answer) => answer.setHeader('content-encoding', 'gzip').end(gzipSync('needle')))
    expect((await run({ url: packed, expect: { body: 'needle' } })).reason).toBe('ok')
    const endless = await serve((_, answer) => {
      const push = () => {
        while (!answer.destroyed && answer.write(Buffer.alloc(8192, 120)));
      }
      answer.on('drain', push)
      push()
    })
    const reading = await run({ url: endless, max_body: 10_000, expect: { body: 'needle' } })
    expect(reading.fields.content_length).toBe(10_000)
    expect(reading.detail).toBe('the expected text is not in the first 10000 bytes')
    const bomb = await serve((_, answer) => answer.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(5_000_000))))
    expect((await run({ url: bomb, max_body: 100_000 })).reason).toBe('protocol')
  })

  it('follows redirects, and keeps the password from other servers', async () => {
    const seen: (string | undefined)[] = []
    const other = await serve((request, answer) => {
      seen.push(request.headers.authorization)
      answer.end('other')
    })
    const url = await serve((request, answer) => {
      seen.push(request.headers.authorization)
      if (request.url === '/a') answer.writeHead(302, { location: 'b' }).end()
      else if (request.url === '/b') answer.writeHead(308, { location: other }).end()
      else answer.writeHead(301, { location: '/loop' }).end()
    })
    const reading = await run({ url: `${url}/a`, username: 'u', password: 'p', expect: { body: 'other' } })
    expect(reading.reason, reading.detail).toBe('ok')
    const basic = `Basic ${Buffer.from('u:p').toString('base64')}`
    expect(seen).toEqual([basic, basic, undefined])
    expect((await run({ url: `${url}/loop` })).detail).toContain('more than 5 redirects')
    expect((await run({ url: `${url}/a`, redirects: 0, expect: { status: 302 } })).reason).toBe('ok')
  })

  it('sends its method, headers and body', async () => {
    const url = await serve(async (request, answer) => {
      let body = ''
      for await (const chunk of request) body += chunk
      answer.end(`${request.method} ${request.headers['x-key']} ${body} ${request.headers.connection}`)
    })
    const reading = await run({ url, method: 'POST', headers: { 'X-Key': 'k' }, body: 'data', expect: { body: 'POST k data close' } })
    expect(reading.reason, reading.detail).toBe('ok')
  })

  it.each([
    ['refused', async () => `http://127.0.0.1:${await freePort()}`, 'refused', 3],
    ['a name that is not there', async () => 'http://no-such-name.invalid/', 'dns', 5],
    ['not HTTP', () => tcpServer('SSH-2.0-x\r\n\r\n'), 'protocol', 2],
    ['closed without an answer', () => tcpServer(null), 'protocol', 2],
  ])('%s', async (_, url, reason, code) => {
    const reading = await run({ url: await url() })
    expect([reading.reason, reading.fields.result_code]).toEqual([reason, code])
  })

  it('tells an answer that stops', async () => {
    const url = await serve((_, answer) => void answer.write('half'))
    const reading = await run({ url }, AbortSignal.timeout(200))
    expect([reading.reason, reading.detail]).toEqual(['timeout', 'the answer stopped after 4 bytes'])
  })
})

async function tcpServer(text: string | null): Promise<string> {
  const server = createTcpServer((socket) => socket.on('error', () => {}).end(text ?? ''))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`
}

describe('https', () => {
  it('refuses a certificate before it sends anything, but measures it', async () => {
    let asked = 0
    const cases = [
      [selfSigned(dir, 'self'), {}, 'the certificate is self-signed'],
      [selfSigned(dir, 'old', { days: -1 }), { trusted: true }, 'the certificate has expired'],
      [selfSigned(dir, 'other', { san: 'DNS:example.org' }), { trusted: true }, 'the certificate is for another name'],
    ] as const
    for (const [credentials, { trusted = false }, words] of cases.map(([a, b, c]) => [a, b as { trusted?: boolean }, c] as const)) {
      const url = await serve((_, answer) => {
        asked++
        answer.end()
      }, credentials)
      const reading = await run({ url, ...(trusted ? { ca: credentials.cert } : {}) })
      expect([reading.reason, reading.detail]).toEqual(['tls', words])
      const certificate = reading.samples.find(({ measurement }) => measurement === 'x509_cert')
      expect(certificate?.fields).toMatchObject({ verification_code: 1, verification_error: words })
      expect(certificate?.tags.source).toBe(url.slice('https://'.length))
    }
    expect(asked).toBe(0)
  })

  it('counts the days that are left', async () => {
    const own = selfSigned(dir, 'own', { days: 20 })
    const url = await serve((_, answer) => answer.end('x'), own)
    const reading = await run({ url, ca: own.cert })
    expect(reading.reason, reading.detail).toBe('ok')
    expect(reading.fields.tls_ms).toBeGreaterThan(0)
    const certificate = reading.samples[1]
    expect(certificate?.fields.days_left).toBeCloseTo(20, 1)
    expect(certificate?.fields.verification_code).toBe(0)
    const strict = await run({ url, ca: own.cert, expect: { days_left: 30 } })
    expect(strict.reason).toBe('tls')
    expect(strict.detail).toMatch(/ends in (20\.0|19\.9) days/)
    expect((await run({ url, verify: false })).reason).toBe('ok')
  })

  it('tells a port without TLS', async () => {
    const url = (await hello()).replace('http:', 'https:')
    expect((await run({ url })).reason).toBe('tls')
  })
})
