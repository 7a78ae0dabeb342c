import { describe, expect, test } from 'vitest'
import { type BrokerUsers, covers, mayAccess, mosquittoAcl } from '../../broker/acl.ts'

const users: BrokerUsers = { site: 'room', collectors: ['collector-main'], extra: [{ user: 'telegraf', topic: 'telegraf/#' }] }

describe('topic rules', () => {
  test.each([
    ['poller', 'write', 'jifang/room/agent/poller/data', true],
    ['poller', 'write', 'jifang/room/agent/poller/status', true],
    ['poller', 'write', 'jifang/room/agent/poller/reply', true],
    ['poller', 'write', 'jifang/room/agent/poller/ack', false],
    ['poller', 'write', 'jifang/room/agent/poller/config', false],
    ['poller', 'write', 'jifang/room/agent/other/data', false],
    ['poller', 'write', 'jifang/other/agent/poller/data', false],
    ['poller', 'write', 'jifang/room/collector/main/status', false],
    ['poller', 'write', 'jifang/room/alarms/1', false],
    ['poller', 'write', 'telegraf/cpu', false],
    ['poller', 'read', 'jifang/room/agent/poller/ack', true],
    ['poller', 'read', 'jifang/room/agent/poller/config', true],
    ['poller', 'read', 'jifang/room/agent/poller/request', true],
    ['poller', 'read', 'jifang/room/agent/poller/status', true],
    ['poller', 'read', 'jifang/room/collector/+/status', true],
    ['poller', 'read', 'jifang/room/collector/main/status', true],
    ['poller', 'read', 'jifang/room/agent/poller/data', false],
    ['poller', 'read', 'jifang/room/agent/+/ack', false],
    ['poller', 'read', 'jifang/room/agent/poller/#', false],
    ['poller', 'read', 'jifang/#', false],
    ['poller', 'read', '#', false],
    ['collector-main', 'write', 'jifang/room/agent/poller/config', true],
    ['collector-main', 'read', 'jifang/room/agent/+/data', true],
    ['collector-main', 'read', 'telegraf/#', true],
    ['collector-main', 'write', 'telegraf/cpu', false],
    ['collector-main', 'read', '#', false],
    ['telegraf', 'write', 'telegraf/host/cpu', true],
    ['telegraf', 'read', 'telegraf/#', false],
    ['', 'read', 'jifang/room/collector/+/status', false],
    ['+', 'read', 'jifang/room/agent/+/ack', false],
    ['a/b', 'write', 'jifang/room/agent/a/b/data', false],
  ] as const)('%s may %s %s: %s', (user, access, topic, allowed) => {
    expect(mayAccess(users, user, access, topic)).toBe(allowed)
  })

  test('`*` lets every user publish there, and only there', () => {
    const open = { ...users, extra: [{ user: '*', topic: 'metrics/#' }] }
    expect(mayAccess(open, 'poller', 'write', 'metrics/cpu')).toBe(true)
    expect(mayAccess(open, 'poller', 'read', 'metrics/cpu')).toBe(false)
    expect(mayAccess(open, '', 'write', 'metrics/cpu')).toBe(false)
    expect(mosquittoAcl(open)).toMatch(/\npattern write metrics\/#\n$/)
  })

  test('a filter covers what it can match, not more', () => {
    expect(covers('a/+/c', 'a/+/c')).toBe(true)
    expect(covers('a/b/c', 'a/+/c')).toBe(false)
    expect(covers('a/#', 'a/b/#')).toBe(true)
    expect(covers('a/+', 'a/#')).toBe(false)
  })

  test('the same for mosquitto', () => {
    expect(
      mosquittoAcl(users)
        .split('\n')
        .filter((line) => line && !line.startsWith('#')),
    ).toEqual([
      'user collector-main',
      'topic readwrite jifang/room/#',
      'topic read telegraf/#',
      'user telegraf',
      'topic write telegraf/#',
      'pattern write jifang/room/agent/%u/data',
      'pattern write jifang/room/agent/%u/status',
      'pattern write jifang/room/agent/%u/reply',
      'pattern read jifang/room/agent/%u/status',
      'pattern read jifang/room/agent/%u/ack',
      'pattern read jifang/room/agent/%u/config',
      'pattern read jifang/room/agent/%u/request',
      'pattern read jifang/room/collector/+/status',
    ])
  })
})
