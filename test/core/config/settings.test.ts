import { describe, expect, test } from 'vitest'
import { parseDocument } from '../../../core/config/document.ts'
import { formatListen, isLoopback, parseListen } from '../../../core/config/listen.ts'
import { agentNameOf, parseSettings } from '../../../core/config/settings.ts'

function read(text: string) {
  const doc = parseDocument(text, 'jifang.yaml')
  const settings = parseSettings(doc, '.')
  if (!settings) throw new Error(JSON.stringify(doc.issues))
  return { settings, issues: doc.issues }
}

describe('settings', () => {
  test('an empty file is all defaults', () => {
    expect(read('').settings).toEqual({
      mqtt: { listen: { host: '127.0.0.1', port: 1883 }, agents: [] },
      agent: { concurrency: 128 },
      collector: { id: 'main' },
      store: { retention: 90 * 86_400_000, memory: 256 * 1024 ** 2 },
      journal: { max_bytes: 4 * 1024 ** 3, keep_free: 1024 ** 3 },
      spool: { max_bytes: 1024 ** 3, keep_free: 512 * 1024 ** 2, backlog_share: 0.5 },
      web: { listen: { host: '127.0.0.1', port: 8420 }, tokens: [] },
      ingest: { extra_topics: [], future: 3_600_000 },
      secrets: { paths: ['secrets'] },
      log: { level: 'info' },
    })
  })

  test.each([
    ['{ version: 2, url: "http://x:8086", org: o, bucket: b, token: "${env:T}" }', { version: 2, org: 'o', bucket: 'b', timeout: 30_000 }],
    ['{ version: "2", url: "http://x:8086", org: o, bucket: b, token: "${env:T}" }', { version: 2 }],
    ['{ version: 1, url: "http://x:8086/influx", database: d, timeout: 5s }', { version: 1, database: 'd', timeout: 5000 }],
    ['{ version: victoriametrics, url: "http://x:8428" }', { version: 'victoriametrics' }],
  ])('influx: %s', (text, expected) => {
    expect(read(`influx: ${text}\n`).settings.influx).toMatchObject(expected)
  })

  test('beyond loopback with tokens, TLS missing is a warning', () => {
    const { issues } = read('web: { listen: ":8420", tokens: [ { person: a, role: admin, token: "${env:T}" } ] }\n')
    expect(issues.map(({ level, path }) => [level, path])).toEqual([['warning', 'web.listen']])
  })

  test('the agent is named as configured, else like the host', () => {
    expect(agentNameOf(read('agent: { name: x }\n').settings, 'host')).toBe('x')
    expect(agentNameOf(read('').settings, 'web 1.example.org')).toBe('web-1')
    expect(agentNameOf(read('').settings, '机房')).toBe('agent')
    expect(agentNameOf(read('').settings, 'collector'), 'the collector itself has that name').toBe('collector-host')
    const doc = parseDocument('agent: { name: collector }\n', 'jifang.yaml')
    expect(parseSettings(doc, '.')).toBeUndefined()
    expect(doc.issues.map(({ message }) => message)).toEqual(['"collector" is the collector itself: give the agent another name'])
  })
})

test.each([
  ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
  ['[::1]:8420', { host: '::1', port: 8420 }],
  [':8420', { host: '0.0.0.0', port: 8420 }],
  ['room.example:1', { host: 'room.example', port: 1 }],
  ['999.1.1.1:80', null],
  ['127.0.0.1', null],
  ['127.0.0.1:0', null],
  ['::1:80', null],
  ['[nonsense]:80', null],
])('listen %s', (text, expected) => {
  const parsed = parseListen(text)
  expect(parsed).toEqual(expected)
  if (parsed) expect(parseListen(formatListen(parsed))).toEqual(parsed)
})

test('loopback', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].every(isLoopback)).toBe(true)
  expect(['0.0.0.0', '::', '192.0.2.1', '127.example'].some(isLoopback)).toBe(false)
})
