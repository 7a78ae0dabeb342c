/**
 * Units. The name of a field says its unit by its ending (`_celsius`, `_volt`); `unit:` in a profile says what the device sends.
 * `bounds` are what can be true at all: outside of them a value is bad (or missing, when it is a well-known filler).
 */
interface UnitFacts {
  readonly symbol: string
  readonly min: number
  readonly max: number
  /** With `scale_auto: true`: divide by ten while the value is above this. */
  readonly auto?: number
}

const UNITS: Readonly<Record<string, UnitFacts>> = {
  celsius: { symbol: '°C', min: -100, max: 250, auto: 150 },
  percent: { symbol: '%', min: -1000, max: 1000, auto: 250 },
  volt: { symbol: 'V', min: -2000, max: 50_000, auto: 1000 },
  ampere: { symbol: 'A', min: -30_000, max: 30_000 },
  watt: { symbol: 'W', min: -1e8, max: 1e8 },
  voltampere: { symbol: 'VA', min: -1e8, max: 1e8 },
  var: { symbol: 'var', min: -1e8, max: 1e8 },
  watthour: { symbol: 'Wh', min: 0, max: 1e13 },
  kilowatthour: { symbol: 'kWh', min: -1e9, max: 1e10 },
  amperehour: { symbol: 'Ah', min: -1e6, max: 1e6 },
  hertz: { symbol: 'Hz', min: 0, max: 1000, auto: 100 },
  minutes: { symbol: 'min', min: 0, max: 50_000 },
  seconds: { symbol: 's', min: -1e12, max: 1e12 },
  hours: { symbol: 'h', min: 0, max: 1e7 },
  days: { symbol: 'd', min: -1e5, max: 1e6 },
  ms: { symbol: 'ms', min: 0, max: 1e12 },
  rpm: { symbol: 'rpm', min: 0, max: 60_000 },
  kilopascal: { symbol: 'kPa', min: -1e5, max: 1e5 },
  dbm: { symbol: 'dBm', min: -200, max: 100 },
  db: { symbol: 'dB', min: -200, max: 300 },
  lux: { symbol: 'lx', min: 0, max: 1e6 },
  ohm: { symbol: 'Ω', min: 0, max: 1e12 },
  liter_per_minute: { symbol: 'l/min', min: 0, max: 1e6 },
  cubic_meter_per_hour: { symbol: 'm³/h', min: 0, max: 1e7 },
  meter_per_second: { symbol: 'm/s', min: -1000, max: 1000 },
  bytes: { symbol: 'B', min: 0, max: 1e19 },
  bits_per_second: { symbol: 'bit/s', min: 0, max: 1e15 },
  bytes_per_second: { symbol: 'B/s', min: 0, max: 1e15 },
}

/** Narrower truths for a whole field name. */
const FIELDS: Readonly<Record<string, { readonly min: number; readonly max: number }>> = {
  humidity_percent: { min: 0, max: 110 },
  charge_percent: { min: 0, max: 110 },
  load_percent: { min: 0, max: 400 },
  power_factor: { min: -1.01, max: 1.01 },
  ratio: { min: -1e9, max: 1e9 },
}

const SUFFIXES = Object.keys(UNITS).sort((a, b) => b.length - a.length)

/** `battery_voltage_volt` → `volt`; null when the name carries no unit. */
export function unitOfField(field: string): string | null {
  return SUFFIXES.find((unit) => field === unit || field.endsWith(`_${unit}`)) ?? null
}

export function unitFacts(unit: string): UnitFacts | null {
  return UNITS[unit] ?? null
}

export function boundsOf(field: string): { readonly min: number; readonly max: number } {
  const unit = unitOfField(field)
  return FIELDS[field] ?? (unit ? UNITS[unit] : undefined) ?? { min: -1e20, max: 1e20 }
}

/** Raw numbers that firmware writes when it has nothing to say; missing only where they cannot be true. */
export function isFiller(raw: number): boolean {
  const bare = Math.abs(raw)
  return [127, 128, 255, 999, 9999, 99999, 32767, 32768, 65535, 65534, 2147483647, 2147483648, 4294967295, 273, 2730, 2731, 2732].includes(
    bare,
  )
}

type Conversion = readonly [unit: string, factor: number, offset: number]
const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  fahrenheit: ['celsius', 5 / 9, -160 / 9],
  kelvin: ['celsius', 1, -273.15],
  permille: ['percent', 0.1, 0],
  millivolt: ['volt', 0.001, 0],
  kilovolt: ['volt', 1000, 0],
  milliampere: ['ampere', 0.001, 0],
  milliwatt: ['watt', 0.001, 0],
  kilowatt: ['watt', 1000, 0],
  megawatt: ['watt', 1e6, 0],
  kilovoltampere: ['voltampere', 1000, 0],
  kilovar: ['var', 1000, 0],
  kilohertz: ['hertz', 1000, 0],
  centihertz: ['hertz', 0.01, 0],
  centiseconds: ['seconds', 0.01, 0],
  pascal: ['kilopascal', 0.001, 0],
  hectopascal: ['kilopascal', 0.1, 0],
  bar: ['kilopascal', 100, 0],
  millibar: ['kilopascal', 0.1, 0],
  psi: ['kilopascal', 6.894757, 0],
  inch_of_water: ['kilopascal', 0.2490889, 0],
  liter_per_second: ['liter_per_minute', 60, 0],
  gallon_per_minute: ['liter_per_minute', 3.785412, 0],
  liter_per_hour: ['liter_per_minute', 1 / 60, 0],
  cubic_meter_per_minute: ['cubic_meter_per_hour', 60, 0],
  cubic_meter_per_second: ['cubic_meter_per_hour', 3600, 0],
  cubic_foot_per_minute: ['cubic_meter_per_hour', 1.699011, 0],
  kibibytes: ['bytes', 1024, 0],
  kilobytes: ['bytes', 1000, 0],
  mebibytes: ['bytes', 1_048_576, 0],
  gibibytes: ['bytes', 1_073_741_824, 0],
  kilobits_per_second: ['bits_per_second', 1000, 0],
  megabits_per_second: ['bits_per_second', 1e6, 0],
  milliwatt_db: ['dbm', 1, 0],
}
/** Energy goes between any two of these. */
const WATTHOURS: Readonly<Record<string, number>> = { watthour: 1, kilowatthour: 1000, megawatthour: 1e6 }
const SECONDS: Readonly<Record<string, number>> = { centiseconds: 0.01, ms: 0.001, seconds: 1, minutes: 60, hours: 3600, days: 86_400 }

export const SOURCE_UNITS: readonly string[] = [...Object.keys(UNITS), ...Object.keys(CONVERSIONS), 'megawatthour']

/** Value in `target` of a value in `source`; null when the two measure different things. */
export function convertUnit(value: number, source: string, target: string): number | null {
  if (source === target) return value
  const from = SECONDS[source]
  const to = SECONDS[target]
  if (from !== undefined && to !== undefined) return (value * from) / to
  const energyFrom = WATTHOURS[source]
  const energyTo = WATTHOURS[target]
  if (energyFrom !== undefined && energyTo !== undefined) return (value * energyFrom) / energyTo
  if (source === 'milliwatt' && target === 'dbm') return value > 0 ? 10 * Math.log10(value) : null
  const conversion = CONVERSIONS[source]
  return conversion && conversion[0] === target ? value * conversion[1] + conversion[2] : null
}

const WORDS: Readonly<Record<string, string>> = {
  c: 'celsius',
  degc: 'celsius',
  'deg c': 'celsius',
  degreec: 'celsius',
  degrees: 'celsius',
  f: 'fahrenheit',
  degf: 'fahrenheit',
  'deg f': 'fahrenheit',
  k: 'kelvin',
  '%': 'percent',
  '%rh': 'percent',
  '% rh': 'percent',
  rh: 'percent',
  v: 'volt',
  vac: 'volt',
  vdc: 'volt',
  volts: 'volt',
  'volts ac': 'volt',
  'volts dc': 'volt',
  mv: 'millivolt',
  kv: 'kilovolt',
  a: 'ampere',
  amps: 'ampere',
  amp: 'ampere',
  amperes: 'ampere',
  ma: 'milliampere',
  w: 'watt',
  watts: 'watt',
  kw: 'kilowatt',
  mw: 'milliwatt',
  va: 'voltampere',
  kva: 'kilovoltampere',
  wh: 'watthour',
  kwh: 'kilowatthour',
  hz: 'hertz',
  rpm: 'rpm',
  pa: 'pascal',
  kpa: 'kilopascal',
  hpa: 'hectopascal',
  mbar: 'millibar',
  dbm: 'dbm',
  s: 'seconds',
  sec: 'seconds',
  secs: 'seconds',
  min: 'minutes',
  mins: 'minutes',
  minute: 'minutes',
  second: 'seconds',
  h: 'hours',
  hour: 'hours',
  hrs: 'hours',
  day: 'days',
  lx: 'lux',
  'm/s': 'meter_per_second',
  cfm: 'cubic_foot_per_minute',
  'm3/h': 'cubic_meter_per_hour',
  'l/min': 'liter_per_minute',
  'l/s': 'liter_per_second',
  gpm: 'gallon_per_minute',
}

/** A unit as devices write it (`degC`, `°F`, `VAC`, `% RH`) → its name here; null when unknown. */
export function parseUnit(text: string): string | null {
  const bare = text
    .trim()
    .toLowerCase()
    .replace(/[°º�]|â°/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  return WORDS[bare] ?? (SOURCE_UNITS.includes(bare) ? bare : null)
}
