import type { RuleInput } from '../rule-schema.ts'

/** jifang itself: agents and the collector. */
export const selfRules: readonly RuleInput[] = [
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
