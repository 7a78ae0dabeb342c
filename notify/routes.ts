import type { Alarm } from '../core/model/alarm.ts'
import type { NotifyConfig } from './notify-file.ts'

/** Person to the channels that reach them for one alarm, in order. */
export type Recipients = ReadonlyMap<string, readonly string[]>

/** All matching routes together; a person keeps the order of the first route and gets the channels of later ones behind it. */
export function recipientsOf(config: NotifyConfig, alarm: Alarm, deviceClass: string | undefined): Recipients {
  const found = new Map<string, readonly string[]>()
  for (const route of config.routes) {
    if (!route.severity.includes(alarm.severity)) continue
    if (route.classes.length > 0 && !(deviceClass !== undefined && route.classes.includes(deviceClass))) continue
    for (const person of route.to) found.set(person, [...new Set([...(found.get(person) ?? []), ...route.channels])])
  }
  return found
}

/** Where somebody who was told is reached when no route matches any more (the end of an alarm whose severity fell): every channel they have anywhere. */
export function channelsOf(config: NotifyConfig, person: string): readonly string[] {
  return [...new Set(config.routes.filter((route) => route.to.includes(person)).flatMap((route) => route.channels))]
}
