import { useState } from 'preact/hooks'
import { AlarmList } from './alarm-list.tsx'
import { token } from './api.ts'
import { DeviceGrid } from './device-grid.tsx'
import { DevicePanel } from './device-panel.tsx'
import { useNow, useRoom } from './live.ts'
import { ago } from './words.ts'

export function App() {
  const room = useRoom()
  const now = useNow()
  const [selected, setSelected] = useState<string | null>(null)
  const enabled = room.devices.filter((device) => device.enabled)
  const count = (state: string): number => enabled.filter((device) => device.state === state).length
  return (
    <div class="page">
      <header>
        <h1>
          机房 <span class="latin">jifang</span> <span class="site">{room.site}</span>
        </h1>
        <div class="totals">
          <Total label="正常" value={count('ok')} kind="ok" />
          <Total label="告警" value={count('alarm')} kind="alarm" />
          <Total label="无数据" value={count('unknown')} kind="unknown" />
        </div>
        <div class={room.connected ? 'link up' : 'link down'} title={room.problem}>
          {room.connected ? '● 实时' : `○ 连接中断${room.at > 0 ? ` · 数据为 ${ago(room.at, now)}` : ''} ${room.problem}`}
        </div>
      </header>
      {room.locked && <Unlock />}
      <main class={room.connected ? '' : 'stale'}>
        <section class="left">
          <AlarmList alarms={room.alarms} devices={room.devices} now={now} onSelect={setSelected} />
          <DeviceGrid devices={room.devices} now={now} selected={selected} onSelect={setSelected} />
        </section>
        {selected !== null && <DevicePanel key={selected} name={selected} now={now} onClose={() => setSelected(null)} />}
      </main>
    </div>
  )
}

function Total({ label, value, kind }: { label: string; value: number; kind: string }) {
  return (
    <div class={`total ${kind} ${value === 0 ? 'zero' : ''}`}>
      <b>{value}</b> {label}
    </div>
  )
}

function Unlock() {
  const [entered, setEntered] = useState('')
  const submit = (event: Event): void => {
    event.preventDefault()
    token.set(entered.trim())
    location.reload()
  }
  return (
    <form class="card unlock" onSubmit={submit}>
      <label>
        此页面需要口令（jifang.yaml 的 web.tokens）：
        <input type="password" value={entered} onInput={(event) => setEntered(event.currentTarget.value)} />
      </label>
      <button type="submit">进入</button>
    </form>
  )
}
