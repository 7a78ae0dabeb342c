import { existsSync } from 'node:fs'
import { delimiter, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import stringWidth from 'string-width'
import { formatListen } from '../core/config/listen.ts'
import type { LoadedConfig } from './load-config.ts'
import { type Language, pad, paint } from './text.ts'
import { packageRoot, version } from './version.ts'

export interface PanelFacts {
  readonly config: LoadedConfig
  readonly configDir: string
  readonly dataDir: string
  /** Of the console. */
  readonly url: string
  readonly language: Language
}

const WORDS = {
  zh: {
    watching: '监控',
    devices: '台设备启用',
    off: '台未启用',
    console: '控制台',
    api: '接口',
    broker: 'MQTT',
    influx: 'InfluxDB',
    none: '未配置',
    data: '数据',
    config: '配置',
    next: '接下来',
    stop: 'Ctrl-C 停止，数据不丢失',
  },
  en: {
    watching: 'watching',
    devices: 'devices on',
    off: 'switched off',
    console: 'console',
    api: 'API',
    broker: 'MQTT',
    influx: 'InfluxDB',
    none: 'not configured',
    data: 'data',
    config: 'config',
    next: 'next',
    stop: 'Ctrl-C stops, nothing is lost',
  },
} as const

const STEPS: readonly { readonly type: string; readonly zh: string; readonly en: string }[] = [
  { type: 'tail -f', zh: '实时查看告警', en: 'watch alarms as they happen' },
  { type: 'status --all', zh: '查看所有设备', en: 'see all devices' },
  { type: 'check', zh: '检查改过的配置', en: 'check a changed configuration' },
]

/** How this program is called from here: by its name when it is installed, else by its file. */
function program(): string {
  const installed = (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, 'jifang')))
  return installed ? 'jifang' : `node ${relative(process.cwd(), fileURLToPath(new URL('dist/cli/main.js', packageRoot)))}`
}

/** What runs, where things are, what to type next; a box on a terminal, plain lines in a pipe. */
export function renderPanel({ config, configDir, dataDir, url, language }: PanelFacts): string {
  const w = WORDS[language]
  const name = program()
  const on = config.inventory.devices.filter((device) => device.enabled).length
  const { mqtt, influx } = config.settings
  const rows: (readonly [string, string])[] = [
    [
      w.watching,
      `${config.site} · ${on} ${w.devices}${config.inventory.devices.length > on ? ` · ${config.inventory.devices.length - on} ${w.off}` : ''}`,
    ],
    [w.console, paint('cyan', `${url}/`)],
    [w.api, `${url}/api/v1/devices`],
    [w.broker, mqtt.url ?? formatListen(mqtt.listen)],
    [w.influx, influx ? influx.url : w.none],
    [w.data, resolve(dataDir)],
    [w.config, resolve(configDir)],
  ]
  const lines = [
    `${paint(['bold', 'green'], '机房 jifang')} ${paint('gray', version)}`,
    '',
    ...rows.map(([label, text]) => `${paint('gray', pad(label, 10))} ${text}`),
    '',
    ...STEPS.map(({ type, ...words }, at) => {
      const typed = `${name} ${type}`
      return `${paint('gray', pad(at === 0 ? w.next : '', 10))} ${paint('bold', pad(typed, name.length + 14))} ${words[language]}`
    }),
    '',
    paint('gray', w.stop),
  ]
  return process.stdout.isTTY === true ? boxed(lines) : `${lines.filter((line) => line !== '').join('\n')}\n`
}

function boxed(lines: readonly string[]): string {
  const width = Math.max(...lines.map((line) => stringWidth(line)))
  const edge = (left: string, right: string): string => paint('green', `${left}${'─'.repeat(width + 2)}${right}`)
  const side = paint('green', '│')
  return `${[edge('╭', '╮'), ...lines.map((line) => `${side} ${line}${' '.repeat(width - stringWidth(line))} ${side}`), edge('╰', '╯')].join('\n')}\n`
}
