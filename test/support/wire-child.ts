/**
 * An agent or a collector as a program of its own, for tests that kill it: `agent DIR NAME MQTT_JSON RUN EVERY_MS` measures a number every
 * so often (0: only brings away what the spool holds) and prints it; `collector DIR MQTT_JSON` is journal and ingest.
 */
import type { LinkSettings } from '../../core/wire/link.ts'
import { SITE } from './broker.ts'
import { agentEnd, collectorEnd } from './wire-ends.ts'

const [what = '', dir = '', ...rest] = process.argv.slice(2)

if (what === 'agent') {
  const [name = '', mqtt = '{}', run = '', every = '0'] = rest
  const agent = await agentEnd(dir, JSON.parse(mqtt) as LinkSettings, name)
  let n = 0
  const measure = (): void => {
    n++
    agent.emit([{ measurement: 'count', tags: { site: SITE, device: name, run }, fields: { n }, time: Date.now() }])
    process.stdout.write(`n=${n}\n`)
  }
  if (every !== '0') setInterval(measure, Number(every))
  setInterval(() => process.stdout.write(`backlog=${agent.spool.backlog}\n`), 100)
} else {
  await collectorEnd(dir, JSON.parse(rest[0] ?? '{}') as LinkSettings)
  process.stdout.write('ready\n')
}
