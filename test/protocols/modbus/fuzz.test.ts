import { createServer, type Server, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { REASONS, reasonOf } from '../../../core/model/reason.ts'
import { createBus } from '../../../protocols/modbus/bus.ts'
import type { FunctionCode } from '../../../protocols/modbus/value.ts'

const LIMITS = { timeoutMs: 25, retries: 0, gapMs: 0 }
let server: Server
const sockets = new Set<Socket>()

/** A gateway that answers every request with what the test says. */
async function gateway(answer: (request: Buffer) => Uint8Array): Promise<number> {
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', (request) => socket.write(answer(request)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

/** CRC-16 of Modbus. */
function crc(bytes: Uint8Array): Buffer {
  let value = 0xffff
  for (const byte of bytes) {
    value ^= byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >> 1) ^ 0xa001 : value >> 1
  }
  return Buffer.from([value & 0xff, value >> 8])
}

const functionCode = fc.constantFrom<FunctionCode>(1, 2, 3, 4)
const count = fc.integer({ min: 1, max: 40 })
const noise = fc.uint8Array({ maxLength: 80 })
/** An answer with the right unit and function, and anything behind. */
const almost = (code: number, body: Uint8Array): Buffer => Buffer.concat([Buffer.from([1, code]), body])

describe.each([['tcp'], ['rtu']] as const)('whatever a gateway answers over %s', (framing) => {
  it('is right, or an error in words; it never ends the process, hangs, or gives numbers that were not sent', async () => {
    let next: (request: Buffer) => Uint8Array = () => new Uint8Array()
    const port = await gateway((request) => next(request))
    const bus = createBus({ medium: 'tcp', host: '127.0.0.1', port }, framing)
    await fc.assert(
      fc.asyncProperty(functionCode, count, noise, fc.constantFrom('noise', 'almost', 'exception'), async (code, many, body, how) => {
        next = (request) => {
          const pdu =
            how === 'noise' ? Buffer.from(body) : how === 'exception' ? Buffer.from([1, code | 0x80, body[0] ?? 0]) : almost(code, body)
          if (framing === 'rtu') return how === 'noise' ? body : Buffer.concat([pdu, crc(pdu)])
          if (how === 'noise') return body
          const head = Buffer.from([request[0] ?? 0, request[1] ?? 0, 0, 0, 0, pdu.length])
          return Buffer.concat([head, pdu])
        }
        const outcome = await bus.read(1, code, 0, many, LIMITS, AbortSignal.timeout(1000)).catch((error: unknown) => error)
        if (Array.isArray(outcome)) expect(outcome).toHaveLength(many)
        else {
          expect(REASONS).toContain(reasonOf(outcome))
          expect(reasonOf(outcome)).not.toBe('internal')
        }
      }),
      { numRuns: 40 },
    )
    bus.close()
  }, 20_000)
})

it('hears a gateway again that once sent half an answer', async () => {
  const answers = [[0], [0, 9, 0], null, null]
  const port = await gateway((request) => {
    const broken = answers.shift()
    if (broken) return Uint8Array.from(broken)
    return Buffer.concat([request.subarray(0, 4), Buffer.from([0, 5, 1, 3, 2, 0, 42])])
  })
  const bus = createBus({ medium: 'tcp', host: '127.0.0.1', port }, 'tcp')
  const read = () => bus.read(1, 3, 0, 1, { ...LIMITS, timeoutMs: 400 }, AbortSignal.timeout(5000)).catch((error: Error) => error.message)
  expect([await read(), await read()]).toEqual([expect.stringContaining('no answer'), expect.stringContaining('no answer')])
  expect(await read()).toEqual([42])
  bus.close()
})
