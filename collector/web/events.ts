import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { AlarmEvent } from '../../core/model/alarm.ts'
import type { WebDeps } from './deps.ts'

const HEARTBEAT_MS = 15_000
/** Events waiting for one client that does not read; then it is cut off and comes back with its Last-Event-ID. */
const MAX_WAITING = 1000

/** `GET /api/v1/events`: server-sent alarm events; with `Last-Event-ID` (or `?since_id=`) those missed come first, without a gap or a double; `live` marks where they end. */
export function streamEvents(c: Context, deps: WebDeps, stopping: AbortSignal): Response {
  const lastId = c.req.header('last-event-id') ?? c.req.query('since_id') ?? null
  const replayAll = c.req.query('replay') === 'all'
  return streamSSE(c, async (stream) => {
    const waiting: AlarmEvent[] = []
    let wake = (): void => {}
    const unsubscribe = deps.onEvent((event) => {
      if (waiting.push(event) <= MAX_WAITING) wake()
      else cutOff()
    })
    const cutOff = (): void => {
      waiting.length = 0
      deps.counters.add('jifang_http_slow_readers_total')
      unsubscribe()
      c.env?.outgoing?.destroy() // a write that waits for it would wait for ever
      stream.abort()
      wake()
    }
    const heartbeat = setInterval(() => wake(), HEARTBEAT_MS)
    const stop = (): void => wake()
    stopping.addEventListener('abort', stop)
    try {
      await stream.writeSSE({ event: 'hello', data: JSON.stringify({ site: deps.site, version: deps.version }) })
      let sent: string | null = null // not lastId: that may be one of another data folder
      if (lastId !== null || replayAll) {
        for (const event of await deps.eventsSince(lastId)) {
          await write(stream, event)
          sent = event.id
        }
      }
      await stream.writeSSE({ event: 'live', data: '{}' })
      while (!stream.aborted && !stopping.aborted) {
        const batch = waiting.splice(0)
        for (const event of batch) if (sent === null || compareEventIds(event.id, sent) > 0) await write(stream, event)
        if (batch.length === 0) await stream.write(': alive\n\n')
        if (waiting.length === 0)
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } finally {
      unsubscribe()
      clearInterval(heartbeat)
      stopping.removeEventListener('abort', stop)
    }
  })
}

const write = (
  stream: { writeSSE(message: { id: string; event: string; data: string }): Promise<void> },
  event: AlarmEvent,
): Promise<void> => stream.writeSSE({ id: event.id, event: 'alarm', data: JSON.stringify(event) })

/** Event ids are `<offset>.<n>`: compared number by number. */
export function compareEventIds(a: string, b: string): number {
  const [aOffset = 0, aN = 0] = a.split('.').map(Number)
  const [bOffset = 0, bN = 0] = b.split('.').map(Number)
  return aOffset - bOffset || aN - bN
}
