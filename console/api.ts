import type { Alarm, AlarmEvent } from '../core/model/alarm.ts'
import type { AgentView, DeviceDetail, DeviceSummary, SeriesAnswer } from '../core/model/api.ts'

const TOKEN_KEY = 'jifang-token'
const RECONNECT_MS = 2000

export const token = {
  get: (): string => localStorage.getItem(TOKEN_KEY) ?? '',
  set: (value: string): void => localStorage.setItem(TOKEN_KEY, value),
}

/** The collector refused; `status` tells whether a token would help. */
export class ApiError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const authorization = (): Record<string, string> => (token.get() === '' ? {} : { authorization: `Bearer ${token.get()}` })

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = { 'content-type': 'application/json', ...authorization() }
  const response = await fetch(`.${path}`, { ...init, headers, signal: AbortSignal.timeout(20_000) })
  const body = (await response.json()) as T & { error?: string }
  if (!response.ok) throw new ApiError(response.status, body.error ?? response.statusText)
  return body
}

export const getDevices = (): Promise<{ site: string; devices: DeviceSummary[] }> => call('/api/v1/devices')
export const getDevice = (name: string): Promise<DeviceDetail> => call(`/api/v1/devices/${encodeURIComponent(name)}`)
export const getAgents = (): Promise<{ agents: AgentView[] }> => call('/api/v1/agents')
export const getAlarms = (): Promise<{ alarms: Alarm[] }> => call('/api/v1/alarms?state=open')
export const getSeries = (device: string, measurement: string, field: string, from: number, step: string): Promise<SeriesAnswer> =>
  call(`/api/v1/series?${new URLSearchParams({ device, measurement, field, from: String(from), step })}`)
export const acknowledge = (id: string, note: string): Promise<Alarm> =>
  call(`/api/v1/alarms/${encodeURIComponent(id)}/ack`, { method: 'POST', body: JSON.stringify(note === '' ? {} : { note }) })

/**
 * Follows the event stream until stopped; comes back by itself with Last-Event-ID. By fetch and not EventSource,
 * which can't send a token.
 * @returns stop
 */
export function followEvents(onEvent: (event: AlarmEvent) => void, onState: (connected: boolean) => void): () => void {
  const stop = new AbortController()
  const follow = async (): Promise<void> => {
    let lastId = ''
    while (!stop.signal.aborted) {
      try {
        await readStream(lastId, stop.signal, onState, (event) => {
          lastId = event.id
          onEvent(event)
        })
      } catch {
        // told by onState below; every reason ends in trying again
      }
      if (!stop.signal.aborted) onState(false)
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS))
    }
  }
  void follow()
  return () => stop.abort()
}

async function readStream(
  lastId: string,
  signal: AbortSignal,
  onState: (connected: boolean) => void,
  onEvent: (event: AlarmEvent) => void,
): Promise<void> {
  const response = await fetch('./api/v1/events', {
    headers: { ...authorization(), ...(lastId === '' ? {} : { 'last-event-id': lastId }) },
    signal,
  })
  if (!response.ok || !response.body) return
  onState(true)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let buffered = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const blocks = (buffered + value).split('\n\n')
    buffered = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = /^data: ?(.*)$/m.exec(block)?.[1]
      if (data !== undefined && /^event: ?alarm$/m.test(block)) onEvent(JSON.parse(data) as AlarmEvent)
    }
  }
}
