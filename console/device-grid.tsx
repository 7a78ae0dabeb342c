import type { DeviceSummary } from '../core/model/api.ts'
import { ago, classTitle, DEVICE_STATE, say } from './words.ts'

interface Props {
  readonly devices: readonly DeviceSummary[]
  readonly now: number
  readonly selected: string | null
  readonly onSelect: (name: string) => void
}

const ORDER: Readonly<Record<DeviceSummary['state'], number>> = { alarm: 0, unknown: 1, ok: 2, disabled: 3 }

/** Devices by room, worst first; switched-off ones are folded away. */
export function DeviceGrid({ devices, now, selected, onSelect }: Props) {
  const enabled = devices.filter((device) => device.enabled)
  const disabled = devices.filter((device) => !device.enabled)
  const rooms = new Map<string, DeviceSummary[]>()
  for (const device of enabled) {
    const room = device.location?.room ?? say('未指定位置', 'no location given')
    rooms.set(room, [...(rooms.get(room) ?? []), device])
  }
  return (
    <>
      {[...rooms].map(([room, members]) => (
        <div class="card" key={room}>
          <h2>
            {room} <small>{members.length}</small>
          </h2>
          <div class="grid">
            {[...members].sort((a, b) => ORDER[a.state] - ORDER[b.state]).map((device) => tile(device, now, selected, onSelect))}
          </div>
        </div>
      ))}
      {disabled.length > 0 && (
        <details class="card">
          <summary>
            {say('未启用的设备', 'devices not in service')} <small>{disabled.length}</small>
          </summary>
          <div class="grid">{disabled.map((device) => tile(device, now, selected, onSelect))}</div>
        </details>
      )}
    </>
  )
}

function tile(device: DeviceSummary, now: number, selected: string | null, onSelect: (name: string) => void) {
  return (
    <button
      type="button"
      key={device.name}
      class={`tile ${device.state} ${selected === device.name ? 'selected' : ''}`}
      onClick={() => onSelect(device.name)}
    >
      <span class="class">{classTitle(device.class)}</span>
      <strong>{device.title}</strong>
      <span class="meta">
        {device.location?.cabinet ? `${device.location.cabinet} · ` : ''}
        {DEVICE_STATE[device.state]}
        {device.enabled && ` · ${ago(device.last_seen, now)}`}
      </span>
    </button>
  )
}
