import { ProbeError } from '../../core/model/reason.ts'
import type { Opened, Rejection } from './packet.ts'
import type { UdpLink } from './udp.ts'

/** When to send again: the first wait, growing by half each time, `retries` times. */
export interface Timing {
  readonly timeoutMs: number
  readonly retries: number
}

export const waitMs = (timing: Timing, attempt: number): number => timing.timeoutMs * 1.5 ** attempt

/** Nothing that could be used came back, however often we asked. */
export class NoAnswerError extends ProbeError {
  constructor(what: string, link: UdpLink, attempts: number, rejections: ReadonlyMap<Rejection, number>) {
    const where = `${link.address}:${link.port}`
    const told = [...rejections].map(([why, count]) => `${count} ${why}`).join(', ')
    super(
      rejections.size > 0 ? 'protocol' : 'timeout',
      rejections.size > 0
        ? `no usable answer from ${where} to ${what} (asked ${attempts} times, dropped: ${told})`
        : `no answer from ${where} to ${what} (asked ${attempts} times)`,
    )
    this.name = 'NoAnswerError'
  }
}

export function abortError(signal: AbortSignal): ProbeError {
  return new ProbeError('timeout', 'the run was ended before the BMC had answered', { cause: signal.reason })
}

/** Counts why datagrams were dropped while something was waited for. */
export function countRejection(counts: Map<Rejection, number>, why: Rejection): void {
  counts.set(why, (counts.get(why) ?? 0) + 1)
}

export interface Question<T> {
  /** For messages: `Open Session`. */
  readonly what: string
  /** Built anew for every attempt. */
  readonly datagram: () => Buffer
  readonly match: (datagram: Buffer) => Opened<T>
}

/** One question outside of a session, sent again until it is answered. Throws NoAnswerError, or ProbeError when aborted or not sendable. */
export function ask<T>(link: UdpLink, question: Question<T>, timing: Timing, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortError(signal))
      return
    }
    const rejections = new Map<Rejection, number>()
    let attempt = 0
    let timer: NodeJS.Timeout
    const settle = (end: () => void): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      link.receive = () => {}
      link.failed = () => {}
      end()
    }
    const onAbort = (): void => settle(() => reject(abortError(signal)))
    const send = (): void => {
      timer = setTimeout(
        () => {
          if (attempt++ < timing.retries) send()
          else settle(() => reject(new NoAnswerError(question.what, link, attempt, rejections)))
        },
        waitMs(timing, attempt),
      )
      link.send(question.datagram())
    }
    link.receive = (datagram) => {
      const answer = question.match(datagram)
      if (answer.ok) settle(() => resolve(answer.value))
      else countRejection(rejections, answer.why)
    }
    link.failed = (error) => settle(() => reject(error))
    signal.addEventListener('abort', onAbort)
    send()
  })
}
