/**
 * Counters and gauges of one program, handed in to whatever counts. Names follow Prometheus (`jifang_spool_lost_total`),
 * labels are bounded. The agent sends them as its own samples, the collector also shows them on /metrics.
 */
export class Counters {
  readonly #values = new Map<string, { name: string; labels: Readonly<Record<string, string>>; value: number; kind: 'counter' | 'gauge' }>()

  add(name: string, by = 1, labels: Readonly<Record<string, string>> = {}): void {
    this.#slot(name, labels, 'counter').value += by
  }

  set(name: string, value: number, labels: Readonly<Record<string, string>> = {}): void {
    this.#slot(name, labels, 'gauge').value = value
  }

  get(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.#values.get(keyOf(name, labels))?.value ?? 0
  }

  /** All values, sorted by name, for /metrics and for self-monitoring samples. */
  all(): readonly { name: string; labels: Readonly<Record<string, string>>; value: number; kind: 'counter' | 'gauge' }[] {
    return [...this.#values.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  }

  #slot(name: string, labels: Readonly<Record<string, string>>, kind: 'counter' | 'gauge') {
    const key = keyOf(name, labels)
    let slot = this.#values.get(key)
    if (!slot) {
      slot = { name, labels, value: 0, kind }
      this.#values.set(key, slot)
    }
    return slot
  }
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  let key = name
  for (const label of Object.keys(labels).sort()) key += `|${label}=${labels[label]}`
  return key
}
