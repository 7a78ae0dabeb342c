import { describe, expect, it, onTestFinished } from 'vitest'
import { createServiceNotifier } from '../../../core/lifecycle/sd-notify.ts'
import { silentLog } from '../../../core/log/log.ts'
import { until } from '../../support/until.ts'

function setUp(env: NodeJS.ProcessEnv, progress: () => number, send?: (told: readonly string[]) => Promise<void>) {
  const told: string[] = []
  const notifier = createServiceNotifier({
    env,
    log: silentLog,
    progress,
    send: send ?? (async (assignments) => void told.push(assignments.join(' '))),
  })
  onTestFinished(() => notifier.stop())
  return { notifier, told }
}
const socket = { NOTIFY_SOCKET: '/run/systemd/notify' }

describe('service notifier', () => {
  it('is silent without systemd', async () => {
    const { notifier, told } = setUp({ WATCHDOG_USEC: '30000' }, () => 1)
    await notifier.ready('x')
    await notifier.stop()
    expect(told).toEqual([])
  })

  it('says ready once, then lines, then stopping once', async () => {
    const { notifier, told } = setUp(socket, () => 1)
    await notifier.ready('12 checks')
    await notifier.ready('13\nchecks')
    await notifier.status('14 checks')
    await notifier.stop()
    await notifier.stop()
    expect(told).toEqual(['READY=1 STATUS=12 checks', 'STATUS=13 checks', 'STATUS=14 checks', 'STOPPING=1 STATUS=stopping'])
  })

  it('feeds the watchdog only while there is progress', async () => {
    let progress = 0
    let growing = true
    const { notifier, told } = setUp({ ...socket, WATCHDOG_USEC: '30000', WATCHDOG_PID: String(process.pid) }, () =>
      growing ? progress++ : progress,
    )
    const fed = () => told.filter((line) => line === 'WATCHDOG=1').length
    await notifier.ready('x')
    await until(() => fed() >= 3)
    growing = false
    await new Promise((resolve) => setTimeout(resolve, 30))
    const before = fed()
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(fed()).toBeLessThanOrEqual(before + 1)
    growing = true
    await until(() => fed() > before + 1)
  })

  it("leaves another process's watchdog alone", async () => {
    const { notifier, told } = setUp({ ...socket, WATCHDOG_USEC: '3000', WATCHDOG_PID: '1' }, () => Math.random())
    await notifier.ready('x')
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(told).toEqual(['READY=1 STATUS=x'])
  })

  it('goes on when systemd can not be told', async () => {
    let calls = 0
    const { notifier } = setUp(
      socket,
      () => 1,
      () => {
        calls++
        return Promise.reject(new Error('gone'))
      },
    )
    await notifier.ready('x')
    await notifier.status('y')
    expect(calls).toBe(2)
  })
})
