import type { AlarmCommand } from '../../alarm/commands.ts'
import { Engine } from '../../alarm/engine.ts'
import type { RuleSet } from '../../alarm/rule.ts'
import { parseRules, ruleSet } from '../../alarm/rules-file.ts'
import { restoreSnapshot, takeSnapshot } from '../../alarm/snapshot.ts'
import type { Change } from '../../alarm/transition.ts'
import { formatIssue, parseDocument } from '../../core/config/document.ts'
import type { Check, Device, Inventory } from '../../core/inventory/model.ts'
import { encodeSample } from '../../core/line/encode.ts'
import type { FieldValue } from '../../core/model/sample.ts'
import type { AgentStatus } from '../../core/wire/payloads.ts'

const PLACE = { file: 'devices.yaml', line: 1, col: 1 }
export const START = 1_700_000_000_000

export function check(kind: string, over: Partial<Check> = {}): Check {
  return { name: kind, kind, intervalMs: 10_000, timeoutMs: 5000, enabled: true, options: {}, place: PLACE, ...over }
}

export function device(name: string, over: Partial<Device> = {}): Device {
  return {
    name,
    title: name,
    short: name,
    class: 'server',
    enabled: true,
    dependsOn: [],
    pollers: ['poller'],
    checks: [check('ping')],
    alarms: {},
    place: PLACE,
    ...over,
  }
}

export const inventory = (...devices: Device[]): Inventory => ({ site: 'test', devices })

export const kinds = {
  host: { where: 'local' },
  ping: { where: 'remote' },
  snmp: { where: 'remote' },
  contacts: { where: 'remote', repeatMs: 60_000 },
  syslog: { where: 'push' },
} as const

/** Rules of an alarms.yaml; fails with its issues. */
export function rules(yaml: string): RuleSet {
  const doc = parseDocument(yaml, 'alarms.yaml')
  const parsed = parseRules(doc)
  if (!parsed) throw new Error(doc.issues.map(formatIssue).join('\n'))
  return parsed
}

export const noRules = ruleSet([])

export function status(over: Partial<AgentStatus> = {}): AgentStatus {
  return {
    state: 'online',
    reason: 'start',
    session: 's1',
    sessions: ['s1'],
    oldest: null,
    lost: 0,
    backlog: 0,
    version: '0',
    host: 'h',
    os: 'linux',
    started: START,
    config: 1,
    rejected: null,
    ...over,
  }
}

/** An engine with a clock that the test moves, one tick per second; every step gives what was told. */
export class Scene {
  engine: Engine
  now = START
  told: Change[] = []
  readonly setup: { rules: RuleSet; inventory: Inventory }

  constructor(setup: { rules: RuleSet; inventory: Inventory }) {
    this.setup = setup
    this.engine = new Engine({ ...setup, kinds })
    this.beat()
  }

  /** All expected agents say that they live. */
  beat(): string[] {
    for (const agent of [...this.engine.streams.agents.keys(), 'poller'])
      if (agent !== 'collector') this.engine.status(agent, this.now, status())
    return this.#flush()
  }

  /** Ticks each second; agents send their status each 20 s unless silent. */
  wait(seconds: number, quiet = false): string[] {
    const told: string[] = []
    for (let at = 0; at < seconds; at++) {
      this.now += 1000
      if (!quiet && Math.round((this.now - START) / 1000) % 20 === 0) {
        for (const agent of this.engine.streams.agents.values())
          if (!agent.lost && agent.name !== 'collector') this.engine.status(agent.name, this.now, status())
      }
      this.engine.tick(this.now)
      told.push(...this.#flush())
    }
    return told
  }

  /** One sample from the poller. `ageMs`: how old it was when it was sent. */
  sample(
    deviceName: string,
    on: string,
    value: FieldValue,
    {
      tags = {},
      ageMs = 0,
      agent = 'poller',
      check: ran = '',
      fields = {},
    }: { tags?: Record<string, string>; ageMs?: number; agent?: string; check?: string; fields?: Record<string, FieldValue> } = {},
  ): string[] {
    const dot = on.indexOf('.')
    const time = this.now - ageMs
    const lines = [
      encodeSample({
        measurement: on.slice(0, dot),
        tags: { device: deviceName, ...tags },
        fields: { [on.slice(dot + 1)]: value, ...fields },
        time,
      }),
    ]
    if (ran !== '')
      lines.push(
        encodeSample({ measurement: 'check', tags: { device: deviceName, check: ran, kind: ran }, fields: { up: 1, reason: 'ok' }, time }),
      )
    this.engine.data(agent, this.now, this.now, lines.join('\n'), (line, message) => {
      throw new Error(`${line}: ${message}`)
    })
    return this.#flush()
  }

  run(deviceName: string, name: string, reason = 'ok', agent = 'poller'): string[] {
    return this.sample(deviceName, 'check.up', reason === 'ok', { tags: { check: name, kind: name }, agent, fields: { reason } })
  }

  status(agent: string, over: Partial<AgentStatus>): string[] {
    this.engine.status(agent, this.now, status(over))
    return this.#flush()
  }

  command(order: Omit<AlarmCommand, 'by'>): string[] {
    this.engine.command(this.now, { by: 'li', ...order })
    return this.#flush()
  }

  reload(next: { rules?: RuleSet; inventory?: Inventory }): string[] {
    this.engine.configure(next.rules ?? this.setup.rules, next.inventory ?? this.setup.inventory, this.now)
    return this.#flush()
  }

  /** A new engine from the snapshot, through JSON. */
  restart(setup = this.setup): void {
    const snapshot = JSON.parse(JSON.stringify(takeSnapshot(this.engine)))
    this.engine = new Engine({ ...setup, kinds })
    if (!restoreSnapshot(this.engine, snapshot)) throw new Error('the snapshot was not taken')
  }

  /** Newest alarm of a rule that was told. */
  alarm(rule: string) {
    const change = this.told.findLast((told) => told.alarm.rule === rule)
    if (!change) throw new Error(`nothing was told of ${rule}`)
    return change.alarm
  }

  #flush(): string[] {
    const changes = this.engine.take()
    this.told.push(...changes)
    return changes.map((change) => `${change.kind} ${change.alarm.rule} ${change.alarm.severity}${change.late ? ' late' : ''}`)
  }
}
