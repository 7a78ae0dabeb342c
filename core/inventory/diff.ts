import type { Device, Inventory } from './model.ts'
import { canonicalJson } from './slice.ts'

/** Names of devices, in the order of the newer inventory (removed ones: of the older). */
export interface InventoryDiff {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
}

/** What differs between two inventories in meaning; where it stands in the file does not count. */
export function diffInventory(older: Inventory, newer: Inventory): InventoryDiff {
  const before = new Map(older.devices.map((device) => [device.name, device]))
  const after = new Map(newer.devices.map((device) => [device.name, device]))
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: [...after.values()]
      .filter((device) => {
        const was = before.get(device.name)
        return was !== undefined && meaningOf(was) !== meaningOf(device)
      })
      .map((device) => device.name),
  }
}

function meaningOf(device: Device): string {
  const { place: _place, source: _source, checks, ...rest } = device
  return canonicalJson({ ...rest, checks: checks.map(({ place: _, ...check }) => check) })
}
