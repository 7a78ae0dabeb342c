/** Worst first. The words are fixed in configuration, wire and console. */
export const SEVERITIES = ['emergency', 'major', 'minor', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

export const SEVERITY_TITLE: Readonly<Record<Severity, { readonly zh: string; readonly en: string }>> = {
  emergency: { zh: '紧急', en: 'emergency' },
  major: { zh: '重要', en: 'major' },
  minor: { zh: '一般', en: 'minor' },
  info: { zh: '提示', en: 'info' },
}

/** 3 for emergency … 0 for info; -1 for none. Numbers compare as the severities do. */
export function severityRank(severity: Severity | null | undefined): number {
  return severity ? SEVERITIES.length - 1 - SEVERITIES.indexOf(severity) : -1
}
