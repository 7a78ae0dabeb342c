import { asAlarmCommand } from '../../alarm/commands.ts'
import type { Engine } from '../../alarm/engine.ts'
import type { Counters } from '../../core/lifecycle/counters.ts'
import type { NewRecord } from '../../core/segment/types.ts'
import type { AgentStatus } from '../../core/wire/payloads.ts'
import { openPayload } from './payload.ts'

/** Hands one journal record to the engine. Bad lines are counted and passed over. @throws when the payload as a whole can't be read */
export function applyRecord(engine: Engine, record: NewRecord, counters: Counters): void {
  const now = record.receivedAt
  switch (record.kind) {
    case 'data': {
      const { sent, text } = openPayload(record.payload)
      engine.data(record.agent, now, sent, text, () => counters.add('jifang_judge_bad_lines_total'))
      break
    }
    case 'status':
      engine.status(record.agent, now, JSON.parse(record.payload.toString('utf8')) as AgentStatus)
      break
    case 'command': {
      const order = asAlarmCommand(JSON.parse(record.payload.toString('utf8')))
      if (order) engine.command(now, order)
      break
    }
    case 'tick':
      engine.tick(now)
      break
    case 'reload':
      break
  }
}
