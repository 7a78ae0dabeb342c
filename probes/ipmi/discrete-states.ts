import { SENSOR_STATES } from './sensor-states.ts'
import { GENERIC_STATES, type Gravity, type StateMeaning } from './state-tables.ts'

/** Types whose digital "asserted" is a fault: temperature, voltage, current, fan, processor, supply, cooling, memory, drive, bus. */
const WATCHED = new Set([0x01, 0x02, 0x03, 0x04, 0x07, 0x08, 0x0a, 0x0c, 0x0d, 0x13, 0x15, 0x16, 0x29])
const FAULT_NAME = /fault|fail|error|over|warn|therm|crit|lost|bad|hot/i
const HARMLESS_NAME = /presen|power on|host power|\bok\b|good|enable|redundan|ready/i

/** Digital sensors say only "asserted": what they watch, and their name, decide whether that is bad. */
function assertedGravity(type: number, name: string): Gravity {
  if (HARMLESS_NAME.test(name)) return 0
  if (FAULT_NAME.test(name)) return 2
  return WATCHED.has(type) ? 2 : 0
}

/** Meaning of one state bit or event offset; unknown ones are named by number and not called bad. */
export function stateMeaning(eventType: number, sensorType: number, offset: number, name: string): StateMeaning {
  const table = eventType === 0x6f ? SENSOR_STATES.get(sensorType) : GENERIC_STATES.get(eventType)
  const known = table?.[offset]
  if (!known) return { text: eventType >= 0x70 || sensorType >= 0xc0 ? `OEM state ${offset}` : `state ${offset}`, gravity: 0 }
  if (eventType === 0x03 && offset === 1) return { text: known.text, gravity: assertedGravity(sensorType, name) }
  return known
}
