import { holds } from '../alarm/condition.ts'
import { describe } from '../alarm/describe.ts'
import { Engine } from '../alarm/engine.ts'
import type { Device } from '../core/inventory/model.ts'
import { encodeSample } from '../core/line/encode.ts'
import type { Sample } from '../core/model/sample.ts'
import { kinds } from '../probes/kinds.ts'
import type { LoadedConfig } from './load-config.ts'
import type { Verdict } from './probe-table.ts'

/** What the rules in force would say of these samples if they stayed so: judged by the same engine as in the collector. */
export function verdictsOf(config: LoadedConfig, device: Device, samples: readonly Sample[]): Verdict[] {
  const enabled: Device = { ...device, enabled: true, checks: device.checks.map((check) => ({ ...check, enabled: true })) }
  const inventory = {
    ...config.inventory,
    devices: config.inventory.devices.map((other) => (other.name === device.name ? enabled : other)),
  }
  const engine = new Engine({ rules: config.rules, inventory, kinds })
  const now = samples[0]?.time ?? 0
  const text = samples.flatMap((sample) => encodeSample(sample) ?? []).join('\n')
  engine.data(config.agentName, now, now, text, () => undefined)
  const verdicts: Verdict[] = []
  for (const tracked of engine.contexts.get(device.name)?.tracked.values() ?? []) {
    const { value } = tracked
    const level = value === null ? undefined : tracked.rule.levels.find((candidate) => holds(candidate.fire, value))
    if (!level) continue
    verdicts.push({
      rule: tracked.rule.name,
      title: describe(tracked),
      severity: level.severity,
      value,
      threshold: level.fire.text,
      for_ms: level.forMs,
    })
  }
  return verdicts
}
