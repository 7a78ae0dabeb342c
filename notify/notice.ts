import type { Alarm, NoticeSummary } from '../core/model/alarm.ts'

/** `raise` the beginning · `late` a beginning learnt late · `change` worse, or unattended again · `end` resolved or withdrawn. */
export type About = NoticeSummary['about']

/** One thing a person is told in a message; a message may carry several. */
export interface Notice {
  readonly about: About
  readonly alarm: Alarm
  /** Id of the alarm event behind it. */
  readonly event: string
  /** The alarm fired again within its episode. */
  readonly again: boolean
  /** A `change` because an acknowledgement ended, not because of a rise. */
  readonly remind: boolean
}
