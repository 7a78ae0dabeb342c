import type { RuleInput } from '../rule-schema.ts'

/** Hosts, by Telegraf's measurements. */
export const hostRules: readonly RuleInput[] = [
  {
    name: 'cpu-busy',
    title: { zh: 'CPU 空闲不足', en: 'CPU idle too low' },
    on: 'cpu.usage_idle',
    where: { cpu: 'cpu-total' },
    by: [],
    levels: [
      { severity: 'major', fire: '< 3', clear: '> 8', for: '10m', clear_for: '1m' },
      { severity: 'minor', fire: '< 10', clear: '> 15', for: '5m', clear_for: '1m' },
    ],
  },
  {
    name: 'memory-full',
    title: { zh: '内存使用率', en: 'memory used' },
    on: 'mem.used_percent',
    levels: [
      { severity: 'major', fire: '> 97', clear: '< 94', for: '5m' },
      { severity: 'minor', fire: '> 90', clear: '< 85', for: '5m' },
    ],
  },
  {
    name: 'swap-full',
    title: { zh: '交换区使用率', en: 'swap used' },
    on: 'swap.used_percent',
    levels: [{ severity: 'minor', fire: '> 80', clear: '< 70', for: '10m' }],
  },
  {
    name: 'disk-full',
    title: { zh: '磁盘 {path} 使用率', en: 'disk {path} used' },
    on: 'disk.used_percent',
    by: ['path'],
    levels: [
      { severity: 'major', fire: '> 95', clear: '< 93', for: '1m' },
      { severity: 'minor', fire: '> 85', clear: '< 82', for: '5m' },
    ],
  },
  {
    name: 'inodes-full',
    title: { zh: '磁盘 {path} inode 使用率', en: 'disk {path} inodes used' },
    on: 'disk.inodes_used_percent',
    by: ['path'],
    levels: [{ severity: 'major', fire: '> 95', clear: '< 90', for: '5m' }],
  },
  {
    name: 'temperature',
    title: { zh: '{sensor} 温度', en: '{sensor} temperature' },
    on: 'temp.temp',
    by: ['sensor'],
    levels: [
      { severity: 'major', fire: '> 95', clear: '< 88', for: '2m' },
      { severity: 'minor', fire: '> 85', clear: '< 80', for: '5m' },
    ],
  },
  {
    name: 'storage-full',
    title: { zh: '存储 {storage} 使用率', en: 'storage {storage} used' },
    on: 'snmp_storage.used_percent',
    by: ['storage'],
    levels: [
      { severity: 'major', fire: '> 95', clear: '< 93', for: '2m' },
      { severity: 'minor', fire: '> 85', clear: '< 82', for: '10m' },
    ],
  },
  {
    name: 'processor-busy',
    title: { zh: 'CPU {cpu} 负载高', en: 'CPU {cpu} busy' },
    on: 'snmp_cpu.load_percent',
    by: ['cpu'],
    levels: [{ severity: 'minor', fire: '> 95', clear: '< 90', for: '10m' }],
  },
]
