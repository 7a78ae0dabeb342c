import { Engine } from '../alarm/engine.ts'
import type { RuleSet } from '../alarm/rule.ts'
import { parseRules } from '../alarm/rules-file.ts'
import { takeSnapshot } from '../alarm/snapshot.ts'
import { parseDocument } from '../core/config/document.ts'
import type { Check, Device, Inventory } from '../core/inventory/model.ts'
import { parseLines } from '../core/line/parse.ts'
import type { Report } from './figure.ts'

const DEVICES = 1000
const ROUNDS = 12
const INTERVAL_MS = 10_000
const START = 1_700_000_000_000
const PLACE = { file: 'bench', line: 1, col: 1 }

/**
 * CPU per sample judged: 1000 devices with 20 series each, the built-in rules of which about 15 look at every device's samples,
 * beside parsing the same text and doing nothing with it.
 */
export async function run(report: Report): Promise<void> {
  const rules = builtIn()
  const inventory: Inventory = { site: 'bench', devices: Array.from({ length: DEVICES }, (_, at) => device(at)) }
  const rounds = Array.from({ length: ROUNDS }, (_, at) => messages(START + at * INTERVAL_MS))
  const samples = (rounds[0] ?? []).reduce((sum, message) => sum + message.text.split('\n').length, 0)
  for (let warm = 0; warm < 2; warm++) {
    parseOnly(rounds)
    judge(rules, inventory, rounds)
  }
  const floor = parseOnly(rounds)
  const judged = judge(rules, inventory, rounds)
  const perSample = (us: number): number => us / samples
  const figure = (name: string, value: number, unit: string) => report({ bench: 'judge', name, value, unit })
  figure('parse only', perSample(floor), 'µs CPU/sample')
  report({
    bench: 'judge',
    name: `parse and judge, ${rules.rules.length} rules, ${DEVICES} devices`,
    value: perSample(judged.dataUs),
    unit: 'µs CPU/sample',
    peer: 'parse only',
    ratio: judged.dataUs / floor,
  })
  figure('tick', judged.tickUs / 10, 'µs CPU/tick')
  figure('alarms told', judged.told, 'events')
  figure('snapshot of all states', judged.snapshotUs / 1000, 'ms CPU')
  figure('snapshot of all states', judged.snapshotBytes / 1e6, 'MB')
}

interface Message {
  readonly agent: string
  readonly text: string
}

/** CPU of the cheapest round: what others do on the machine only ever adds. The first round makes the states and is not counted. */
function parseOnly(rounds: readonly (readonly Message[])[]): number {
  let us = Number.POSITIVE_INFINITY
  let lines = 0
  for (const [at, round] of rounds.entries()) {
    const before = process.cpuUsage()
    for (const message of round) parseLines(message.text, () => lines++, fail)
    if (at > 0) us = Math.min(us, spent(before))
  }
  if (lines === 0) throw new Error('nothing was parsed')
  return us
}

function judge(rules: RuleSet, inventory: Inventory, rounds: readonly (readonly Message[])[]) {
  const engine = new Engine({ rules, inventory, kinds: { host: { where: 'local' } } })
  let dataUs = Number.POSITIVE_INFINITY
  let tickUs = Number.POSITIVE_INFINITY
  let told = 0
  for (const [at, round] of rounds.entries()) {
    const now = START + at * INTERVAL_MS
    const before = process.cpuUsage()
    for (const message of round) {
      engine.data(message.agent, now, now, message.text, fail)
      told += engine.take().length
    }
    if (at > 0) dataUs = Math.min(dataUs, spent(before))
    const ticks = process.cpuUsage()
    for (let second = 1; second <= 10; second++) {
      engine.tick(now + second * 1000)
      told += engine.take().length
    }
    tickUs = Math.min(tickUs, spent(ticks))
  }
  const before = process.cpuUsage()
  const snapshotBytes = JSON.stringify(takeSnapshot(engine)).length
  return { dataUs, tickUs, told, snapshotUs: spent(before), snapshotBytes }
}

function spent(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function fail(line: string, message: string): never {
  throw new Error(`${message}: ${line}`)
}

function device(at: number): Device {
  const check: Check = { name: 'host', kind: 'host', intervalMs: INTERVAL_MS, timeoutMs: 5000, enabled: true, options: {}, place: PLACE }
  const name = `host-${at}`
  return {
    name,
    title: name,
    short: name,
    class: 'host',
    enabled: true,
    dependsOn: [],
    pollers: [],
    checks: [check],
    alarms: {},
    place: PLACE,
  }
}

/** One message per agent: what a host's check sends. One host in a hundred is over its limits. */
function messages(now: number): Message[] {
  return Array.from({ length: DEVICES }, (_, at) => {
    const tags = `device=host-${at},site=bench`
    const full = at % 100 === 0 ? 97 : 40 + ((at + now / INTERVAL_MS) % 20)
    const stamp = `${now}000000`
    const lines = [
      `cpu,cpu=cpu-total,${tags} usage_user=3.1,usage_system=1.2,usage_idle=${100 - full},usage_iowait=0.1 ${stamp}`,
      ...Array.from({ length: 4 }, (_, core) => `cpu,cpu=cpu${core},${tags} usage_user=3.1,usage_idle=95.2 ${stamp}`),
      `mem,${tags} total=16000000000i,used=8000000000i,available=8000000000i,used_percent=${full} ${stamp}`,
      `swap,${tags} total=1000i,used=0i,used_percent=0 ${stamp}`,
      `system,${tags} load1=0.5,load5=0.4,load15=0.3,uptime=100000i ${stamp}`,
      ...['/', '/data', '/var', '/boot'].map(
        (path) => `disk,${tags},path=${path} total=100i,used=40i,used_percent=${full},inodes_used_percent=3 ${stamp}`,
      ),
      ...['sda', 'sdb'].map((disk) => `diskio,${tags},name=${disk} reads=100i,writes=200i,read_bytes=1000i,write_bytes=2000i ${stamp}`),
      ...['eth0', 'eth1'].map((port) => `net,${tags},interface=${port} bytes_recv=1000i,bytes_sent=2000i,err_in=0i,err_out=0i ${stamp}`),
      `temp,${tags},sensor=package temp=45 ${stamp}`,
      `processes,${tags} total=200i,running=2i,blocked=0i,zombies=0i ${stamp}`,
      `kernel,${tags} boot_time=1000i,context_switches=5000i ${stamp}`,
      `check,check=host,${tags},kind=host up=1i,duration_ms=12,reason="ok" ${stamp}`,
    ]
    return { agent: `host-${at}`, text: lines.join('\n') }
  })
}

/** The rules as they are shipped, more than fifty. */
function builtIn(): RuleSet {
  const rules = parseRules(parseDocument('rules: []', 'bench'))
  if (!rules) throw new Error('the built-in rules are wrong')
  return rules
}
