/** What the bits of discrete sensors mean and how bad they are (IPMI 2.0 tables 42-2 and 42-3), as data. */

/** 0 healthy, 1 warning, 2 critical, 3 non-recoverable. */
export type Gravity = 0 | 1 | 2 | 3

export interface StateMeaning {
  readonly text: string
  readonly gravity: Gravity
}

/** `text` alone is healthy; a leading !, !!, !!! is a warning, critical, non-recoverable; an empty entry is reserved. */
export const rows = (...texts: string[]): readonly (StateMeaning | null)[] =>
  texts.map((text) => {
    const marks = /^!*/.exec(text)?.[0].length ?? 0
    return text === '' ? null : { text: text.slice(marks), gravity: Math.min(3, marks) as Gravity }
  })

export type Table = ReadonlyMap<number, readonly (StateMeaning | null)[]>

/** By event/reading type. 03h depends on what the sensor watches: see `assertedGravity`. */
export const GENERIC_STATES: Table = new Map([
  [0x02, rows('idle', 'active', 'busy')],
  [0x03, rows('deasserted', 'asserted')],
  [0x04, rows('no predictive failure', '!predictive failure')],
  [0x05, rows('limit not exceeded', '!!limit exceeded')],
  [0x06, rows('performance met', '!performance lags')],
  [
    0x07,
    rows(
      'ok',
      '!non-critical',
      '!!critical',
      '!!!non-recoverable',
      '!non-critical',
      '!!critical',
      '!!!non-recoverable',
      'monitor',
      'informational',
    ),
  ],
  [0x08, rows('absent', 'present')],
  [0x09, rows('disabled', 'enabled')],
  [0x0a, rows('running', 'in test', 'power off', 'on line', 'off line', 'off duty', '!degraded', 'power save', '!!install error')],
  [
    0x0b,
    rows(
      'fully redundant',
      '!!redundancy lost',
      '!redundancy degraded',
      '!non-redundant, sufficient resources',
      '!non-redundant, sufficient again',
      '!!!non-redundant, insufficient resources',
      '!redundancy degraded from full',
      '!redundancy degraded from none',
    ),
  ],
  [0x0c, rows('D0 power state', 'D1 power state', 'D2 power state', 'D3 power state')],
])
