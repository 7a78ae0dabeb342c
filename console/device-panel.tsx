import { useEffect, useState } from 'preact/hooks'
import type { DeviceDetail, LastValue } from '../core/model/api.ts'
import { getDevice } from './api.ts'
import { Chart } from './chart.tsx'
import { ago, say, withUnit } from './words.ts'

const REFRESH_MS = 5000

export function DevicePanel({ name, now, onClose }: { name: string; now: number; onClose: () => void }) {
  const [device, setDevice] = useState<DeviceDetail | null>(null)
  const [problem, setProblem] = useState('')
  const [shown, setShown] = useState<LastValue | null>(null)
  useEffect(() => {
    const load = (): void => {
      getDevice(name).then(
        (answer) => {
          setDevice(answer)
          setProblem('')
        },
        (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
      )
    }
    load()
    const timer = setInterval(load, REFRESH_MS)
    return () => clearInterval(timer)
  }, [name])
  return (
    <aside class="card panel">
      <h2>
        {device?.title ?? name} <small>{name}</small>
        <button type="button" class="close" onClick={onClose} title={say('关闭', 'close')}>
          ×
        </button>
      </h2>
      {problem !== '' && <p class="problem">{problem}</p>}
      {device && (
        <>
          <Checks device={device} now={now} />
          {shown && <Chart key={seriesKey(shown)} device={name} value={shown} />}
          <Values values={device.values} shown={shown} onShow={setShown} now={now} />
        </>
      )}
    </aside>
  )
}

function Checks({ device, now }: { device: DeviceDetail; now: number }) {
  return (
    <table class="checks">
      <tbody>
        {device.checks.map((check) => (
          <tr key={check.name} class={check.up === false ? 'down' : ''}>
            <td>{check.up === null ? '○' : check.up ? '●' : '▲'}</td>
            <td>{check.name}</td>
            <td>{check.reason ?? say('等待第一次运行', 'waiting for the first run')}</td>
            <td class="number">{check.duration_ms === null ? '' : `${Math.round(check.duration_ms)} ms`}</td>
            <td class="number">{ago(check.at, now)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const seriesKey = (value: LastValue): string => `${value.measurement}.${value.field} ${Object.values(value.tags).join(' ')}`

function Values({
  values,
  shown,
  onShow,
  now,
}: {
  values: readonly LastValue[]
  shown: LastValue | null
  onShow: (v: LastValue) => void
  now: number
}) {
  const groups = new Map<string, LastValue[]>()
  for (const value of values) {
    if (value.measurement === 'check') continue
    const instance = Object.values(value.tags).join(' ')
    const key = instance === '' ? value.measurement : `${value.measurement} · ${instance}`
    groups.set(key, [...(groups.get(key) ?? []), value])
  }
  return (
    <div class="values">
      {[...groups].map(([title, members]) => (
        <fieldset key={title}>
          <legend>{title}</legend>
          {members.map((value) => (
            <button
              type="button"
              key={value.field}
              class={shown !== null && seriesKey(shown) === seriesKey(value) ? 'value shown' : 'value'}
              title={ago(value.at, now)}
              onClick={() => onShow(value)}
            >
              <span>{value.field}</span>
              <b>{withUnit(value.measurement, value.field, value.value)}</b>
            </button>
          ))}
        </fieldset>
      ))}
    </div>
  )
}
