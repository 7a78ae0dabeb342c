import type { RuleInput } from '../rule-schema.ts'

/** What is gone: devices, agents, checks. */
export const lossRules: readonly RuleInput[] = [
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
    title: { zh: '{check} {group} 检查失败({reason})', en: '{check} {group} failing ({reason})' },
    on: 'check.up',
    by: ['check', 'group'],
    levels: [{ severity: 'major', fire: '== 0', runs: 3 }],
    loss: 'check',
  },
]
