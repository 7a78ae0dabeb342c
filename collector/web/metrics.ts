import type { Counters } from '../../core/lifecycle/counters.ts'

/** Prometheus text exposition format 0.0.4 of all counters and gauges. */
export function renderMetrics(counters: Counters): string {
  let text = ''
  let last = ''
  for (const { name, labels, value, kind } of counters.all()) {
    if (name !== last) text += `# TYPE ${name} ${kind}\n`
    last = name
    const pairs = Object.entries(labels).map(([key, label]) => `${key}="${label.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n')}"`)
    text += `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${shown(value)}\n`
  }
  return text
}

const shown = (value: number): string => (Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf')
