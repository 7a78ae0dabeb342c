import type { RuleInput } from './rule-schema.ts'

/**
 * Rules that come with jifang; alarms.yaml changes or switches off any of them by name, devices.yaml per device.
 * `agent.*` and `check.silent` are not measured but told by the judge itself from the streams (alarm/streams.ts).
 */
export const defaultRules: readonly RuleInput[] = [
  // losses
  {
    name: 'host-unreachable',
    title: { zh: '网络不通', en: 'unreachable' },
    on: 'ping.percent_packet_loss',
    levels: [{ severity: 'major', fire: '>= 100', clear: '< 100', for: '30s', runs: 2 }],
    loss: 'device',
  },
  {
    name: 'ping-loss',
    title: { zh: '丢包率高', en: 'packet loss' },
    on: 'ping.percent_packet_loss',
    levels: [{ severity: 'minor', fire: 'inside 20..99', clear: 'outside 10..99', for: '5m', clear_for: '2m' }],
  },
  {
    name: 'agent-offline',
    title: { zh: '采集代理离线({reason})', en: 'agent offline ({reason})' },
    on: 'agent.lost',
    levels: [{ severity: 'major', fire: '== 1', for: '60s' }],
    loss: 'agent',
  },
  {
    name: 'no-data',
    title: { zh: '{check} 无数据', en: '{check}: no data' },
    on: 'check.silent',
    by: ['check'],
    levels: [{ severity: 'major', fire: '== 1' }],
    loss: 'check',
  },
  {
    name: 'check-failing',
    title: { zh: '{check}{group} 检查失败({reason})', en: '{check}{group} failing ({reason})' },
    on: 'check.up',
    by: ['check', 'group'],
    levels: [{ severity: 'major', fire: '== 0', runs: 3 }],
    loss: 'check',
  },
  // hosts
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
  // services
  {
    name: 'http-slow',
    title: { zh: '网页响应慢(秒)', en: 'web page slow (s)' },
    on: 'http_response.response_time',
    levels: [{ severity: 'minor', fire: '> 5', clear: '< 3', for: '5m' }],
  },
  {
    name: 'tcp-slow',
    title: { zh: '端口响应慢(秒)', en: 'port slow (s)' },
    on: 'net_response.response_time',
    levels: [{ severity: 'minor', fire: '> 3', clear: '< 1', for: '5m' }],
  },
  {
    name: 'certificate-expiry',
    title: { zh: '证书剩余秒数', en: 'certificate expires in (s)' },
    on: 'x509_cert.expiry',
    levels: [
      { severity: 'major', fire: '< 604800', clear: '> 604800' },
      { severity: 'minor', fire: '< 2592000', clear: '> 2592000' },
    ],
  },
  // power
  {
    name: 'ups-on-battery',
    title: { zh: 'UPS 电池供电', en: 'UPS on battery' },
    on: 'ups.status',
    levels: [
      { severity: 'emergency', fire: 'has OB', for: '5m' },
      { severity: 'major', fire: 'has OB', for: '10s' },
    ],
  },
  {
    name: 'ups-battery-low',
    title: { zh: 'UPS 电池电量低', en: 'UPS battery low' },
    on: 'ups.status',
    levels: [{ severity: 'emergency', fire: 'has LB' }],
  },
  {
    name: 'ups-replace-battery',
    title: { zh: 'UPS 电池需更换', en: 'UPS battery needs replacement' },
    on: 'ups.status',
    levels: [{ severity: 'major', fire: 'has RB' }],
  },
  {
    name: 'ups-bypass',
    title: { zh: 'UPS 旁路运行', en: 'UPS on bypass' },
    on: 'ups.status',
    levels: [{ severity: 'major', fire: 'has BYPASS', for: '10s' }],
  },
  {
    name: 'ups-off',
    title: { zh: 'UPS 无输出', en: 'UPS output off' },
    on: 'ups.status',
    levels: [{ severity: 'emergency', fire: 'has OFF' }],
    loss: 'power',
  },
  {
    name: 'ups-load',
    title: { zh: 'UPS 负载率', en: 'UPS load' },
    on: 'ups.load_percent',
    levels: [
      { severity: 'emergency', fire: '> 95', clear: '< 92', for: '1m' },
      { severity: 'major', fire: '> 80', clear: '< 77', for: '2m' },
    ],
  },
  {
    name: 'ups-charge',
    title: { zh: 'UPS 电池电量', en: 'UPS charge' },
    on: 'ups.charge_percent',
    levels: [
      { severity: 'emergency', fire: '< 15', clear: '> 20' },
      { severity: 'minor', fire: '< 50', clear: '> 55', for: '1m' },
    ],
  },
  {
    name: 'ups-runtime',
    title: { zh: 'UPS 剩余时间(秒)', en: 'UPS runtime (s)' },
    on: 'ups.runtime_seconds',
    all: [{ on: 'ups.status', fire: 'has OB' }],
    levels: [
      { severity: 'emergency', fire: '< 600', clear: '> 700' },
      { severity: 'minor', fire: '< 1800', clear: '> 2000' },
    ],
  },
  {
    name: 'ups-battery-temperature',
    title: { zh: 'UPS 电池温度', en: 'UPS battery temperature' },
    on: 'ups.battery_temperature_celsius',
    levels: [
      { severity: 'major', fire: '> 45', clear: '< 43', for: '2m' },
      { severity: 'minor', fire: '> 35', clear: '< 33', for: '5m' },
    ],
  },
  // room
  {
    name: 'smoke-water',
    title: { zh: '{point} 报警', en: '{point} alarm' },
    on: 'env.state',
    where: { type: ['smoke', 'water'] },
    by: ['point'],
    levels: [{ severity: 'emergency', fire: '== alarm' }],
    latch: 'point',
  },
  {
    name: 'contact',
    title: { zh: '{point} 报警', en: '{point} alarm' },
    on: 'env.state',
    where: { type: ['not smoke', 'not water'] },
    by: ['point'],
    levels: [{ severity: 'major', fire: '== alarm' }],
    latch: 'point',
  },
  {
    name: 'contact-fault',
    title: { zh: '{point} 故障', en: '{point} fault' },
    on: 'env.state',
    by: ['point'],
    levels: [{ severity: 'minor', fire: '== fault', for: '30s' }],
  },
  {
    name: 'room-temperature',
    title: { zh: '{point} 温度', en: '{point} temperature' },
    on: 'env.value',
    where: { type: 'temperature' },
    by: ['point'],
    levels: [
      { severity: 'emergency', fire: '>= 32', clear: '< 31', for: '1m' },
      { severity: 'minor', fire: '>= 28', clear: '< 27', for: '5m' },
    ],
  },
  {
    name: 'room-humidity',
    title: { zh: '{point} 湿度', en: '{point} humidity' },
    on: 'env.value',
    where: { type: 'humidity' },
    by: ['point'],
    levels: [
      { severity: 'major', fire: 'outside 20..75', for: '5m' },
      { severity: 'minor', fire: 'outside 30..65', for: '10m' },
    ],
  },
  {
    name: 'ipmi-sensor',
    title: { zh: '硬件传感器 {name} 异常({state})', en: 'hardware sensor {name} ({state})' },
    on: 'ipmi_sensor.status',
    by: ['name'],
    levels: [{ severity: 'major', fire: '== 0', runs: 2 }],
  },
  // jifang itself
  {
    name: 'clock-skew',
    title: { zh: '时钟偏差(秒)', en: 'clock skew (s)' },
    on: 'agent.skew_seconds',
    levels: [
      { severity: 'major', fire: 'outside -300..300', for: '2m' },
      { severity: 'minor', fire: 'outside -30..30', for: '5m' },
    ],
  },
  {
    name: 'agent-data-lost',
    title: { zh: '采集代理缓存溢出，丢失数据', en: 'agent spool overflowed, samples lost' },
    on: 'agent.spool_lost',
    rate: { per: '1m', over: '10m' },
    levels: [{ severity: 'major', fire: '> 0', clear: '<= 0' }],
  },
  {
    name: 'agent-config-rejected',
    title: { zh: '采集代理未接受新配置', en: 'agent refused its configuration' },
    on: 'agent.rejected',
    levels: [{ severity: 'major', fire: '== 1', for: '2m' }],
  },
  {
    name: 'agent-duplicate',
    title: { zh: '两个采集代理同名', en: 'two agents use this name' },
    on: 'agent.duplicate',
    count: { within: '10m' },
    levels: [{ severity: 'major', fire: '>= 2', clear: '< 1' }],
  },
  {
    name: 'broker-lost',
    title: { zh: '与 MQTT 服务器断开', en: 'broker connection lost' },
    on: 'jifang_collector.broker_connected',
    levels: [{ severity: 'major', fire: '== 0', for: '30s' }],
  },
  {
    name: 'journal-failing',
    title: { zh: '日志磁盘写入失败', en: 'journal can not be written' },
    on: 'jifang_collector.journal_failing',
    levels: [{ severity: 'major', fire: '== 1' }],
  },
  {
    name: 'store-behind',
    title: { zh: '历史库写入落后(秒)', en: 'store is behind (s)' },
    on: 'jifang_collector.store_behind_seconds',
    levels: [{ severity: 'major', fire: '> 600', clear: '< 60', for: '2m' }],
  },
  {
    name: 'influx-behind',
    title: { zh: 'InfluxDB 写入落后(秒)', en: 'InfluxDB is behind (s)' },
    on: 'jifang_collector.influx_behind_seconds',
    levels: [{ severity: 'major', fire: '> 600', clear: '< 60', for: '2m' }],
  },
  {
    name: 'journal-overtaken',
    title: { zh: '数据未处理即被清除', en: 'data dropped before it was processed' },
    on: 'jifang_collector.overtaken_bytes',
    rate: { per: '1m', over: '10m' },
    levels: [{ severity: 'major', fire: '> 0', clear: '<= 0' }],
  },
]
