import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { LastValue, SeriesAnswer } from '../core/model/api.ts'
import { getSeries } from './api.ts'
import { withUnit } from './words.ts'

const SPANS: readonly (readonly [string, number, string])[] = [
  ['1 小时', 3_600_000, '10s'],
  ['1 天', 86_400_000, '5m'],
  ['7 天', 604_800_000, '30m'],
]
const HEIGHT = 180

/** One value over time, of the instance that was clicked. */
export function Chart({ device, value }: { device: string; value: LastValue }) {
  const box = useRef<HTMLDivElement>(null)
  const [span, setSpan] = useState(0)
  const [note, setNote] = useState('…')
  useEffect(() => {
    let plot: uPlot | null = null
    let gone = false
    const [, width, step] = SPANS[span] ?? SPANS[0] ?? ['', 3_600_000, '10s']
    getSeries(device, value.measurement, value.field, Date.now() - width, step).then(
      (answer) => {
        if (gone || !box.current) return
        const points = pointsOf(answer, value)
        setNote(points.length === 0 ? '这段时间没有数据' : '')
        if (points.length > 0) plot = draw(box.current, points, value.field)
      },
      (error: unknown) => setNote(error instanceof Error ? error.message : String(error)),
    )
    return () => {
      gone = true
      plot?.destroy()
    }
  }, [span, device, value.measurement, value.field])
  return (
    <div class="chart">
      <div class="spans">
        <b>
          {value.measurement}.{value.field}
        </b>
        {SPANS.map(([title], index) => (
          <button type="button" key={title} class={index === span ? 'on' : ''} onClick={() => setSpan(index)}>
            {title}
          </button>
        ))}
      </div>
      <div ref={box} />
      {note !== '' && <p class="calm">{note}</p>}
    </div>
  )
}

function pointsOf(answer: SeriesAnswer, value: LastValue): (readonly [number, number])[] {
  const same =
    answer.series.find((series) => Object.entries(value.tags).every(([key, tag]) => series.tags[key] === tag)) ?? answer.series[0]
  return (same?.points ?? []).flatMap(([at, v]) => (typeof v === 'number' ? [[at / 1000, v] as const] : []))
}

function draw(box: HTMLElement, points: readonly (readonly [number, number])[], field: string): uPlot {
  const options: uPlot.Options = {
    width: box.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    series: [{}, { stroke: '#19a974', width: 1.5, fill: 'rgba(25,169,116,.12)', value: (_, v) => (v === null ? '' : withUnit(field, v)) }],
    axes: [
      { stroke: '#8aa0b3', grid: { stroke: 'rgba(138,160,179,.15)' } },
      {
        stroke: '#8aa0b3',
        grid: { stroke: 'rgba(138,160,179,.15)' },
        size: 70,
        values: (_, ticks) => ticks.map((tick) => withUnit(field, tick)),
      },
    ],
  }
  return new uPlot(options, [points.map(([at]) => at), points.map(([, v]) => v)], box)
}
