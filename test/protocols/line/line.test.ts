import { createServer, type Server, type Socket } from 'node:net'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lineAddress, lineEntries, lineKey } from '../../../protocols/line/address.ts'
import { createLine, type Line } from '../../../protocols/line/line.ts'
import { until } from '../../support/until.ts'

const address = (given: object, device?: string) =>
  lineAddress(v.parse(v.strictObject(lineEntries), given), device, { port: 502, baud: 9600 })

describe('the address of a line', () => {
  it.each([
    [{ tcp: 'gw:1502' }, undefined, 'tcp gw 1502'],
    [{ tcp: 'GW' }, undefined, 'tcp gw 502'],
    [{ tcp: ':1502' }, '192.0.2.1', 'tcp 192.0.2.1 1502'],
    [{ tcp: 1502 }, '192.0.2.1', 'tcp 192.0.2.1 1502'],
    [{ tcp: '[2001:db8::1]:1502' }, undefined, 'tcp 2001:db8::1 1502'],
    [{}, '192.0.2.1', 'tcp 192.0.2.1 502'],
    [{ serial: '/dev/ttyS1', baud: 19_200 }, '192.0.2.1', 'serial /dev/ttyS1'],
  ])('%j of %s is %s', (given, device, key) => {
    expect(lineKey(address(given, device))).toBe(key)
  })

  it('is told when it is none, or two', () => {
    expect(() => address({})).toThrow('give tcp: host:port, serial: /dev/…')
    expect(() => address({ tcp: 'gw:1', serial: '/dev/ttyS1' })).toThrow('not both')
    expect(() => address({ tcp: 'gw:99999' })).toThrow('no port 99999')
    expect(address({ serial: 'COM3' })).toMatchObject({ baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 })
  })
})

describe('a line', () => {
  let server: Server
  let line: Line
  const sockets = new Set<Socket>()
  const heard: string[] = []
  let answer: (text: string, socket: Socket) => void = () => undefined
  beforeEach(async () => {
    heard.length = 0
    server = createServer((socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('data', (bytes) => {
        heard.push(bytes.toString())
        answer(bytes.toString(), socket)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const bound = server.address()
    line = createLine({ medium: 'tcp', host: '127.0.0.1', port: typeof bound === 'object' && bound ? bound.port : 0 })
  })
  afterEach(async () => {
    line.close()
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const take = (bytes: Buffer): string | null => (bytes.includes(';') ? bytes.toString() : null)
  const ask = (text: string, timeoutMs = 1000, signal = AbortSignal.timeout(5000)) => line.ask(Buffer.from(text), take, timeoutMs, signal)

  it('asks one thing at a time, in order', async () => {
    let open = 0
    answer = (text, socket) => {
      expect(++open).toBe(1)
      setTimeout(() => {
        open--
        socket.write(`${text}ok;`)
      }, 5)
    }
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((text) => ask(text)))
    expect(answers).toEqual(['aok;', 'bok;', 'cok;', 'dok;'])
    expect(sockets.size).toBe(1)
  })

  it('does not take a late answer for the next one', async () => {
    answer = (text, socket) => void setTimeout(() => socket.destroyed || socket.write(`${text};`), text === 'slow' ? 80 : 1)
    await expect(ask('slow', 40)).rejects.toMatchObject({ reason: 'timeout' })
    expect(await ask('next')).toBe('next;')
  })

  it('who waits too long for its turn is told so, and is not sent', async () => {
    answer = (_, socket) => void setTimeout(() => socket.write(';'), 150)
    const first = ask('first')
    await until(() => heard.length === 1)
    await expect(ask('second', 1000, AbortSignal.timeout(30))).rejects.toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('busy'),
    })
    expect(await first).toBe(';')
    expect(heard).toEqual(['first'])
  })

  it('a line that babbles is cut off', async () => {
    answer = (_, socket) => void socket.write('x'.repeat(20_000))
    await expect(ask('a')).rejects.toMatchObject({ reason: 'protocol', message: expect.stringContaining('without an end') })
  })

  it('a broken line is told at once and opened again', async () => {
    answer = (_, socket) => socket.destroy()
    await expect(ask('a')).rejects.toMatchObject({ reason: 'refused' })
    answer = (_, socket) => void socket.write(';')
    expect(await ask('b')).toBe(';')
  })
})
