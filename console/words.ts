import type { AlarmState } from '../core/model/alarm.ts'
import type { DeviceState } from '../core/model/api.ts'

/** Chinese first; English for who asks for it: `/?lang=en`. */
export const LANGUAGE: 'zh' | 'en' = new URLSearchParams(location.search).get('lang') === 'en' ? 'en' : 'zh'

/** The text in the language of this page. */
export const say = (zh: string, en: string): string => (LANGUAGE === 'zh' ? zh : en)

const CLASS_ZH: Readonly<Record<string, string>> = {
  server: '服务器',
  host: '主机',
  ups: 'UPS',
  aircon: '空调',
  env: '环境',
  switch: '交换机',
  firewall: '防火墙',
  ids: '入侵检测',
  audit: '审计',
  storage: '存储',
  voice: '语音',
  video: '视频',
  printer: '打印机',
  service: '服务',
  network: '网络',
  vpn: 'VPN',
  pc: '终端',
}

/** The class itself is an English word. */
export const classTitle = (name: string): string => say(CLASS_ZH[name] ?? name, name)

export const DEVICE_STATE: Readonly<Record<DeviceState, string>> = {
  ok: say('正常', 'ok'),
  alarm: say('告警', 'alarm'),
  unknown: say('无数据', 'no data'),
  disabled: say('未启用', 'disabled'),
}

export const ALARM_STATE: Readonly<Record<AlarmState, string>> = {
  pending: say('待定', 'pending'),
  firing: say('告警中', 'firing'),
  acknowledged: say('已确认', 'acknowledged'),
  unknown: say('失联', 'unknown'),
  resolved: say('已恢复', 'resolved'),
  withdrawn: say('已撤销', 'withdrawn'),
}

const two = (n: number): string => String(n).padStart(2, '0')

/** Local `HH:MM:SS`, with the date when it is not today's. */
export function clockTime(ms: number): string {
  const d = new Date(ms)
  const time = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
  return d.toDateString() === new Date().toDateString() ? time : `${two(d.getMonth() + 1)}-${two(d.getDate())} ${time}`
}

/** How long ago, in words. */
export function ago(ms: number | null, now: number): string {
  if (ms === null) return say('从未', 'never')
  const seconds = Math.max(0, Math.round((now - ms) / 1000))
  if (seconds < 60) return say(`${seconds} 秒前`, `${seconds} s ago`)
  if (seconds < 3600) return say(`${Math.floor(seconds / 60)} 分前`, `${Math.floor(seconds / 60)} min ago`)
  if (seconds < 172_800) return say(`${Math.floor(seconds / 3600)} 小时前`, `${Math.floor(seconds / 3600)} h ago`)
  return say(`${Math.floor(seconds / 86_400)} 天前`, `${Math.floor(seconds / 86_400)} days ago`)
}

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/_percent$|^percent_|^usage_/, ' %'],
  [/_celsius$/, ' °C'],
  [/_ms$/, ' ms'],
  [/_volts?$/, ' V'],
  [/_amperes?$/, ' A'],
  [/_watts?$/, ' W'],
  [/_hertz$/, ' Hz'],
  [/_seconds$/, ' s'],
  [/_minutes$/, ' min'],
]

/** Fields whose name does not say that they are bytes. */
const IN_BYTES: Readonly<Record<string, RegExp>> = {
  mem: /^(?!.*_percent$|huge_pages_)/,
  swap: /^(total|used|free|in|out)$/,
  disk: /^(total|used|free)$/,
}
const IN_SECONDS: Readonly<Record<string, RegExp>> = {
  net_response: /^response_time$/,
  http_response: /^response_time$/,
}

/** A measured value with its unit, read off the field's name; bytes in binary units. */
export function withUnit(measurement: string, field: string, value: number | string | boolean): string {
  if (typeof value !== 'number') return String(value)
  if (IN_BYTES[measurement]?.test(field) || /_bytes$|^bytes_/.test(field)) return inBytes(value)
  if (measurement === 'system' && field === 'uptime') return lasting(value)
  const unit = IN_SECONDS[measurement]?.test(field) ? ' s' : (UNITS.find(([pattern]) => pattern.test(field))?.[1] ?? '')
  return `${Number(value.toFixed(Math.abs(value) < 1 ? 4 : 2)).toLocaleString('zh-CN')}${unit}`
}

function lasting(seconds: number): string {
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60]
  if (days > 0) return say(`${days} 天 ${hours} 小时`, `${days} d ${hours} h`)
  return hours > 0 ? say(`${hours} 小时 ${minutes} 分`, `${hours} h ${minutes} min`) : say(`${minutes} 分`, `${minutes} min`)
}

/** Local time on an axis with ticks `step` seconds apart: the date where days matter, 24 hours. */
export function axisTime(seconds: number, step: number): string {
  const d = new Date(seconds * 1000)
  const date = `${two(d.getMonth() + 1)}-${two(d.getDate())}`
  const time = `${two(d.getHours())}:${two(d.getMinutes())}`
  if (step >= 86_400) return date
  if (step < 60) return `${time}:${two(d.getSeconds())}`
  return time === '00:00' ? date : time
}

function inBytes(value: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let power = 0
  let rest = value
  while (Math.abs(rest) >= 1024 && power < names.length - 1) {
    rest /= 1024
    power++
  }
  return `${Number(rest.toFixed(1))} ${names[power]}`
}
