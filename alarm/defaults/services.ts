import type { RuleInput } from '../rule-schema.ts'

/** Services as seen from outside. */
export const serviceRules: readonly RuleInput[] = [
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
    name: 'tunnel',
    title: { zh: 'VPN 隧道 {tunnel} {text}', en: 'tunnel {tunnel} {text}' },
    on: 'tunnel.state',
    levels: [{ severity: 'minor', fire: 'in [alarm, fault]', for: '2m' }],
  },
  {
    name: 'path-probe',
    title: { zh: '链路探测 {probe} {text}', en: 'path probe {probe} {text}' },
    on: 'probe.state',
    levels: [{ severity: 'minor', fire: 'in [alarm, fault]', for: '2m' }],
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
]
