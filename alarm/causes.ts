import type { DeviceContext, Tracked } from './device-context.ts'
import { timing, worstOn } from './levels.ts'
import type { Loss } from './rule.ts'
import { isOpen } from './state.ts'

/** What explains a loss on the same device: a device that is gone explains its agent, both explain its checks. */
const STRONGER: Readonly<Record<'device' | 'agent' | 'check', readonly Loss[]>> = {
  device: ['power'],
  agent: ['power', 'device'],
  check: ['power', 'device', 'agent'],
}

/**
 * The open alarm that explains this loss: a stronger loss of the same device, or the loss of what it depends on
 * (any entry of the outer list; an inner list only when all of it is lost). `wait` when one is about to be told.
 */
export function findCause(tracked: Tracked, contexts: ReadonlyMap<string, DeviceContext>): string | 'wait' | null {
  const loss = tracked.rule.loss
  if (loss === null || loss === 'power') return null
  const own = strongest(tracked.device, STRONGER[loss], tracked)
  if (own && own !== 'wait') return own
  let waiting = own === 'wait'
  for (const group of tracked.device.device?.dependsOn ?? []) {
    const found = group.map((name) => {
      const context = contexts.get(name)
      return context ? strongest(context, ['power', 'device', 'agent'], tracked) : null
    })
    if (found.length === 0 || found.some((cause) => cause === null)) continue
    const known = found.find((cause) => cause !== 'wait')
    if (known && found.every((cause) => cause !== 'wait')) return known
    waiting = true
  }
  return waiting ? 'wait' : null
}

/** The worst kind of loss of a device that is on: its alarm's id when it is open, `wait` when it is on or begun but not told yet. */
function strongest(context: DeviceContext, kinds: readonly Loss[], asking: Tracked): string | 'wait' | null {
  let waiting = false
  for (const kind of kinds) {
    let first: string | null = null
    for (const lost of context.losses) {
      if (lost === asking || lost.rule.loss !== kind || explainedBy(lost, asking)) continue
      const { alarm, levels } = lost.state
      if (!isOpen(alarm)) waiting = true
      else if (worstOn(levels) >= 0 && (first === null || alarm.id < first)) first = alarm.id
    }
    if (first !== null) return first
  }
  return waiting ? 'wait' : null
}

/** Two devices that name each other must not explain one another. */
const explainedBy = (lost: Tracked, asking: Tracked): boolean =>
  lost.state.alarm?.caused_by !== null && lost.state.alarm?.caused_by !== undefined && lost.state.alarm.caused_by === asking.state.alarm?.id

/** Keeps the device's set of losses in step with a state: on, or begun. */
export function noteLoss(tracked: Tracked): void {
  if (tracked.rule.loss === null || tracked.rule.loss === 'check') return
  const lost = worstOn(tracked.state.levels) >= 0 || timing(tracked.state.levels)
  if (lost) tracked.device.losses.add(tracked)
  else tracked.device.losses.delete(tracked)
}
