import { useState } from 'preact/hooks'
import { AlarmList } from './alarm-list.tsx'
import { token } from './api.ts'
import { DeviceGrid } from './device-grid.tsx'
import { DevicePanel } from './device-panel.tsx'
import { useNow, useRoom } from './live.ts'
import { ago, say } from './words.ts'

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
          <Total label={say('正常', 'ok')} value={count('ok')} kind="ok" />
          <Total label={say('告警', 'alarm')} value={count('alarm')} kind="alarm" />
          <Total label={say('无数据', 'no data')} value={count('unknown')} kind="unknown" />
        </div>
        <div class={room.connected ? 'link up' : 'link down'} title={room.problem}>
          {room.connected
            ? say('● 实时', '● live')
            : `${say('○ 连接中断', '○ connection lost')}${room.at > 0 ? ` · ${say('数据为', 'data of')} ${ago(room.at, now)}` : ''} ${room.problem}`}
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
        {say('此页面需要口令（jifang.yaml 的 web.tokens）：', 'This page needs a token (web.tokens in jifang.yaml):')}
        <input type="password" value={entered} onInput={(event) => setEntered(event.currentTarget.value)} />
      </label>
      <button type="submit">{say('进入', 'enter')}</button>
    </form>
  )
}
