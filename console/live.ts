import { useEffect, useState } from 'preact/hooks'
import type { Alarm } from '../core/model/alarm.ts'
import type { DeviceSummary } from '../core/model/api.ts'
import { ApiError, followEvents, getAlarms, getDevices } from './api.ts'

const REFRESH_MS = 5000

export interface Room {
  readonly site: string
  readonly devices: readonly DeviceSummary[]
  readonly alarms: readonly Alarm[]
  /** False while the collector can't be reached: everything shown is old. */
  readonly connected: boolean
  readonly problem: string
  /** The collector wants a token before it shows anything. */
  readonly locked: boolean
  /** ms of the last complete answer. */
  readonly at: number
}

const EMPTY: Room = { site: '', devices: [], alarms: [], connected: false, problem: '', locked: false, at: 0 }

/** The room as it is now: alarms by event stream, devices every few seconds. */
export function useRoom(): Room {
  const [room, setRoom] = useState<Room>(EMPTY)
  useEffect(() => {
    let stopped = false
    const refresh = async (): Promise<void> => {
      try {
        const [{ site, devices }, { alarms }] = await Promise.all([getDevices(), getAlarms()])
        if (!stopped) setRoom((old) => ({ ...old, site, devices, alarms, problem: '', locked: false, connected: true, at: Date.now() }))
      } catch (error) {
        if (!stopped)
          setRoom((old) => ({
            ...old,
            connected: false,
            locked: error instanceof ApiError && error.status === 401,
            problem: error instanceof Error ? error.message : String(error),
          }))
      }
    }
    void refresh()
    const timer = setInterval(() => void refresh(), REFRESH_MS)
    const unfollow = followEvents(
      () => void refresh(),
      (connected) => setRoom((old) => ({ ...old, connected })),
    )
    return () => {
      stopped = true
      clearInterval(timer)
      unfollow()
    }
  }, [])
  return room
}

/** Re-renders each second for ages. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return now
}
