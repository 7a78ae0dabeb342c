/** devices.yaml after validation, expansion of ranges and defaults. */

/** Where something was defined, for messages. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly col: number
}

export interface Check {
  /** Unique within the device; the kind when the file gives none. */
  readonly name: string
  readonly kind: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly address?: string
  readonly enabled: boolean
  /** Kind options as written: valid input of the kind's schema (whoever runs the check parses them, which fills defaults); secrets still references. */
  readonly options: Readonly<Record<string, unknown>>
  readonly place: Place
}

export interface Device {
  readonly name: string
  readonly title: string
  /** Short name for SMS; the title when the file gives none. */
  readonly short: string
  readonly class: string
  readonly enabled: boolean
  readonly address?: string
  readonly location?: { readonly room?: string; readonly cabinet?: string }
  /** `key` for departments with the short response time. */
  readonly department?: string
  /** Contract item numbers, free text. */
  readonly contract?: string
  /** Any entry of the outer list being lost explains a loss here; an entry's inner names only when all are lost. */
  readonly dependsOn: readonly (readonly string[])[]
  /** Pollers in order of preference for its remote checks. */
  readonly pollers: readonly string[]
  readonly checks: readonly Check[]
  /** `alarms:` overrides by rule name: levels to replace, or false to switch the rule off here. Shape: alarm/. */
  readonly alarms: Readonly<Record<string, unknown>>
  readonly vendor?: string
  readonly model?: string
  /** Anything worth knowing, for people only. */
  readonly note?: string
  readonly place: Place
  /** Its place in the file as a path (`['devices', 3]`), for messages about what is inside; several devices of one range share it. */
  readonly source?: readonly (string | number)[]
}

export interface Inventory {
  readonly site: string
  readonly devices: readonly Device[]
}
