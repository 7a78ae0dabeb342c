/** Names of sensor types (IPMI 2.0 table 42-3) as ipmitool prints them. */
const TYPES = (
  'Reserved|Temperature|Voltage|Current|Fan|Physical Security|Platform Security|Processor|Power Supply|Power Unit|Cooling Device|Other|Memory|' +
  'Drive Slot / Bay|POST Memory Resize|System Firmware|Event Logging Disabled|Watchdog 1|System Event|Critical Interrupt|Button|' +
  'Module / Board|Microcontroller|Add-in Card|Chassis|Chip Set|Other FRU|Cable / Interconnect|Terminator|System Boot Initiated|Boot Error|' +
  'OS Boot|OS Critical Stop|Slot / Connector|System ACPI Power State|Watchdog 2|Platform Alert|Entity Presence|Monitor ASIC|LAN|' +
  'Management Subsystem Health|Battery|Session Audit|Version Change|FRU State'
).split('|')

export const sensorTypeName = (type: number): string => TYPES[type] ?? (type >= 0xc0 ? 'OEM' : `type ${type}`)
