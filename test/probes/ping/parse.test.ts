import { describe, expect, it } from 'vitest'
import { parseFping, parsePing } from '../../../probes/ping/parse.ts'

describe('fping', () => {
  it.each([
    ['all answered', '10.0.0.1 : 0.024 0.041 0.030\n', [0.024, 0.041, 0.03], 3, false],
    ['one lost', '10.0.0.1 : [0], 64 bytes, 1.2 ms (1.2 avg, 0% loss)\n\n10.0.0.1 : 1.20 - 1.40\n', [1.2, 1.4], 3, false],
    ['all lost', '\n240.0.0.1 : - - -\n', [], 3, false],
    ['IPv6', 'fe80::1 : 0.2 0.3 -\n', [0.2, 0.3], 3, false],
    ['no such name', 'nosuch.invalid: Name or service not known\n', [], 3, true],
    ['no such name in fping 3', 'nosuch.invalid address not found\n', [], 3, true],
  ])('%s', (_, text, times, transmitted, unresolved) => {
    expect(parseFping(text, 3)).toMatchObject({ times, transmitted, unresolved, unreachable: false })
  })

  it('hears a router', () => {
    expect(parseFping('ICMP Host Unreachable from 10.0.0.9 for ICMP Echo sent to 10.0.0.1\n\n10.0.0.1 : - -\n', 2).unreachable).toBe(true)
  })
})

const IPUTILS = `PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.
64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.210 ms
64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.310 ms (DUP!)
64 bytes from 127.0.0.1: icmp_seq=3 ttl=64 time=0.190 ms

--- 127.0.0.1 ping statistics ---
3 packets transmitted, 2 received, 33% packet loss, time 406ms
rtt min/avg/max/mdev = 0.190/0.200/0.210/0.010 ms
`
const BUSYBOX = `PING 10.0.0.1 (10.0.0.1): 56 data bytes
64 bytes from 10.0.0.1: seq=0 ttl=63 time=1.532 ms

--- 10.0.0.1 ping statistics ---
1 packets transmitted, 1 packets received, 0% packet loss
round-trip min/avg/max = 1.532/1.532/1.532 ms
`
const WINDOWS = `\r\nPinging 10.0.0.1 with 32 bytes of data:\r\nReply from 10.0.0.1: bytes=32 time<1ms TTL=128\r\nReply from 10.0.0.1: bytes=32 time=12ms TTL=128\r\nRequest timed out.\r\n\r\nPing statistics for 10.0.0.1:\r\n    Packets: Sent = 3, Received = 2, Lost = 1 (33% loss),\r\nApproximate round trip times in milli-seconds:\r\n    Minimum = 0ms, Maximum = 12ms, Average = 6ms\r\n`
// 来自 10.0.0.1 的回复: 字节=32 时间=7ms TTL=128, in GBK
const CHINESE =
  '\r\n\xd5\xfd\xd4\xda Ping 10.0.0.1 \xbe\xdf\xd3\xd0 32 \xd7\xd6\xbd\xda\xb5\xc4\xca\xfd\xbe\xdd:\r\n\xc0\xb4\xd7\xd4 10.0.0.1 \xb5\xc4\xbb\xd8\xb8\xb4: \xd7\xd6\xbd\xda=32 \xca\xb1\xbc\xe4=7ms TTL=128\r\n\xc7\xeb\xc7\xf3\xb3\xac\xca\xb1\xa1\xa3\r\n    \xca\xfd\xbe\xdd\xb0\xfc: (50% \xb6\xaa\xca\xa7)\xa3\xac\r\n    \xd7\xee\xb6\xcc = 7ms\xa3\xac\xd7\xee\xb3\xa4 = 7ms\xa3\xac\xc6\xbd\xbe\xf9 = 7ms\r\n'

describe('ping', () => {
  it.each([
    ['iputils', IPUTILS, [0.21, 0.19], 3, 64],
    ['busybox', BUSYBOX, [1.532], 1, 63],
    ['Windows', WINDOWS, [1, 12], 3, 128],
    ['Chinese Windows', CHINESE, [7], 2, 128],
    ['Windows over IPv6', 'Reply from ::1: time<1ms \r\n (0% loss),\r\n', [1], 1, undefined],
  ])('%s', (_, text, times, transmitted, ttl) => {
    const result = parsePing(text, transmitted)
    expect(result).toMatchObject({ times, transmitted, unresolved: false })
    expect(result.ttl).toBe(ttl)
  })

  it.each([
    ['iputils', 'ping: nosuch.invalid: Name or service not known\n'],
    ['busybox', "ping: bad address 'nosuch.invalid'\n"],
    ['Windows', 'Ping request could not find host nosuch.invalid. Please check the name and try again.\r\n'],
  ])('a name that does not resolve: %s', (_, text) => {
    expect(parsePing(text, 3).unresolved).toBe(true)
  })

  it('all lost', () => {
    expect(parsePing('3 packets transmitted, 0 received, +2 errors, 100% packet loss, time 406ms\n', 3)).toEqual({
      transmitted: 3,
      times: [],
      unresolved: false,
      unreachable: false,
    })
  })
})
