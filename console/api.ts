import type { Alarm, AlarmEvent } from '../core/model/alarm.ts'
import type { AgentView, DeviceDetail, DeviceSummary, SeriesAnswer } from '../core/model/api.ts'

const TOKEN_KEY = 'jifang-token'

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

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (token.get() !== '') headers.authorization = `Bearer ${token.get()}`
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

/** Follows the event stream; the browser reconnects with Last-Event-ID by itself. @returns stop */
export function followEvents(onEvent: (event: AlarmEvent) => void, onState: (connected: boolean) => void): () => void {
  const source = new EventSource('./api/v1/events')
  source.addEventListener('alarm', (message) => onEvent(JSON.parse((message as MessageEvent<string>).data) as AlarmEvent))
  source.addEventListener('open', () => onState(true))
  source.addEventListener('error', () => onState(false))
  return () => source.close()
}
