/** A value on the wire. `bigint` is a 64-bit integer; whether a number is written as integer or float is decided by the field registry. */
export type FieldValue = number | bigint | string | boolean

/**
 * One measurement of one thing at one time (DESIGN §6).
 * Tags are bounded names (`cpu`, `path`, `interface`, `sensor` …); a probe leaves out `site` and `device`, the check wrapper adds them.
 */
export interface Sample {
  readonly measurement: string
  readonly tags: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, FieldValue>>
  /** Milliseconds since 1970; a fraction (microseconds) makes event times unique. */
  readonly time: number
}
