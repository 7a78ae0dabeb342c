import type { RuleInput } from '../rule-schema.ts'

/** Names that BMCs give the temperature of the air they breathe, as `name` tags. */
const AMBIENT = ['ambient_temp', 'ambient', 'inlet_temp', 'inlet_ambient', 'system_inlet_temp', 'front_panel_temp', 'fp_ambient_temp']
const CMOS_BATTERY = ['planar_vbat', 'vbat', 'cmos_battery', 'bb_+3.0v_vbat', 'battery_voltage']

/**
 * Hardware as BMCs tell it. `ipmi-sensor` follows the BMC's own thresholds and states: fans, voltages, supplies, redundancy, drives,
 * memory, processors, intrusion. What the BMC's limits see late, or not at all, has a rule of its own.
 */
export const ipmiRules: readonly RuleInput[] = [
  {
    name: 'ipmi-sensor',
    title: { zh: '硬件 {name} 异常({state})', en: 'hardware {name}: {state}' },
    on: 'ipmi_sensor.state_code',
    where: { name: 'not chassis_power_status' },
    by: ['name', 'entity_id'],
    levels: [
      { severity: 'emergency', fire: '>= 3', clear: 'inside 0..2', runs: 2 },
      { severity: 'major', fire: '>= 2', clear: 'inside 0..1', runs: 2 },
      { severity: 'minor', fire: '>= 1', clear: '== 0', runs: 2 },
    ],
  },
  {
    // `alarm_code` leaves out what ipmi-sensor tells anyway; every event has `active_code`.
    name: 'ipmi-event',
    title: { zh: '硬件事件 {sensor}: {text}', en: 'hardware event {sensor}: {text}' },
    on: 'event.alarm_code',
    where: { source: 'sel' },
    by: ['sensor', 'event'],
    levels: [
      { severity: 'emergency', fire: '>= 3', clear: 'inside 0..2' },
      { severity: 'major', fire: '>= 2', clear: 'inside 0..1' },
      { severity: 'minor', fire: '>= 1', clear: '== 0' },
    ],
  },
  {
    name: 'ipmi-ambient',
    title: { zh: '服务器进风温度 {value} ℃', en: 'server inlet air {value} °C' },
    on: 'ipmi_sensor.value',
    where: { name: AMBIENT },
    by: ['name', 'entity_id'],
    levels: [
      { severity: 'major', fire: '>= 36', clear: '< 34', for: '2m' },
      { severity: 'minor', fire: '>= 32', clear: '< 30', for: '5m' },
    ],
  },
  {
    name: 'ipmi-cmos-battery',
    title: { zh: '主板电池电压 {value} V，需更换', en: 'CMOS battery {value} V: replace it' },
    on: 'ipmi_sensor.value',
    where: { name: CMOS_BATTERY },
    by: ['name', 'entity_id'],
    levels: [{ severity: 'minor', fire: '< 2.6', clear: '>= 2.7', for: '10m' }],
  },
  {
    name: 'ipmi-sel-full',
    title: { zh: '服务器事件日志已用 {value}%', en: 'server event log {value} % full' },
    on: 'ipmi_sensor.value',
    where: { name: 'sel_used' },
    by: [],
    levels: [{ severity: 'minor', fire: '> 75', clear: '< 70' }],
  },
  {
    // Explains the host's lost agent and ping, which are then not told on their own.
    name: 'host-power-off',
    title: { zh: '服务器已关机', en: 'host is powered off' },
    on: 'ipmi_sensor.value',
    where: { name: 'chassis_power_status' },
    by: [],
    levels: [{ severity: 'major', fire: '== 0', runs: 2 }],
    loss: 'power',
  },
]
