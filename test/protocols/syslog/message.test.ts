import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSyslog, SYSLOG_LEVELS } from '../../../protocols/syslog/message.ts'
import { decodeSyslog } from '../../../protocols/syslog/text.ts'

describe('parseSyslog', () => {
  it.each([
    // RFC 5424 clause 6.5
    [
      "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick on /dev/pts/8",
      { level: 'crit', facility: 4, host: 'mymachine.example.com', program: 'su', text: "'su root' failed for lonvick on /dev/pts/8" },
    ],
    [
      "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
      { level: 'notice', facility: 20, host: '192.0.2.1', program: 'myproc', text: "%% It's time to make the do-nuts." },
    ],
    [
      '<165>1 2003-10-11T22:14:15.003Z h evntslog - ID47 [exampleSDID@32473 iut="3" q="a \\] b"][x@1 y="z"]',
      { level: 'notice', facility: 20, host: 'h', program: 'evntslog', text: '[exampleSDID@32473 iut="3" q="a \\] b"][x@1 y="z"]' },
    ],
    ['<11>1 - - - - - - x', { level: 'err', facility: 1, host: null, program: null, text: 'x' }],
    // RFC 3164 clause 5.4
    [
      "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
      { level: 'crit', facility: 4, host: 'mymachine', program: 'su', text: "'su root' failed for lonvick on /dev/pts/8" },
    ],
    [
      '<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!',
      { level: 'notice', facility: 1, host: '10.0.0.99', program: null, text: 'Use the BFG!' },
    ],
    // as devices write it
    [
      '<189>Nov 22 2026 09:15:01 SW-CORE %%01IFNET/4/LINK_STATE(l)[0]:The line protocol on GE0/0/1 is DOWN.',
      {
        level: 'notice',
        facility: 23,
        host: 'SW-CORE',
        program: '%%01IFNET/4/LINK_STATE(l)',
        text: 'The line protocol on GE0/0/1 is DOWN.',
      },
    ],
    [
      '<187>*Nov 22 09:15:01.123: %LINK-3-UPDOWN: Interface Gi0/1',
      { level: 'err', facility: 23, host: null, program: '%LINK-3-UPDOWN', text: 'Interface Gi0/1' },
    ],
    [
      '<12>2026-11-22 09:15:01 ids-01 IPS: 攻击 SQL 注入',
      { level: 'warning', facility: 1, host: 'ids-01', program: 'IPS', text: '攻击 SQL 注入' },
    ],
    ['<30>sshd[77]: Accepted', { level: 'info', facility: 3, host: null, program: 'sshd', text: 'Accepted' }],
    ['no priority at all', { level: 'notice', facility: 1, host: null, program: null, text: 'no priority at all' }],
    ['<999>x y', { level: 'notice', facility: 1, host: null, program: null, text: '<999>x y' }],
    [
      '<34>1 broken 5424 without end [a b="c',
      { level: 'crit', facility: 4, host: null, program: null, text: '1 broken 5424 without end [a b="c' },
    ],
    ['', { level: 'notice', facility: 1, host: null, program: null, text: '' }],
  ])('%s', (line, expected) => {
    expect(parseSyslog(line)).toEqual(expected)
  })

  it('reads any text, and keeps the end of what it does not understand', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(
            '<',
            '>',
            '1',
            ' ',
            '-',
            '[',
            ']',
            '=',
            '"',
            '\\',
            ':',
            '%',
            '电',
            'a',
            '2026-11-22 09:15:01',
            'Nov 22 09:15:01',
            '\n',
            '\0',
          ),
          maxLength: 60,
        }),
        fc.integer({ min: 0, max: 191 }),
        (text, priority) => {
          const read = parseSyslog(`<${priority}>${text}`)
          expect(read.level).toBe(SYSLOG_LEVELS[priority % 8])
          expect(text.endsWith(read.text) || read.text === '').toBe(true)
        },
      ),
    )
  })
})

describe('decodeSyslog', () => {
  const gbk = Uint8Array.from([0xb5, 0xe7, 0xd4, 0xb4, 0xb9, 0xca, 0xd5, 0xcf]) // 电源故障
  it.each([
    ['UTF-8', Buffer.from('电源故障'), 'auto', '电源故障'],
    ['GBK', gbk, 'auto', '电源故障'],
    ['GBK as told', gbk, 'gbk', '电源故障'],
    ['ASCII', Buffer.from('power'), 'auto', 'power'],
    ['UTF-8 cut in its last character', Buffer.from('电源故障').subarray(0, 11), 'auto', '电源故'],
    ['what is neither, as told', Uint8Array.from([0x61, 0xff]), 'utf-8', 'a\ufffd'],
  ] as const)('%s', (_, bytes, encoding, text) => {
    expect(decodeSyslog(bytes, encoding)).toBe(text)
  })

  it('any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('auto', 'utf-8', 'gbk'),
        (bytes, encoding) => typeof decodeSyslog(bytes, encoding) === 'string',
      ),
    )
  })
})
