import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { LastValue, SeriesAnswer } from '../core/model/api.ts'
import { getSeries } from './api.ts'
import { axisTime, say, withUnit } from './words.ts'

const SPANS: readonly (readonly [string, number, string])[] = [
  [say('1 小时', '1 hour'), 3_600_000, '10s'],
  [say('1 天', '1 day'), 86_400_000, '5m'],
  [say('7 天', '7 days'), 604_800_000, '30m'],
]
const HEIGHT = 180
/** The chart goes on while it is looked at. */
const REFRESH_MS = 10_000
/** Of an axis label. */
const CHARACTER_PX = 7.5

/** One value over time, of the instance that was clicked. */
export function Chart({ device, value }: { device: string; value: LastValue }) {
  const box = useRef<HTMLDivElement>(null)
  const [span, setSpan] = useState(0)
  const [note, setNote] = useState('…')
  useEffect(() => {
    let plot: uPlot | null = null
    let gone = false
    const [, width, step] = SPANS[span] ?? SPANS[0] ?? ['', 3_600_000, '10s']
    const load = (): void => {
      getSeries(device, value.measurement, value.field, Date.now() - width, step).then(
        (answer) => {
          if (gone || !box.current) return
          const points = pointsOf(answer, value)
          setNote(points.length === 0 ? say('这段时间没有数据', 'no data in this time') : '')
          if (points.length === 0) return
          const data: uPlot.AlignedData = [points.map(([at]) => at), points.map(([, v]) => v)]
          if (plot) plot.setData(data)
          else plot = draw(box.current, data, value)
        },
        (error: unknown) => setNote(error instanceof Error ? error.message : String(error)),
      )
    }
    load()
    const timer = setInterval(load, REFRESH_MS)
    const fit = new ResizeObserver(([entry]) => {
      if (entry && entry.contentRect.width > 0) plot?.setSize({ width: entry.contentRect.width, height: HEIGHT })
    })
    if (box.current) fit.observe(box.current)
    return () => {
      gone = true
      clearInterval(timer)
      fit.disconnect()
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

function draw(box: HTMLElement, data: uPlot.AlignedData, { measurement, field }: LastValue): uPlot {
  const look = { stroke: '#8aa0b3', grid: { stroke: 'rgba(138,160,179,.15)', width: 1 }, ticks: { show: false } }
  const options: uPlot.Options = {
    width: box.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false },
    series: [{}, { stroke: '#19a974', width: 1.5, fill: 'rgba(25,169,116,.12)', points: { show: false } }],
    axes: [
      { ...look, space: 70, size: 32, values: (_, ticks, _axis, _space, step) => ticks.map((tick) => axisTime(tick, step)) },
      {
        ...look,
        size: (_, labels) => widest(labels),
        values: (_, ticks) => ticks.map((tick) => withUnit(measurement, field, tick)),
      },
    ],
  }
  return new uPlot(options, data, box)
}

/** As wide as the longest label needs, so that none is cut off. */
const widest = (labels: readonly string[] | null): number => 20 + CHARACTER_PX * Math.max(3, ...(labels ?? []).map((label) => label.length))
