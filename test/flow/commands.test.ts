import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { events, jifang } from '../support/jifang.ts'
import { OPERATOR, type RunningRoom, runningRoom, VIEWER } from '../support/running-room.ts'
import { until } from '../support/until.ts'

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js')

describe('the commands of an operator', () => {
  let room: RunningRoom
  beforeAll(async () => {
    room = await runningRoom()
  })
  afterAll(() => room?.close())

  const oneLine = (text: string): string => {
    expect(text.trim().split('\n')).toHaveLength(1)
    return text.trim()
  }

  it('find the collector of their data folder without being told its address', async () => {
    const { code, out } = await room.run(['status'])
    expect(code).toBe(0)
    expect(out).toMatch(/^test {2}● \d 正常/)
  })

  it('tail shows one plain line per event in a pipe, columns by cells', async () => {
    const { alarm } = await room.heat(60, 'raised')
    await room.heat(90, 'severity')
    await room.heat(20, 'resolved')
    const { code, out } = await room.run(['tail'])
    expect(code).toBe(0)
    const lines = out.trimEnd().split('\n')
    expect(lines.map((line) => line.replace(/^\d\d-\d\d \d\d:\d\d:\d\d /, '').replace(/持续 \d+s/, '持续'))).toEqual([
      `● 重要 告警 机柜 A03               T1 温度高 60 (> 50) #${alarm.short_id}`,
      `▲ 紧急 变级 机柜 A03               T1 温度高 90 (> 80) #${alarm.short_id}`,
      `▲ 紧急 恢复 机柜 A03               T1 温度高 20 (> 80) 持续 #${alarm.short_id}`,
    ])
    expect(out).not.toContain('\u001b')
    expect((await room.run(['tail', '-n', '1'])).out.trim().split('\n')).toHaveLength(1)
    expect((await room.run(['tail', '--since', '1ms'])).out).toBe('')
    expect(
      (await room.run(['tail', '--since', '1h', '--json'])).out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).kind),
    ).toEqual(['raised', 'severity', 'resolved'])
    expect((await room.run(['tail', '--lang', 'en', '-n', '1'])).out).toMatch(/emergency resolved +机柜 A03 +T1 hot 20/)
  })

  it.each([
    [['tail', '-n', 'x'], 2, '--lines: not a number: x'],
    [['tail', '--since', '5'], 2, '--since: not a span: 5 (use 30m, 2h, 1d)'],
    [['ack', 'XXXX', '--for', 'long'], 2, '--for: not a span: long (use 30m, 2h, 1d)'],
    [['ack', 'XXXX'], 1, 'jifang: no alarm XXXX'],
    [['explain', 'XXXX'], 1, 'jifang: no alarm XXXX'],
    [['tail', '--bogus'], 2, "error: unknown option '--bogus'"],
    [['status', '--lang', 'fr'], 2, "error: option '--lang <zh|en>' argument 'fr' is invalid. Allowed choices are zh, en."],
    [['status', '--url', 'box'], 2, "error: option '--url <url>' argument 'box' is invalid. it must begin with http:// or https://"],
    [['status', '--url', 'http://127.0.0.1:9'], 1, 'jifang: no collector answers at http://127.0.0.1:9'],
  ] as const)('%j ends with %i and one line', async (args, code, line) => {
    const done = await room.run(args)
    expect([done.code, done.out]).toEqual([code, ''])
    expect(oneLine(done.err)).toContain(line)
  })

  it('an acknowledgement names its person, and only who may gives one', async () => {
    const { alarm } = await room.heat(60, 'raised', 'T2')
    const wrong = await room.run(['ack', alarm.short_id, '--token', 'wrong-token-0123456789'])
    expect([wrong.code, oneLine(wrong.err)]).toEqual([1, 'jifang: this token is not known'])
    const viewer = await room.run(['ack', alarm.short_id, '--token', VIEWER])
    expect([viewer.code, oneLine(viewer.err)]).toEqual([1, 'jifang: 看客 is viewer; this needs operator'])
    const done = await room.run(['ack', `#${alarm.short_id.toLowerCase()}`, '--for', '1h30m', '-m', '去看'], { JIFANG_TOKEN: OPERATOR })
    expect([done.code, done.err]).toEqual([0, ''])
    expect(done.out.trim()).toBe(`#${alarm.short_id} rack T2 温度高 60: 已确认，确认人 张三`)
    const [after] = await room.api.alarms()
    expect(after).toMatchObject({ state: 'acknowledged', ack: { by: '张三', note: '去看' } })
    const minutes = ((after?.ack?.until ?? 0) - (after?.ack?.at ?? 0)) / 60_000
    expect(minutes).toBeCloseTo(90, 1)
    const { code, out } = await room.run(['explain', alarm.short_id])
    expect(code).toBe(0)
    for (const part of ['T2 温度高', '规则', 'rack-hot', 'alarms.yaml:2', 'env.value', '60', '张三', '去看']) expect(out).toContain(part)
    await room.heat(20, 'resolved', 'T2')
  })

  it('status shows what is wrong in words, agents too, and JSON for programs', async () => {
    const { alarm } = await room.heat(60, 'raised', 'T3')
    const { out } = await room.run(['status'])
    expect(out).toMatch(new RegExp(`● 重要 机柜 A03 +T3 温度高 60 \\(> 50\\) +告警中 .* #${alarm.short_id}`))
    const agents = await room.run(['status', '--agents'])
    expect(agents.out).toMatch(/box +在线 +\d+\.\d+\.\d+ +\d+ +0 +-?\d+ ms/)
    const { site, devices, alarms } = JSON.parse((await room.run(['status', '--json'])).out)
    expect([site, devices.map((device: { name: string }) => device.name), alarms.length]).toEqual(['test', ['box', 'rack'], 1])
    await room.heat(20, 'resolved', 'T3')
  })

  it('probe measures here or through the agent, and says what the rules would', async () => {
    const here = await room.run(['probe', 'box', '--config', room.config])
    expect(here.code).toBe(0)
    expect(here.out).toMatch(/● host \(host\) ok \d+ ms/)
    expect(here.out).toMatch(/mem +total +\d+/)
    const remote = await room.run(['probe', 'box', 'host', '--remote', '--json', '--config', room.config])
    expect(remote.code).toBe(0)
    const [run] = JSON.parse(remote.out)
    expect([run.check, run.reason, run.samples.some((sample: { measurement: string }) => sample.measurement === 'mem')]).toEqual([
      'host',
      'ok',
      true,
    ])
    const unknown = await room.run(['probe', 'bax', '--config', room.config])
    expect([unknown.code, oneLine(unknown.err)]).toEqual([2, 'jifang: there is no device bax in devices.yaml, did you mean "box"?'])
    const noCheck = await room.run(['probe', 'box', 'hots', '--config', room.config])
    expect([noCheck.code, oneLine(noCheck.err)]).toEqual([2, 'jifang: box has no check hots, did you mean "host"?'])
    const nobody = await room.run(['probe', 'bax', '--remote', '--config', room.config])
    expect([nobody.code, oneLine(nobody.err)]).toEqual([1, 'jifang: no device is named bax'])
  }, 60_000)

  it('a reader that has had enough ends them quietly', async () => {
    const shell = promisify(execFile)
    const { stdout, stderr } = await shell('sh', ['-c', `"${process.execPath}" "${MAIN}" status --json --data "${room.data}" | head -c 1`])
    expect([stdout, stderr]).toEqual(['{', ''])
  })

  it('tail -f comes back after a restart of the collector and shows every event once', async () => {
    await room.heat(60, 'raised', 'T4')
    const tail = jifang(['tail', '-f', '--json', '--data', room.data])
    const seen = () => events(tail).map(({ kind, alarm }) => `${alarm.instance} ${kind}`)
    await until(() => seen().includes('point=T4 raised'), { what: 'what was before' })
    const before = seen().length
    await room.program.stop()
    await room.start()
    await room.heat(90, 'raised', 'T5') // most likely before tail is back
    await room.heat(20, 'resolved', 'T5')
    await until(() => seen().includes('point=T5 resolved'), { timeoutMs: 15_000, what: 'the missed events' })
    expect(seen().slice(before)).toEqual(['point=T5 raised', 'point=T5 resolved'])
    expect(tail.stderr()).toContain('trying again')
    tail.interrupt()
    expect(await tail.exited).toBe(0)
  })
})

describe('the program', () => {
  const run = async (...args: string[]) => {
    const program = jifang(args)
    return { code: await program.exited, out: program.stdout(), err: program.stderr() }
  }

  it('without a command shows what there is and ends with 2', async () => {
    const { code, out, err } = await run()
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('tail')
  })

  it('says so when there is no such command', async () => {
    const { code, err } = await run('tial')
    expect(code).toBe(2)
    expect(err).toContain("unknown command 'tial'")
    expect(err).toContain('Did you mean tail?')
  })

  it.each([[['--help']], [['help']], [['--version']]])('%j ends with 0', async (args) => {
    expect((await run(...args)).code).toBe(0)
  })

  it('help COMMAND shows its options', async () => {
    const { code, out } = await run('help', 'tail')
    expect([code, out.includes('--since')]).toEqual([0, true])
  })
})
