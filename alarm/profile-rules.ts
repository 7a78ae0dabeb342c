import type { ProfileRules } from './rules-file.ts'

/** The part of an SNMP profile that concerns alarms. */
interface ProfileWithAlarms {
  readonly profile: string
  readonly alarms?: readonly unknown[] | undefined
}

/** Default rules that come with profiles; an operator's own profile may stand behind a shipped one of the same name. */
export function profileRules(profiles: readonly ProfileWithAlarms[]): ProfileRules[] {
  return profiles.flatMap(({ profile, alarms }) =>
    alarms && alarms.length > 0 ? [{ place: { file: `profiles/${profile}.yaml`, line: 1, col: 1 }, rules: alarms }] : [],
  )
}
