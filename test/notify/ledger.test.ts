import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Alarm } from '../../core/model/alarm.ts'
import { SEVERITIES, severityRank } from '../../core/model/severity.ts'
import { Ledger } from '../../notify/ledger.ts'
import type { Entry, Fate } from '../../notify/ledger-entry.ts'
import { alarmEvent } from '../support/alarm-events.ts'

const ZHANG = new Set(['zhang'])
const NOBODY = new Set<string>()

/** Steps: an event, or `tell FATE` for all that zhang is owed. */
function play(...steps: readonly (ReturnType<typeof alarmEvent> | Fate | 'crash')[]): string[] {
  const ledger = new Ledger()
  const told: string[] = []
  for (const step of steps) {
    if (step === 'crash') {
      ledger.begin(ledger.owed('zhang'))
      ledger.recover(0)
    } else if (typeof step === 'string') {
      const items = ledger.owed('zhang')
      ledger.begin(items)
      ledger.settle(items, step, 'modem', 1)
      told.push(items.map((item) => item.about).join('+') || '-')
    } else ledger.event(step, ZHANG)
  }
  told.push(
    `owed: ${
      ledger
        .owed('zhang')
        .map((item) => item.about)
        .join('+') || '-'
    }`,
  )
  return told
}

describe('what is owed', () => {
  const late = { late: true }
  const caused = { caused_by: 'switch-1' }
  test.each([
    ['a beginning, then its end', [alarmEvent('raised'), 'sent', alarmEvent('resolved'), 'sent'], ['raise', 'end', 'owed: -']],
    ['nothing twice', [alarmEvent('raised'), 'sent', alarmEvent('note'), 'sent'], ['raise', '-', 'owed: -']],
    ['nothing when it ended unsent', [alarmEvent('raised'), alarmEvent('resolved'), 'sent'], ['-', 'owed: -']],
    ['no end where the beginning failed', [alarmEvent('raised'), 'unsent', alarmEvent('resolved'), 'sent'], ['raise', '-', 'owed: -']],
    ['the beginning again after a failure', [alarmEvent('raised'), 'unsent', 'sent'], ['raise', 'raise', 'owed: -']],
    ['withdrawal to who was told', [alarmEvent('raised'), 'sent', alarmEvent('withdrawn'), 'sent'], ['raise', 'end', 'owed: -']],
    [
      'a rise, not a fall',
      [
        alarmEvent('raised', { severity: 'minor' }),
        'sent',
        alarmEvent('severity', { severity: 'major' }),
        'sent',
        alarmEvent('severity', { severity: 'minor' }),
        'sent',
      ],
      ['raise', 'change', '-', 'owed: -'],
    ],
    [
      'a rise before the beginning went out as one beginning',
      [alarmEvent('raised', { severity: 'minor' }), alarmEvent('severity'), 'sent'],
      ['raise', 'owed: -'],
    ],
    [
      'a new beginning when it fires again',
      [alarmEvent('raised'), 'sent', alarmEvent('resolved'), 'sent', alarmEvent('reopened'), 'sent'],
      ['raise', 'end', 'raise', 'owed: -'],
    ],
    [
      'nothing when it fired again before its end was told',
      [alarmEvent('raised'), 'sent', alarmEvent('resolved'), alarmEvent('reopened'), 'sent'],
      ['raise', '-', 'owed: -'],
    ],
    [
      'a reminder when an acknowledgement ends',
      [alarmEvent('raised'), 'sent', alarmEvent('acknowledged'), alarmEvent('unacknowledged'), 'sent'],
      ['raise', 'change', 'owed: -'],
    ],
    ['nothing while it is an effect', [alarmEvent('raised', caused), 'sent'], ['-', 'owed: -']],
    [
      'the beginning when it outlives its cause',
      [alarmEvent('raised', caused), 'sent', alarmEvent('known'), 'sent'],
      ['-', 'raise', 'owed: -'],
    ],
    [
      'the end also of what became an effect later',
      [alarmEvent('raised'), 'sent', alarmEvent('severity', caused), alarmEvent('resolved', caused), 'sent'],
      ['raise', 'end', 'owed: -'],
    ],
    ['a late beginning', [alarmEvent('raised', {}, late), 'sent', alarmEvent('resolved'), 'sent'], ['late', 'end', 'owed: -']],
    [
      'a late emergency once, although it is over',
      [alarmEvent('raised', {}, late), alarmEvent('resolved', {}, late), 'sent'],
      ['late', 'owed: -'],
    ],
    [
      'nothing of a late minor alarm that is over',
      [alarmEvent('raised', { severity: 'minor' }, late), alarmEvent('resolved', { severity: 'minor' }, late), 'sent'],
      ['-', 'owed: -'],
    ],
    [
      'a beginning in doubt again while it lasts',
      [alarmEvent('raised'), 'crash', 'sent', alarmEvent('resolved'), 'sent'],
      ['raise', 'end', 'owed: -'],
    ],
    ['the end of a beginning in doubt', [alarmEvent('raised'), 'crash', alarmEvent('resolved'), 'sent'], ['end', 'owed: -']],
    ['an end in doubt again', [alarmEvent('raised'), 'sent', alarmEvent('resolved'), 'crash', 'sent'], ['raise', 'end', 'owed: -']],
    [
      'nothing more to who can not be reached',
      [alarmEvent('raised'), 'refused', 'sent', alarmEvent('resolved'), 'sent'],
      ['raise', '-', '-', 'owed: -'],
    ],
    [
      'a worse one even so',
      [alarmEvent('raised', { severity: 'minor' }), 'refused', alarmEvent('severity'), 'sent'],
      ['raise', 'raise', 'owed: -'],
    ],
  ] as const)('%s', (_name, steps, expected) => {
    expect(play(...steps)).toEqual(expected)
  })

  test('an end that came while the beginning was under way follows it', () => {
    const ledger = new Ledger()
    ledger.event(alarmEvent('raised'), ZHANG)
    const items = ledger.owed('zhang')
    ledger.begin(items)
    ledger.event(alarmEvent('resolved'), ZHANG)
    expect(ledger.owed('zhang')).toEqual([])
    ledger.settle(items, 'sent', 'modem', 1)
    expect(ledger.owed('zhang').map((item) => item.about)).toEqual(['end'])
  })

  test('who is no longer routed hears the end, but no new beginning', () => {
    const ledger = new Ledger()
    ledger.event(alarmEvent('raised'), ZHANG)
    const tell = () => {
      const items = ledger.owed('zhang')
      ledger.begin(items)
      ledger.settle(items, 'sent', 'modem', 1)
      return items.map((item) => item.about)
    }
    tell()
    ledger.event(alarmEvent('resolved'), NOBODY)
    expect(tell()).toEqual(['end'])
    ledger.event(alarmEvent('reopened'), NOBODY)
    expect(tell()).toEqual([])
  })

  test('worst first, ends last; the summary tells what was sent and what is owed', () => {
    const ledger = new Ledger()
    ledger.event(alarmEvent('raised', { id: 'old', severity: 'emergency' }), ZHANG)
    const items = ledger.owed('zhang')
    ledger.begin(items)
    ledger.settle(items, 'sent', 'modem', 5)
    ledger.event(alarmEvent('resolved', { id: 'old', severity: 'emergency' }), ZHANG)
    ledger.event(alarmEvent('raised', { id: 'a', severity: 'minor' }), ZHANG)
    ledger.event(alarmEvent('raised', { id: 'b', severity: 'major' }), ZHANG)
    expect(ledger.owed('zhang').map((item) => item.entry.alarm.id)).toEqual(['b', 'a', 'old'])
    expect(ledger.pending()).toBe(3)
    expect(ledger.summary('old').map(({ about, state, channel }) => [about, state, channel])).toEqual([
      ['raise', 'sent', 'modem'],
      ['end', 'owed', ''],
    ])
    expect(ledger.summary('nothing')).toEqual([])
  })

  test('forgets closed alarms after a day, never open or owed ones', () => {
    const ledger = new Ledger()
    ledger.event(alarmEvent('raised', { id: 'done' }), ZHANG)
    ledger.event(alarmEvent('resolved', { id: 'done' }), ZHANG)
    ledger.event(alarmEvent('raised', { id: 'open' }), ZHANG)
    ledger.prune(alarmEvent('resolved').at + 90_000_000)
    expect([...ledger.entries()].map((entry) => entry.alarm.id)).toEqual(['open'])
  })
})

type Action =
  | {
      readonly do: 'event'
      readonly alarm: number
      readonly kind: 'raised' | 'resolved' | 'severity' | 'withdrawn' | 'reopened' | 'acknowledged' | 'unacknowledged'
      readonly severity: Alarm['severity']
      readonly late: boolean
    }
  | { readonly do: 'tell'; readonly fate: Fate; readonly arrived: boolean }
  | { readonly do: 'crash'; readonly arrived: boolean }
  | { readonly do: 'restart' }

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('event' as const),
      alarm: fc.nat(2),
      kind: fc.constantFrom('raised', 'resolved', 'severity', 'withdrawn', 'reopened', 'acknowledged', 'unacknowledged'),
      severity: fc.constantFrom(...SEVERITIES),
      late: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('tell' as const),
      fate: fc.constantFrom<Fate>('sent', 'unsent', 'unknown'),
      arrived: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), arrived: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
)

/** Plays actions against a ledger and keeps, as the person's telephone would, what arrived about each alarm. */
class Telephone {
  ledger = new Ledger()
  readonly believes = new Map<string, 'open' | 'maybe'>()
  readonly faults: string[] = []
  doubts = 0

  step(action: Action): void {
    if (action.do === 'event') {
      const over = { id: `alarm-${action.alarm}`, severity: action.severity }
      this.ledger.event(alarmEvent(action.kind, over, { late: action.late }), ZHANG)
    } else if (action.do === 'restart') {
      const entries = JSON.parse(JSON.stringify([...this.ledger.entries()])) as Entry[]
      this.ledger = new Ledger()
      this.ledger.put(entries)
      this.ledger.recover(0)
    } else this.tell(action.do === 'crash' ? 'crash' : action.fate, action.arrived)
  }

  tell(fate: Fate | 'crash', arrived: boolean): void {
    const items = this.ledger.owed('zhang')
    this.ledger.begin(items)
    const unclear = fate === 'unknown' || fate === 'crash'
    for (const { entry, about } of items) {
      const id = entry.alarm.id
      const belief = this.believes.get(id)
      const reached = fate === 'sent' || (unclear && arrived)
      if (about === 'end' && belief === undefined) this.faults.push(`end of ${id} without a beginning`)
      if ((about === 'raise' || about === 'late') && belief === 'open' && fate !== 'crash') this.faults.push(`${id} begun twice`)
      if (unclear) this.doubts++
      if (about === 'end') {
        if (fate === 'sent') this.believes.delete(id)
        else if (reached) this.believes.set(id, 'maybe')
      } else if (about === 'late' && !entry.open) this.believes.delete(id)
      else if (fate === 'sent') this.believes.set(id, 'open')
      else if (unclear && belief !== 'open') this.believes.set(id, 'maybe')
    }
    if (fate === 'crash') this.ledger.recover(0)
    else this.ledger.settle(items, fate, 'modem', 0)
  }
}

describe('any order of events, failures and restarts', () => {
  test('every beginning that was told gets its end, and no end comes without a beginning', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const phone = new Telephone()
        for (const step of actions) phone.step(step)
        for (const alarm of [0, 1, 2]) phone.ledger.event(alarmEvent('resolved', { id: `alarm-${alarm}` }), ZHANG)
        phone.tell('sent', true)
        phone.tell('sent', true)
        expect(phone.faults).toEqual([])
        expect([...phone.believes]).toEqual([])
        expect(phone.ledger.pending()).toBe(0)
      }),
      { numRuns: 600 },
    )
  })

  test('an open alarm is known to its person at its severity or a worse one, once all that is owed has been told', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const phone = new Telephone()
        for (const step of actions) phone.step(step)
        phone.tell('sent', true)
        for (const entry of phone.ledger.entries()) {
          if (!entry.open) expect(entry.told).toBeNull()
          else expect(severityRank(entry.told?.severity)).toBeGreaterThanOrEqual(severityRank(entry.alarm.severity))
        }
      }),
      { numRuns: 300 },
    )
  })
})
