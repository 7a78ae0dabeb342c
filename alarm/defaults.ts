import { eventRules } from './defaults/events.ts'
import { hostRules } from './defaults/hosts.ts'
import { ipmiRules } from './defaults/ipmi.ts'
import { lossRules } from './defaults/losses.ts'
import { powerRules } from './defaults/power.ts'
import { roomRules } from './defaults/room.ts'
import { selfRules } from './defaults/self.ts'
import { serviceRules } from './defaults/services.ts'
import type { RuleInput } from './rule-schema.ts'

/**
 * Rules that come with jifang; alarms.yaml changes or switches off any of them by name, devices.yaml per device.
 * `agent.*` and `check.silent` are not measured but told by the judge itself from the streams (alarm/streams.ts).
 */
export const defaultRules: readonly RuleInput[] = [
  ...lossRules,
  ...hostRules,
  ...serviceRules,
  ...powerRules,
  ...roomRules,
  ...ipmiRules,
  ...eventRules,
  ...selfRules,
]
