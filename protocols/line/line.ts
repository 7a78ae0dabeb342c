import { ProbeError } from '../../core/model/reason.ts'
import { type LineAddress, lineName } from './address.ts'
import { type LineTransport, openTransport } from './transport.ts'
import { createTurns } from './turns.ts'

/** What the bytes so far are: not yet a whole answer, or one and what it says. Throws ProbeError for what can't become one. */
export type Take<T> = (bytes: Buffer) => T | null

/** A line with one conversation at a time: opened at the first question, opened again after it broke. Shared by all checks on it. */
export interface Line {
  readonly name: string
  /** Sends and waits for the answer. Throws ProbeError: timeout, refused, unreachable, protocol … */
  ask<T>(request: Uint8Array, take: Take<T>, timeoutMs: number, signal: AbortSignal): Promise<T>
  close(): void
}

/** No answer of these protocols is longer; a line that babbles must not fill the memory. */
const MAX_ANSWER = 8192
const QUIET_MS = 200

export function createLine(address: LineAddress, open: typeof openTransport = openTransport): Line {
  const name = lineName(address)
  const turns = createTurns(name)
  let transport: LineTransport | null = null
  let pending: { feed(bytes: Buffer): void; fail(error: ProbeError): void } | null = null

  async function opened(signal: AbortSignal): Promise<LineTransport> {
    if (transport) return transport
    const made = await open(address, signal)
    made.onData((bytes) => pending?.feed(bytes))
    made.onClose((why) => {
      if (transport === made) transport = null
      pending?.fail(why)
    })
    transport = made
    return made
  }

  function drop(): void {
    transport?.close()
    transport = null
  }

  /** After a silence or a broken answer the rest may still come, and would be taken for the next answer: TCP starts anew, a serial line is left alone for a moment. */
  async function settle(): Promise<void> {
    if (address.medium === 'tcp') drop()
    else if (transport) await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
  }

  function converse<T>(on: LineTransport, request: Uint8Array, take: Take<T>, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      let bytes = Buffer.alloc(0)
      const end = (settle: () => void): void => {
        pending = null
        signal.removeEventListener('abort', late)
        settle()
      }
      const fail = (error: ProbeError): void => end(() => reject(error))
      const late = (): void => fail(new ProbeError('timeout', `${name}: ${bytes.length > 0 ? 'only part of an answer came' : 'no answer'}`))
      if (signal.aborted) return late()
      signal.addEventListener('abort', late, { once: true })
      pending = {
        fail,
        feed(more) {
          bytes = Buffer.concat([bytes, more])
          if (bytes.length > MAX_ANSWER) return fail(new ProbeError('protocol', `${name}: more than ${MAX_ANSWER} bytes without an end`))
          try {
            const answer = take(bytes)
            if (answer !== null) end(() => resolve(answer))
          } catch (error) {
            end(() => reject(error))
          }
        },
      }
      on.write(request)
    })
  }

  return {
    name,
    ask: (request, take, timeoutMs, signal) =>
      turns.take(signal, async () => {
        const limit = limited(timeoutMs, signal)
        try {
          return await converse(await opened(limit.signal), request, take, limit.signal)
        } catch (error) {
          await settle()
          throw error
        } finally {
          limit.close()
        }
      }),
    close: drop,
  }
}

/** A signal that also aborts after `timeoutMs`; `close` when it is no longer needed. */
export function limited(timeoutMs: number, outer: AbortSignal): { readonly signal: AbortSignal; close(): void } {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  const timer = setTimeout(abort, timeoutMs)
  if (outer.aborted) abort()
  else outer.addEventListener('abort', abort, { once: true })
  return {
    signal: controller.signal,
    close() {
      clearTimeout(timer)
      outer.removeEventListener('abort', abort)
    },
  }
}
