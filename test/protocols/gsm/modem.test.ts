import { describe, expect, onTestFinished, test } from 'vitest'
import { silentLog } from '../../../core/log/log.ts'
import { errorText, GsmError } from '../../../protocols/gsm/errors.ts'
import { createModem, type ModemOptions } from '../../../protocols/gsm/modem.ts'
import { type Deliver, encodeSubmit, type StatusReport } from '../../../protocols/gsm/pdu.ts'
import { ModemSimulator } from '../../support/modem.ts'
import { until } from '../../support/until.ts'

const TIMING = { probeMs: 60, answerMs: 200, promptMs: 150, sendMs: 250, quietMs: 20, resetMs: 30 }

function setUp(options: Partial<ModemOptions> = {}) {
  const simulator = new ModemSimulator()
  const opened: number[] = []
  const open = async (_device: string, baud: number) => {
    opened.push(baud)
    return simulator.transport()
  }
  const modem = createModem({ device: 'ttyX', open, log: silentLog, timing: TIMING, bauds: [9600], ...options })
  onTestFinished(() => modem.close())
  return { simulator, modem, opened }
}

const part = (text: string) => {
  const [first] = encodeSubmit({ to: '+8613800138000', text, statusReport: true })
  if (!first) throw new Error('no part')
  return first
}

const failure = (promise: Promise<unknown>): Promise<GsmError> =>
  promise.then(
    () => {
      throw new Error('did not fail')
    },
    (error: unknown) => {
      if (error instanceof GsmError) return error
      throw error
    },
  )

describe('modem', () => {
  test('initialises once, then sends and gives the references of the modem', async () => {
    const { simulator, modem } = setUp()
    expect(await modem.sendPart(part('【紧急】烟感1 报警'))).toBe(1)
    expect(await modem.sendPart(part('【恢复】烟感1'))).toBe(2)
    expect(simulator.messages().map((message) => message.text)).toEqual(['【紧急】烟感1 报警', '【恢复】烟感1'])
    expect(simulator.commands.slice(0, 9)).toEqual([
      'AT',
      'ATE0',
      'AT+CMEE=1',
      'AT+CPIN?',
      'AT+CSCA?',
      'AT+CSMS=1',
      'AT+CMGF=0',
      'AT+CNMI=2,1,0,1,0',
      'AT+CPMS="SM","SM","SM"',
    ])
    expect(simulator.commands.filter((command) => command === 'ATE0')).toHaveLength(1)
  })

  test('only one message is in flight', async () => {
    const { simulator, modem } = setUp()
    simulator.answers.push({ kind: 'accept', delayMs: 60 }, { kind: 'accept', delayMs: 5 })
    expect(await Promise.all([modem.sendPart(part('一')), modem.sendPart(part('二'))])).toEqual([1, 2])
  })

  test.each([
    [38, 'later', '+CMS ERROR 38: network out of order / 网络中断'],
    [30, 'recipient', 'number unknown to the network / 号码不存在'],
    [8, 'person', 'arrears'],
    [41, 'soon', 'temporary failure'],
    [9999, 'soon', 'vendor'],
    [111, 'protocol', 'protocol error'],
  ])('+CMS ERROR %i is %s', async (code, group, words) => {
    const { simulator, modem } = setUp()
    simulator.answers.push({ kind: 'cms', code })
    const error = await failure(modem.sendPart(part('x')))
    expect(error).toMatchObject({ kind: 'cms', code, group, uncertain: false })
    expect(error.message).toContain(words)
    expect(await modem.sendPart(part('y'))).toBe(1)
  })

  test('no prompt: the message surely did not go out, and the line is usable again', async () => {
    const { simulator, modem } = setUp()
    simulator.answers.push({ kind: 'no-prompt' })
    expect(await failure(modem.sendPart(part('a')))).toMatchObject({ kind: 'timeout', uncertain: false })
    expect(await modem.sendPart(part('b'))).toBe(1)
  })

  test('silence behind the PDU is told as uncertain; a late answer is not taken for the next', async () => {
    const { simulator, modem, opened } = setUp()
    simulator.answers.push({ kind: 'accept', delayMs: 270 })
    expect(await failure(modem.sendPart(part('a')))).toMatchObject({ kind: 'timeout', uncertain: true })
    expect(await modem.sendPart(part('b'))).toBe(2)
    expect(opened).toHaveLength(1)
  })

  test('climbs the ladder: resync, reopen, restart of the modem', async () => {
    const { simulator, modem, opened } = setUp()
    await modem.status()
    for (let i = 0; i < 3; i++) {
      simulator.answers.push({ kind: 'silent' })
      await failure(modem.sendPart(part('x')))
    }
    expect(simulator.commands).toContain('AT+CFUN=1,1')
    expect(await modem.sendPart(part('y'))).toBe(4)
    expect(opened.length).toBeGreaterThanOrEqual(3)
  })

  test('a failure of the modem itself restarts it at once', async () => {
    const { simulator, modem } = setUp()
    simulator.answers.push({ kind: 'cms', code: 300 })
    expect(await failure(modem.sendPart(part('a')))).toMatchObject({ code: 300, group: 'person' })
    expect(simulator.commands.at(-1)).toBe('AT+CFUN=1,1')
    expect(await modem.sendPart(part('b'))).toBe(1)
  })

  test('a full SIM is emptied, so that the next attempt can work', async () => {
    const messages: Deliver[] = []
    const { simulator, modem } = setUp({ onMessage: (message) => messages.push(message) })
    await modem.status()
    simulator.receiveSilently('10086', '余额不足')
    simulator.answers.push({ kind: 'cms', code: 322 })
    expect(await failure(modem.sendPart(part('a')))).toMatchObject({ code: 322 })
    expect(messages.map((message) => message.text)).toEqual(['余额不足'])
    expect(simulator.stored).toBe(0)
    expect(await modem.sendPart(part('a'))).toBe(1)
  })

  test('comes back after the plug was pulled in the middle of a message', async () => {
    const { simulator, modem, opened } = setUp()
    simulator.answers.push({ kind: 'drop' })
    expect(await failure(modem.sendPart(part('a')))).toMatchObject({ kind: 'closed', uncertain: true })
    expect(await modem.sendPart(part('b'))).toBe(2)
    expect(opened).toHaveLength(2)
  })

  test('finds the speed and keeps it', async () => {
    const simulator = new ModemSimulator()
    const opened: number[] = []
    const open = async (_device: string, baud: number) => {
      opened.push(baud)
      simulator.mute = baud !== 19_200
      return simulator.transport()
    }
    const modem = createModem({ device: 'ttyX', open, log: silentLog, timing: TIMING, bauds: [9600, 115_200, 19_200] })
    onTestFinished(() => modem.close())
    expect((await modem.status()).registered).toBe(true)
    simulator.unplug()
    await modem.status()
    expect(opened).toEqual([9600, 115_200, 19_200, 19_200])
  })

  test('tells signal, registration and SIM in words, and never enters a PIN', async () => {
    const { simulator, modem } = setUp()
    expect(await modem.status()).toEqual({ rssi: 18, dbm: -77, registration: 1, registered: true, network: 'home network' })
    simulator.signal = 99
    simulator.registration = 3
    expect(await modem.status()).toMatchObject({ rssi: null, dbm: null, registered: false, network: expect.stringContaining('denied') })
    simulator.sim = 'SIM PIN'
    expect(await failure(modem.status())).toMatchObject({ kind: 'sim', group: 'person' })
    expect(simulator.commands.some((command) => command.startsWith('AT+CPIN='))).toBe(false)
  })

  test('sets the service centre when the SIM has none', async () => {
    const { simulator, modem } = setUp({ smsc: '+8613800100500' })
    simulator.smsc = ''
    await modem.status()
    expect(simulator.smsc).toBe('+8613800100500')
  })

  test('hands over reports and received messages, acknowledges, and empties the SIM', async () => {
    const reports: StatusReport[] = []
    const messages: Deliver[] = []
    const { simulator, modem } = setUp({ onReport: (report) => reports.push(report), onMessage: (message) => messages.push(message) })
    simulator.reportStatus = 0
    simulator.receive('10086', '余额不足')
    const reference = await modem.sendPart(part('a'))
    await until(() => reports.length === 1)
    expect(reports[0]).toMatchObject({ reference, to: '+8613800138000', state: 'delivered' })
    await until(() => simulator.commands.includes('AT+CNMA'))
    simulator.receive('+8613800138000', '1')
    await until(() => messages.length === 2)
    expect(messages.map((message) => message.text)).toEqual(['余额不足', '1'])
    expect(simulator.stored).toBe(0)
  })
})

test('every code of the device notes has its group', () => {
  const groups: Record<string, readonly number[]> = {
    soon: [17, 22, 42, 41, 47, 192, 194, 314, 332, 500, 512, 521, 532, 513],
    later: [38, 27, 331, 615, 616],
    recipient: [1, 21, 30, 29, 195, 196, 197, 198, 199, 304, 305],
    person: [8, 10, 28, 50, 193, 69, 300, 301, 302, 303, 310, 311, 312, 313, 315, 316, 317, 318, 320, 321, 322, 208, 330, 340],
    protocol: [81, 95, 99, 111, 127, 128, 143, 159, 175, 209, 255],
  }
  for (const [group, codes] of Object.entries(groups))
    for (const code of codes) expect([code, errorText('cms', code).group]).toEqual([code, group])
})
