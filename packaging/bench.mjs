// `npm run bench -- NAME… [--json] [--seconds N]`: runs benches from dist/bench and prints one line per figure.
import { readdirSync } from 'node:fs'
import { prepare } from './prepare.mjs'

prepare()
const args = process.argv.slice(2)
const json = args.includes('--json')
const folder = new URL('../dist/bench/', import.meta.url)
const known = readdirSync(folder)
  .filter((name) => name.endsWith('.js'))
  .map((name) => name.slice(0, -3))
const wanted = args.filter((arg, at) => !arg.startsWith('--') && !args[at - 1]?.startsWith('--seconds'))
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`no such bench: ${unknown.join(', ')}; there are: ${known.join(', ')}`)
  process.exit(2)
}

const round = (value) => (Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
function report(figure) {
  if (json) return console.log(JSON.stringify(figure))
  const ratio = figure.ratio === undefined ? '' : `  ×${round(figure.ratio)} of ${figure.peer ?? 'floor'}`
  console.log(`${figure.bench.padEnd(12)} ${figure.name.padEnd(48)} ${String(round(figure.value)).padStart(10)} ${figure.unit}${ratio}`)
}

for (const name of wanted.length > 0 ? wanted : known) {
  const bench = await import(new URL(`${name}.js`, folder).href)
  if (typeof bench.run === 'function') await bench.run(report, args)
}
