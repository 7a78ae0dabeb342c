import type { Clock } from '../core/lifecycle/clock.ts'
import type { Running } from '../core/lifecycle/stack.ts'
import type { Log } from '../core/log/log.ts'
import type { Alarm, AlarmEvent } from '../core/model/alarm.ts'
import type { Outgoing } from '../core/wire/link.ts'
import { alarmTopic, eventsTopic } from '../core/wire/topics.ts'

export interface AnnounceDeps {
  readonly site: string
  readonly publish: (message: Outgoing) => Promise<void>
  /** After every connect to the broker; returns unsubscribe. */
  readonly onConnected: (listener: () => void) => () => void
  readonly judge: {
    onEvent(listener: (event: AlarmEvent) => void): () => void
    alarms(state: 'open' | 'all', since?: number): readonly Alarm[]
  }
  readonly clock: Clock
  readonly log: Log
}

/** Alarms that ended while the broker was away and whose retained message must still go; beyond it they stay until the broker restarts. */
const MAX_TO_CLEAR = 10_000

/** Retained messages of alarms that ended while the collector or the broker was away this long are taken back. */
const ENDED_LATELY_MS = 3 * 86_400_000

/** Puts alarms on MQTT: each open one retained on `alarms/<id>`, each event on `events`; all again at every connect (DESIGN §5). */
export function startAnnouncing({ site, publish, onConnected, judge, clock, log }: AnnounceDeps): Running {
  const toClear = new Set<string>()
  let first = true
  const quietly = (message: Outgoing): Promise<void> =>
    publish(message).catch((error: unknown) =>
      log.debug({ topic: message.topic, err: error }, 'not announced; it follows at the next connect'),
    )
  const ended = (): string[] =>
    judge.alarms('all', clock.now() - ENDED_LATELY_MS).flatMap((alarm) => (alarm.resolved_at === null ? [] : [alarm.id]))
  const tell = (alarm: Alarm): Promise<void> =>
    quietly({ topic: alarmTopic(site, alarm.id), payload: JSON.stringify(alarm), qos: 1, retain: true })
  const clear = async (id: string): Promise<void> => {
    try {
      await publish({ topic: alarmTopic(site, id), payload: '', qos: 1, retain: true })
      toClear.delete(id)
    } catch {
      if (toClear.size < MAX_TO_CLEAR) toClear.add(id)
    }
  }
  const offEvent = judge.onEvent((event) => {
    void quietly({ topic: eventsTopic(site), payload: JSON.stringify(event), qos: 1 })
    if (event.alarm.resolved_at !== null) return void clear(event.alarm.id)
    toClear.delete(event.alarm.id)
    void tell(event.alarm)
  })
  const offConnected = onConnected(() => {
    if (first) for (const id of ended()) toClear.add(id) // the run before may have left their retained messages
    first = false
    for (const alarm of judge.alarms('open')) {
      if (alarm.state === 'pending') continue
      toClear.delete(alarm.id) // it came back
      void tell(alarm)
    }
    for (const id of [...toClear]) void clear(id)
  })
  return {
    async stop() {
      offEvent()
      offConnected()
    },
  }
}
