import { rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import * as v from 'valibot'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import type { TcpOptions } from '../../../probes/tcp/options.ts'
import { tcpKind } from '../../../probes/tcp/options.ts'
import { tcp } from '../../../probes/tcp/tcp.ts'
import { selfSigned } from '../../support/certificates.ts'
import { freePort } from '../../support/free-port.ts'
import { makeTempDir } from '../../support/temp-dir.ts'
import { conformance } from '../conformance.ts'
import { probeDeps, target } from '../deps.ts'

const dir = await makeTempDir()
afterAll(() => rm(dir, { recursive: true, force: true }))

async function listen(server: Server): Promise<number> {
  const open = new Set<Socket>()
  server.on('connection', (socket) => open.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('not listening')
  return address.port
}

const speaking = (text: string | Buffer) => listen(createServer((socket) => socket.on('error', () => {}).write(text)))
const echo = () => listen(createServer((socket) => socket.on('error', () => {}).pipe(socket)))
const mute = () => listen(createServer((socket) => socket.on('error', () => {})))

async function run(options: Record<string, unknown>, signal = AbortSignal.timeout(2000), address = '127.0.0.1') {
  const probe = tcp.create(target({ address }), v.parse(tcpKind.options, options) as TcpOptions, probeDeps())
  return await probe.run(signal)
}

conformance('tcp', {
  kind: tcp,
  spec: tcpKind,
  good: async () => ({ options: { port: await mute() } }),
  silent: async () => ({ options: { port: await mute(), expect: 'ready' } }),
})

describe('tcp', () => {
  it('measures the time to connect', async () => {
    const port = await mute()
    const { samples, reason } = await run({ port })
    expect(reason).toBeUndefined()
    expect(samples).toHaveLength(1)
    expect(samples[0]).toMatchObject({
      measurement: 'net_response',
      tags: { server: '127.0.0.1', port: String(port), protocol: 'tcp' },
      fields: { result_code: 0, result_type: 'success' },
    })
    expect(samples[0]?.fields.response_time).toBeGreaterThan(0)
    expect(samples[0]?.fields.response_time).toBeLessThan(1)
  })

  it('tells a refusal from silence', async () => {
    const { samples, reason } = await run({ port: await freePort() })
    expect(reason).toBe('refused')
    expect(samples[0]?.fields).toEqual({ result_code: 2, result_type: 'connection_failed' })
    const quiet = await run({ port: await mute(), expect: 'x' }, AbortSignal.timeout(150))
    expect(quiet.reason).toBe('timeout')
    expect(quiet.samples[0]?.fields.result_type).toBe('timeout')
    expect(quiet.detail).toMatch(/said nothing/)
  })

  it('says dns for a name that is not there', async () => {
    expect((await run({ port: 9 }, AbortSignal.timeout(5000), 'no-such-name.invalid')).reason).toBe('dns')
  })

  it.each([
    ['a text', 'SSH-2.0', 'SSH-2.0-OpenSSH_9\r\n', undefined],
    ['a pattern', { regex: '^ssh-\\d', flags: 'i' }, 'SSH-2.0\r\n', undefined],
    ['another text', 'FTP', 'SSH-2.0\r\n', 'mismatch'],
  ])('expects %s', async (_, expected, said, reason) => {
    const reading = await run({ port: await speaking(said), expect: expected }, AbortSignal.timeout(300))
    expect(reading.reason).toBe(reason)
    expect(reading.samples[0]?.fields.string_found).toBe(reason === undefined)
  })

  it('sends before it expects, and reads gb18030', async () => {
    expect((await run({ port: await echo(), send: 'PING\r\n', expect: 'PING' })).reason).toBeUndefined()
    const gb = Buffer.from([0xc7, 0xeb, 0xb5, 0xc7, 0xc2, 0xbc]) // 请登录
    expect((await run({ port: await speaking(gb), expect: '登录', charset: 'gb18030' })).reason).toBeUndefined()
  })

  it('tells a peer that closes without the text', async () => {
    const port = await listen(createServer((socket) => socket.end('bye')))
    const reading = await run({ port, expect: 'hello' })
    expect(reading.reason).toBe('mismatch')
    expect(reading.detail).toContain('"bye"')
  })

  it('judges the certificate but measures it either way', async () => {
    const own = selfSigned(dir, 'own')
    const port = await listen(createTlsServer(own, (socket) => socket.on('error', () => {})))
    const refused = await run({ port, tls: true })
    expect(refused.reason).toBe('tls')
    expect(refused.detail).toBe('the certificate is self-signed')
    expect(refused.samples.map((sample) => sample.measurement)).toEqual(['net_response', 'x509_cert'])
    expect(refused.samples[1]?.fields.verification_code).toBe(1)
    for (const tls of [{ verify: false }, { ca: own.cert }]) {
      const reading = await run({ port, tls })
      expect(reading.reason, reading.detail).toBeUndefined()
      expect(reading.samples[1]?.fields.days_left).toBeCloseTo(30, 0)
    }
  })

  it('tells a port without TLS and another name', async () => {
    expect((await run({ port: await speaking('220 hello\r\n'), tls: true })).reason).toBe('tls')
    const other = selfSigned(dir, 'other', { san: 'DNS:example.org' })
    const port = await listen(createTlsServer(other, (socket) => socket.on('error', () => {})))
    const reading = await run({ port, tls: { ca: other.cert } })
    expect(reading.reason).toBe('tls')
    expect(reading.detail).toBe('the certificate is for another name')
    expect((await run({ port, tls: { ca: other.cert, servername: 'example.org' } })).reason).toBeUndefined()
  })
})
