import { connectAsync, type IClientOptions } from 'mqtt'
import { describe, expect, onTestFinished, test } from 'vitest'
import { COLLECTOR_USER, embeddedBroker, SITE } from '../support/broker.ts'
import { until } from '../support/until.ts'

async function broker(names: readonly string[] = ['poller-1']) {
  const started = await embeddedBroker(names)
  onTestFinished(() => started.stop())
  return started
}
const login = (port: number, user: string, more: IClientOptions = {}) =>
  connectAsync(`mqtt://127.0.0.1:${port}`, { username: user, password: `${user}-secret`, protocolVersion: 4, reconnectPeriod: 0, ...more })

describe('embedded broker', () => {
  test('a taken port is said with address, port and what to do', async () => {
    const { port } = await broker()
    await expect(embeddedBroker([], port)).rejects.toThrow(
      `the embedded broker can't listen on 127.0.0.1:${port}, the port is taken: stop the other program`,
    )
  })

  test('wrong passwords, unknown names and sessions that would outlive their connection stay outside', async () => {
    const { port } = await broker()
    await expect(login(port, 'poller-1', { password: 'wrong' })).rejects.toThrow(/bad username or password/i)
    await expect(login(port, 'poller-1', { username: 'poller-2' })).rejects.toThrow(/bad username or password/i)
    await expect(login(port, 'poller-1', { clean: false, clientId: 'x', connectTimeout: 500 })).rejects.toThrow()
  })

  test('an agent is cut off when it writes where it may not, and hears only what is its own', async () => {
    const { port } = await broker(['poller-1', 'poller-2'])
    const collector = await login(port, COLLECTOR_USER)
    const seen: string[] = []
    collector.on('message', (topic) => seen.push(topic))
    await collector.subscribeAsync(`jifang/${SITE}/#`)
    const agent = await login(port, 'poller-2')
    const heard: string[] = []
    agent.on('message', (topic) => heard.push(topic))
    await agent.subscribeAsync([`jifang/${SITE}/agent/poller-1/config`, `jifang/${SITE}/#`]).catch(() => undefined)
    await agent.subscribeAsync(`jifang/${SITE}/agent/poller-2/config`)
    await collector.publishAsync(`jifang/${SITE}/agent/poller-1/config`, 'x', { qos: 1 })
    await collector.publishAsync(`jifang/${SITE}/agent/poller-2/config`, 'x', { qos: 1 })
    await until(() => heard.length > 0)
    expect(heard).toEqual([`jifang/${SITE}/agent/poller-2/config`])
    agent.publish(`jifang/${SITE}/agent/poller-1/data`, 'x', { qos: 1 })
    await until(() => !agent.connected, { what: 'cut off' })
    expect(seen).not.toContain(`jifang/${SITE}/agent/poller-1/data`)
    await Promise.all([collector.endAsync(true), agent.endAsync(true)])
  })

  test('a will is sent for a client that vanishes', async () => {
    const { port } = await broker()
    const collector = await login(port, COLLECTOR_USER)
    const seen: string[] = []
    collector.on('message', (topic, payload) => seen.push(`${topic} ${payload}`))
    await collector.subscribeAsync(`jifang/${SITE}/agent/+/status`)
    const topic = `jifang/${SITE}/agent/poller-1/status`
    const agent = await login(port, 'poller-1', { will: { topic, payload: Buffer.from('gone'), qos: 1, retain: true } })
    agent.stream.destroy()
    await until(() => seen.includes(`${topic} gone`))
    await Promise.all([collector.endAsync(true), agent.endAsync(true)])
  })
})
