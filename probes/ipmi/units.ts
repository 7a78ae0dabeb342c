/** Sensor units (IPMI 2.0 table 43-15) in ipmitool's words, which Telegraf's `unit` tag derives from. */

const BASE = (
  'unspecified|degrees C|degrees F|degrees K|Volts|Amps|Watts|Joules|Coulombs|VA|Nits|lumen|lux|Candela|kPa|PSI|Newton|CFM|RPM|Hz|' +
  'microsecond|millisecond|second|minute|hour|day|week|mil|inches|feet|cu in|cu feet|mm|cm|m|cu cm|cu m|liters|fluid ounce|radians|' +
  'steradians|revolutions|cycles|gravities|ounce|pound|ft-lb|oz-in|gauss|gilberts|henry|millihenry|farad|microfarad|ohms|siemens|mole|' +
  'becquerel|PPM|reserved|Decibels|DbA|DbC|gray|sievert|color temp deg K|bit|kilobit|megabit|gigabit|byte|kilobyte|megabyte|gigabyte|' +
  'word|dword|qword|line|hit|miss|retry|reset|overflow|underrun|collision|packets|messages|characters|error|correctable error|' +
  'uncorrectable error'
).split('|')

const RATE = ['', ' per microsecond', ' per millisecond', ' per second', ' per minute', ' per hour', ' per day', '']

/** `flags` is "sensor units 1": bit 0 percentage, bits 2:1 use of the modifier unit, bits 5:3 rate. */
export function unitText(flags: number, base: number, modifier: number): string {
  const name = BASE[base] ?? `unit ${base}`
  const percent = (flags & 1) !== 0
  const rate = RATE[(flags >> 3) & 7] ?? ''
  if (percent && base === 0) return `percent${rate}`
  const prefix = percent ? '% ' : ''
  const use = (flags >> 1) & 3
  if (use === 1) return `${prefix}${name}/${BASE[modifier] ?? modifier}${rate}`
  if (use === 2) return `${prefix}${name} * ${BASE[modifier] ?? modifier}${rate}`
  return `${prefix}${name}${rate}`
}
