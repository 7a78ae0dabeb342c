import { describe, expect, it } from 'vitest'
import { startAnnouncing } from '../../collector/announce.ts'
import { silentLog } from '../../core/log/log.ts'
import type { Alarm, AlarmEvent } from '../../core/model/alarm.ts'

const NOW = 1_700_000_000_000

const alarm = (id: string, state: Alarm['state']): Alarm => ({
  id,
  short_id: id,
  rule: 'r',
  device: 'd',
  instance: '',
  title: { zh: '', en: '' },
  severity: 'major',
  state,
  condition: 'active',
  latched: false,
  ack: null,
  caused_by: null,
  suppressed_by: null,
  value: 1,
  threshold: '> 0',
  since: NOW,
  updated: NOW,
  resolved_at: state === 'resolved' ? NOW : null,
  deadlines: {},
  milestones: {},
  notices: [],
})

/** A broker that keeps retained messages, and a judge whose alarms the test decides. */
function scene(kept: Record<string, string> = {}) {
  const retained = new Map(Object.entries(kept))
  const events: string[] = []
  let online = true
  let current: Alarm[] = []
  let connected = (): void => {}
  let happened = (_: AlarmEvent): void => {}
  startAnnouncing({
    site: 's',
    async publish({ topic, payload, retain }) {
      if (!online) throw new Error('not connected')
      if (!retain) events.push(topic)
      else if (payload === '') retained.delete(topic)
      else retained.set(topic, String(payload))
    },
    onConnected(listener) {
      connected = listener
      return () => undefined
    },
    judge: {
      onEvent(listener) {
        happened = listener
        return () => undefined
      },
      alarms: (state) => current.filter((one) => state === 'all' || one.resolved_at === null),
    },
    clock: { now: () => NOW, monotonic: () => 0 },
    log: silentLog,
  })
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  return {
    events,
    topics: () => [...retained.keys()].map((topic) => topic.replace('jifang/s/alarms/', '')),
    async connect(is: boolean) {
      online = is
      if (is) connected()
      await settled()
    },
    async set(...alarms: Alarm[]) {
      current = alarms
      const last = alarms.at(-1)
      if (last) happened({ id: '1.0', at: NOW, kind: last.resolved_at === null ? 'raised' : 'resolved', alarm: last })
      await settled()
    },
    judged: (...alarms: Alarm[]) => {
      current = alarms
    },
  }
}

describe('alarms on MQTT', () => {
  it('are retained while open, and each event is told', async () => {
    const { set, topics, events, connect } = scene()
    await connect(true)
    await set(alarm('a', 'firing'))
    expect(topics()).toEqual(['a'])
    await set(alarm('a', 'resolved'))
    expect(topics()).toEqual([])
    expect(events).toEqual(['jifang/s/events', 'jifang/s/events'])
  })

  it('go when the broker is back that was away at their end', async () => {
    const { set, topics, connect } = scene()
    await connect(true)
    await set(alarm('a', 'firing'))
    await connect(false)
    await set(alarm('a', 'resolved'))
    expect(topics()).toEqual(['a'])
    await connect(true)
    expect(topics()).toEqual([])
  })

  it('stay when they came back meanwhile', async () => {
    const { set, topics, connect } = scene()
    await connect(true)
    await set(alarm('a', 'firing'))
    await connect(false)
    await set(alarm('a', 'resolved'))
    await set(alarm('a', 'firing'))
    await connect(true)
    expect(topics()).toEqual(['a'])
  })

  it('of the run before go when they ended while the collector was away', async () => {
    const { topics, connect, judged } = scene({ 'jifang/s/alarms/a': '{}', 'jifang/s/alarms/b': '{}' })
    judged(alarm('a', 'resolved'), alarm('b', 'firing'))
    await connect(true)
    expect(topics()).toEqual(['b'])
  })
})
