import type { Sample } from '../core/model/sample.ts'
import type { Severity } from '../core/model/severity.ts'
import { type Language, measured, pad, paint, severityBadge, shown } from './text.ts'

/** What a rule would say of the values just read, before its `for` has passed. */
export interface Verdict {
  readonly rule: string
  readonly title: { readonly zh: string; readonly en: string }
  readonly severity: Severity
  readonly value: number | string | null
  readonly threshold: string | null
  /** How long it must last before it is told, ms. */
  readonly for_ms: number
}

export interface ShownRun {
  readonly check: string
  readonly kind: string
  readonly reason: string
  readonly detail?: string
  readonly duration_ms: number
  readonly samples: readonly Sample[]
  readonly verdicts: readonly Verdict[]
}

/** For programs; 64-bit counters as numbers while they are exact, else as text. */
export const runsAsJson = (runs: readonly ShownRun[]): string =>
  JSON.stringify(runs, (_, value: unknown) =>
    typeof value !== 'bigint' ? value : Number.isSafeInteger(Number(value)) ? Number(value) : String(value),
  )

/** One check's run as a table: measurement, instance, field, value. */
export function renderRun(run: ShownRun, language: Language): string {
  const good = run.reason === 'ok'
  const head = `${paint(good ? 'green' : 'red', good ? '●' : '▲')} ${paint('bold', run.check)} (${run.kind}) ${paint(good ? 'green' : 'red', run.reason)} ${run.duration_ms.toFixed(0)} ms`
  const lines = [head, ...(run.detail === undefined ? [] : [`  ${paint('gray', run.detail)}`])]
  let last = ''
  for (const sample of run.samples) {
    if (sample.measurement === 'check') continue
    const instance = Object.entries(sample.tags)
      .filter(([key]) => key !== 'site' && key !== 'device')
      .map(([key, value]) => `${key}=${value}`)
      .join(' ')
    for (const [field, value] of Object.entries(sample.fields)) {
      const group = `${sample.measurement} ${instance}`
      const label = group === last ? '' : group
      last = group
      lines.push(`  ${paint('cyan', pad(label, 44))} ${pad(field, 30)} ${shown(typeof value === 'bigint' ? value.toString() : value)}`)
    }
  }
  for (const verdict of run.verdicts) {
    const wait =
      verdict.for_ms > 0 ? (language === 'zh' ? `，持续 ${verdict.for_ms / 1000} 秒后告警` : `, told after ${verdict.for_ms / 1000} s`) : ''
    lines.push(
      `  ${severityBadge(verdict.severity, language)} ${verdict.title[language]}${measured(verdict.value, verdict.threshold)}${wait}`,
    )
  }
  if (good && run.verdicts.length === 0)
    lines.push(`  ${paint('gray', language === 'zh' ? '没有规则会告警' : 'no rule would raise an alarm')}`)
  return `${lines.join('\n')}\n\n`
}
