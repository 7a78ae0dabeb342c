import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OPERATOR, type RunningRoom, runningRoom } from '../support/running-room.ts'
import { missing, which } from '../support/tools.ts'
import { until } from '../support/until.ts'

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

describe.skipIf(missing('chromium'))('the console in a browser', () => {
  let room: RunningRoom
  let browser: Browser
  let page: Page
  const faults: string[] = []

  beforeAll(async () => {
    room = await runningRoom()
    browser = await chromium.launch({ executablePath: which('chromium') ?? 'chromium', args: ARGS })
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    page.on('pageerror', (error) => faults.push(error.message))
    await page.goto(room.url)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await room?.close()
  })

  const alarm = (text: string) => page.locator('.alarms > .alarm', { hasText: text })

  it('shows this host with its values, bytes as bytes', async () => {
    await page.locator('.tile', { hasText: '值班室主机' }).click()
    const mem = page.locator('fieldset', { has: page.locator('legend', { hasText: /^mem$/ }) })
    await mem.waitFor()
    for (const field of ['total', 'used', 'slab', 'committed_as'])
      expect(
        await mem
          .locator('.value', { has: page.locator(`span:text-is("${field}")`) })
          .locator('b')
          .textContent(),
      ).toMatch(/^[\d.]+ [KMG]?i?B$/)
    expect(
      await mem
        .locator('.value', { has: page.locator('span:text-is("used_percent")') })
        .locator('b')
        .textContent(),
    ).toMatch(/^[\d.]+ %$/)
  })

  it('draws a value over time, and nothing of the page is wider than the window', async () => {
    await until(
      async () =>
        ((await room.api.get<{ series?: { points: unknown[] }[] }>('/api/v1/series?device=box&measurement=mem&field=used')).series?.[0]
          ?.points.length ?? 0) > 2,
      { what: 'stored' },
    )
    await page
      .locator('fieldset', { has: page.locator('legend', { hasText: /^mem$/ }) })
      .locator('.value')
      .nth(1)
      .click()
    await page.locator('.chart canvas').waitFor()
    for (const width of [1280, 420]) {
      await page.setViewportSize({ width, height: 800 })
      await until(() => page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth'), {
        what: `fits ${width} px`,
      })
      await until(
        () => page.evaluate("document.querySelector('.chart canvas').clientWidth <= document.querySelector('.chart').clientWidth"),
        {
          what: `the chart fits at ${width} px`,
        },
      )
    }
    await page.setViewportSize({ width: 1280, height: 800 })
  })

  it('an alarm appears and disappears by itself', async () => {
    await room.heat(90, 'raised')
    await alarm('T1 温度高').waitFor({ timeout: 3000 })
    expect(await alarm('T1 温度高').textContent()).toContain('机柜 A03')
    await room.heat(20, 'resolved')
    await alarm('T1 温度高').waitFor({ state: 'detached', timeout: 3000 })
  })

  it('speaks English at ?lang=en', async () => {
    await room.heat(90, 'raised', 'T3')
    const english = await browser.newPage()
    await english.goto(`${room.url}/?lang=en`)
    await english.locator('.alarms > .alarm', { hasText: 'T3 hot' }).locator('button', { hasText: 'acknowledge' }).waitFor()
    expect(await english.locator('header').textContent()).toMatch(/ok.*alarm.*no data.*live/)
    await english.close()
    await room.heat(20, 'resolved', 'T3')
  })

  it('an acknowledgement asks for a token and names its person', async () => {
    await room.heat(60, 'raised', 'T2')
    page.once('dialog', (dialog) => void dialog.accept(OPERATOR))
    await alarm('T2').locator('button', { hasText: '确认' }).click()
    await alarm('T2').locator('.state', { hasText: '已确认 · 张三' }).waitFor({ timeout: 5000 })
    await room.heat(20, 'resolved', 'T2')
    await alarm('T2').waitFor({ state: 'detached', timeout: 5000 })
  })

  it('says that it is cut off, and comes back by itself', async () => {
    await room.program.stop()
    await page.locator('.link.down').waitFor({ timeout: 10_000 })
    await room.start()
    await page.locator('.link.up').waitFor({ timeout: 15_000 })
    await room.heat(60, 'raised', 'T3')
    await alarm('T3').waitFor({ timeout: 8000 })
    await room.heat(20, 'resolved', 'T3')
    await alarm('T3').waitFor({ state: 'detached', timeout: 8000 })
    expect(faults).toEqual([])
  }, 60_000)
})
