import { describe, expect, it, onTestFinished } from 'vitest'
import { createSdNotify } from '../../../core/lifecycle/sd-notify.ts'
import { silentLog } from '../../../core/log/log.ts'
import { until } from '../../support/until.ts'

function setUp(env: NodeJS.ProcessEnv, send?: (told: readonly string[]) => Promise<void>) {
  const told: string[] = []
  const notify = createSdNotify({ env, log: silentLog, send: send ?? (async (assignments) => void told.push(assignments.join(' '))) })
  onTestFinished(() => notify.stopping())
  return { notify, told }
}
const socket = { NOTIFY_SOCKET: '/run/systemd/notify' }

describe('sd notify', () => {
  it('is silent without systemd', async () => {
    const { notify, told } = setUp({ WATCHDOG_USEC: '30000' })
    await notify.ready(() => 1)
    await notify.status('x')
    await notify.stopping()
    expect(told).toEqual([])
  })

  it('says ready, then lines, then stopping once', async () => {
    const { notify, told } = setUp(socket)
    await notify.ready(() => 1, '12\nchecks')
    await notify.status('14 checks')
    await notify.stopping()
    await notify.stopping()
    expect(told).toEqual(['READY=1 STATUS=12 checks', 'STATUS=14 checks', 'STOPPING=1 STATUS=stopping'])
  })

  it('feeds the watchdog only while there is progress', async () => {
    let progress = 0
    let growing = true
    let asked = 0
    const { notify, told } = setUp({ ...socket, WATCHDOG_USEC: '30000', WATCHDOG_PID: String(process.pid) })
    const fed = () => told.filter((line) => line === 'WATCHDOG=1').length
    await notify.ready(() => {
      asked++
      return growing ? ++progress : progress
    })
    await until(() => fed() >= 3)
    growing = false
    const [fedBefore, askedBefore] = [fed(), asked]
    await until(() => asked >= askedBefore + 5)
    expect(fed()).toBeLessThanOrEqual(fedBefore + 1)
    growing = true
    await until(() => fed() > fedBefore + 1)
  })

  it("leaves another process's watchdog alone", async () => {
    let asked = 0
    const { notify, told } = setUp({ ...socket, WATCHDOG_USEC: '3000', WATCHDOG_PID: '1' })
    await notify.ready(() => asked++)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(asked).toBe(0)
    expect(told).toEqual(['READY=1 STATUS=running'])
  })

  it('goes on when systemd can not be told', async () => {
    let calls = 0
    const { notify } = setUp(socket, () => {
      calls++
      return Promise.reject(new Error('gone'))
    })
    await notify.ready(() => 1)
    await notify.status('y')
    expect(calls).toBe(2)
  })
})
