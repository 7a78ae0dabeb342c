import { type Path, quoted, valueAt, type YamlDocument } from '../config/document.ts'
import { didYouMean } from '../config/suggest.ts'
import type { Device } from './model.ts'

/**
 * Every name in `depends_on` must be a device, and nothing may depend on itself, not even by way of others.
 * `known` also holds the names of entries that are wrong in other ways.
 */
export function checkDependencies(doc: YamlDocument, devices: readonly Device[], known: ReadonlySet<string>): void {
  for (const device of devices) {
    for (const [outer, entry] of device.dependsOn.entries()) {
      for (const [inner, name] of entry.entries()) {
        if (!known.has(name)) doc.error(pathOf(doc, device, outer, inner), `there is no device ${quoted(name)}${didYouMean(name, known)}`)
      }
    }
  }
  const byName = new Map(devices.map((device) => [device.name, device]))
  for (const cycle of cyclesOf(devices, byName)) {
    const [device] = cycle
    if (device)
      doc.error(
        [...(device.source ?? []), 'depends_on'],
        `goes round in a circle: ${[...cycle, device].map((one) => one.name).join(' → ')}`,
      )
  }
}

/** Where the name stands in the file: a single text, an entry of the list, or an entry of an inner list. */
function pathOf(doc: YamlDocument, device: Device, outer: number, inner: number): Path {
  const base = [...(device.source ?? []), 'depends_on']
  const written = valueAt(doc.value, base)
  if (!Array.isArray(written)) return base
  return Array.isArray(written[outer]) ? [...base, outer, inner] : [...base, outer]
}

/** Each circle once, beginning with the device that comes first in the file. */
function cyclesOf(devices: readonly Device[], byName: ReadonlyMap<string, Device>): Device[][] {
  const done = new Set<Device>()
  const cycles: Device[][] = []
  const visit = (device: Device, trail: readonly Device[]): void => {
    const seen = trail.indexOf(device)
    if (seen !== -1) {
      const circle = trail.slice(seen)
      const first = Math.min(...circle.map((one) => devices.indexOf(one)))
      const start = circle.findIndex((one) => devices.indexOf(one) === first)
      cycles.push([...circle.slice(start), ...circle.slice(0, start)])
      return
    }
    if (done.has(device)) return
    for (const name of device.dependsOn.flat()) {
      const next = byName.get(name)
      if (next) visit(next, [...trail, device])
    }
    done.add(device)
  }
  for (const device of devices) visit(device, [])
  return cycles
}
