import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { dataMessage } from '../../../agent/message.ts'
import { packBody } from '../../../agent/spool-record.ts'
import { Acks } from '../../../collector/ingest/acks.ts'
import { DeadLetters } from '../../../collector/ingest/dead-letters.ts'
import { Intake } from '../../../collector/ingest/intake.ts'
import { Streams } from '../../../collector/ingest/streams.ts'
import { openPayload } from '../../../collector/judge/payload.ts'
import { Counters } from '../../../core/lifecycle/counters.ts'
import { silentLog } from '../../../core/log/log.ts'
import type { NewRecord } from '../../../core/segment/types.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'

const NOW = 1_700_000_000_000
const HEAD_LINE = Buffer.from(`# jifang/1 session=x seq=1 base=1 sent=${NOW}000000 config=3\n`)

async function intake() {
  const dir = await tempDir()
  const records: NewRecord[] = []
  const unjournalled: NewRecord[] = []
  const acks: string[] = []
  const disk = { full: false }
  const told: boolean[] = []
  const counters = new Counters()
  const streams = new Streams()
  const deadLetters = new DeadLetters(dir, { log: silentLog, counters })
  const subject = new Intake({
    site: 's',
    session: 'own',
    journal: {
      get failing() {
        return disk.full ? 'disk full' : null
      },
      async append(record) {
        await Promise.resolve()
        if (disk.full) throw Object.assign(new Error('disk full'), { code: 'ENOSPC' })
        return records.push(record)
      },
    },
    streams,
    acks: new Acks({ streams, send: (agent, session, seq) => acks.push(`${agent}/${session}/${seq}`) }),
    assignments: {
      allowed: (agent, version, device) => device === agent || (version === 3 && device === 'ups-01'),
      declared: (device) => device === 'old-01',
    },
    deadLetters,
    futureMs: 3_600_000,
    onUnjournalled: (record) => unjournalled.push(record),
    onJournal: () => told.push(disk.full),
    onHeader() {},
    clock: { now: () => NOW, monotonic: () => NOW },
    counters,
    log: silentLog,
  })
  const send = (seq: number, lines = `m,device=a,site=s n=${seq} ${NOW}000000\n`, { base = 1, config = 3 } = {}): void =>
    subject.onData('a', dataMessage({ session: 'x', seq, base, sent: NOW, config }, packBody(lines)))
  const acked = async (count: number): Promise<string[]> => {
    await until(() => acks.length >= count, { what: `${count} acknowledgements` })
    return acks.splice(0)
  }
  return { subject, send, records, unjournalled, acked, acks, disk, told, counters, deadLetters, dir, streams }
}
const text = (record: NewRecord | undefined): string => record?.payload.toString('utf8') ?? ''

test('one group commit, one acknowledgement, and only after it', async () => {
  const { send, records, acked } = await intake()
  for (const seq of [1, 2, 3]) send(seq)
  expect(await acked(1)).toEqual(['a/x/3'])
  expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3])
})

test('a gap is answered so that the agent sees the same acknowledgement twice', async () => {
  const { send, records, acked } = await intake()
  send(1)
  expect(await acked(1)).toEqual(['a/x/1'])
  send(3)
  expect(await acked(1)).toEqual(['a/x/1'])
  send(2)
  send(4)
  expect(await acked(2)).toEqual(['a/x/2', 'a/x/2'])
  expect(records.map(({ seq }) => seq)).toEqual([1, 2])
})

test('base declares what is gone', async () => {
  const { send, records, acked, streams } = await intake()
  send(1)
  await acked(1)
  send(10, undefined, { base: 10 })
  expect(await acked(1)).toEqual(['a/x/10'])
  expect(records.map(({ seq }) => seq)).toEqual([1, 10])
  expect(streams.gone).toBe(8)
})

test('lines that may not enter stand in the journal as comments; the payload is as received when all may', async () => {
  const { send, records, acked, counters, deadLetters, dir } = await intake()
  const at = `${NOW}000000`
  send(
    1,
    `m,device=ups-01,site=s n=1 ${at}\nm,device=fw-01,site=s n=1 ${at}\nm,site=s n=1 ${at}\nm,device=a,site=t n=1 ${at}\nm,device=a,site=s n=1\nm,device=a,site=s n=1 ${NOW + 7_200_000}000000\nbroken\n`,
  )
  await acked(1)
  const [, ...lines] = text(records[0]).trimEnd().split('\n')
  expect(lines.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
    `m,device=ups-01,site=s n=1 ${at}`,
    '# refused unassigned',
    '# refused no_device',
    '# refused wrong_site',
    '# refused no_time',
    '# refused future',
    '# rejected unparsable',
  ])
  expect(counters.get('jifang_ingest_refused_lines_total', { reason: 'unassigned' })).toBe(1)
  await deadLetters.close()
  expect(JSON.parse(await readFile(join(dir, 'ingest.jsonl'), 'utf8'))).toMatchObject({ agent: 'a', session: 'x', seq: 1, line: 'broken' })
  const body = packBody(`m,device=a,site=s n=1 ${at}\n`.repeat(60))
  const message = dataMessage({ session: 'x', seq: 2, base: 1, sent: NOW, config: 0 }, body)
  send(2, `m,device=a,site=s n=1 ${at}\n`.repeat(60), { config: 0 })
  await acked(1)
  expect(records[1]?.payload).toEqual(message)
})

test('a message that can not be unpacked uses up its seq and blocks nothing behind it', async () => {
  const { subject, records, acked, send } = await intake()
  const header = { session: 'x', base: 1, sent: NOW, config: 3 }
  const whole = dataMessage({ ...header, seq: 1 }, packBody('m n=1 1\n'.repeat(1_000)))
  subject.onData('a', whole.subarray(0, whole.length - 20))
  subject.onData('a', dataMessage({ ...header, seq: 2 }, gzipSync(Buffer.alloc(10_000_000, 'x'))))
  send(3)
  expect(await acked(1)).toEqual(['a/x/3'])
  expect(text(records[0])).toMatch(/\n# rejected message gzip: /)
  expect(text(records[1])).toMatch(/\n# rejected message larger than 262144 bytes unpacked\n$/)
})

test.each([
  ['larger than a message may be', gzipSync(Buffer.concat([HEAD_LINE, Buffer.alloc(300_000, 'm,device=a,site=s n=1 1\n')]))],
  ['a bomb', gzipSync(Buffer.concat([HEAD_LINE, Buffer.alloc(20_000_000, 'x')]))],
  ['cut', gzipSync(Buffer.concat([HEAD_LINE, randomBytes(5_000)])).subarray(0, 2_000)],
  ['cut, and short', gzipSync(Buffer.concat([HEAD_LINE, Buffer.from('m,device=a,site=s n=1 1\n')])).subarray(0, -9)],
  ['of many empty members', Buffer.concat([gzipSync(HEAD_LINE), ...Array<Buffer>(20_000).fill(gzipSync(''))])],
])('packed as one with its header, a message that is %s uses up its seq too', async (_, payload) => {
  const { subject, records, acked, send } = await intake()
  subject.onData('a', payload)
  send(2)
  expect(await acked(1)).toEqual(['a/x/2'])
  expect(text(records[0])).toMatch(/^# jifang\/1 session=x seq=1 .*\n# rejected message /)
})

test('a base below 1 stands for 1', async () => {
  const { send, acked } = await intake()
  send(1, undefined, { base: 0 })
  expect(await acked(1)).toEqual(['a/x/1'])
})

test('an agent whose clock is ahead is let in: what is ahead of its own clock is not', async () => {
  const { subject, records, acked } = await intake()
  const ahead = NOW + 10 * 3_600_000
  const lines = `m,device=a,site=s n=1 ${ahead}000000\nm,device=a,site=s n=2 ${ahead + 7_200_000}000000\n`
  subject.onData('a', dataMessage({ session: 'x', seq: 1, base: 1, sent: ahead, config: 3 }, packBody(lines)))
  await acked(1)
  expect(text(records[0]).split('\n').slice(1, 3)).toEqual([
    `m,device=a,site=s n=1 ${ahead}000000`,
    expect.stringMatching(/^# refused future /),
  ])
})

test('many lines from outside become records that every consumer can open, in order', async () => {
  const { subject, records } = await intake()
  const lines = Array.from({ length: 20_000 }, (_, n) => `m,device=old-01 n=${n}i`)
  const { accepted, refused } = await subject.fromOutside([...lines, `m,device=old-01 text="${'x'.repeat(70_000)}"`].join('\n'))
  expect([accepted, refused.length]).toEqual([20_000, 1])
  const opened = records.map(({ payload }) => openPayload(payload).text)
  expect(records.length).toBeGreaterThan(5)
  expect(Math.max(...opened.map((part) => Buffer.byteLength(part)))).toBeLessThan(256 * 1024)
  expect([...opened.join('').matchAll(/ n=(\d+)i/g)].map(([, n]) => Number(n))).toEqual(lines.map((_, n) => n))
})

test('plain lines may be packed; what does not unpack is a dead letter', async () => {
  const { subject, records, counters } = await intake()
  await subject.onLines(gzipSync('m,device=old-01 n=1\n'))
  await subject.onLines(Buffer.from([0x1f, 0x8b, 1, 2]))
  expect(records.map(text)).toEqual([`m,device=old-01,site=s n=1 ${NOW}000000\n`])
  expect(counters.get('jifang_ingest_dead_letters_total')).toBe(1)
})

test('without a header a message is a dead letter and is not acknowledged', async () => {
  const { subject, records, deadLetters, dir, acks } = await intake()
  subject.onData('a', Buffer.from('m,device=a n=1 1\n'))
  subject.onData('a', Buffer.from([0x1f, 0x8b, 1, 2, 3]))
  await deadLetters.close()
  const letters = (await readFile(join(dir, 'ingest.jsonl'), 'utf8')).trimEnd().split('\n')
  expect(letters.map((line) => JSON.parse(line).reason)).toEqual(['the header line is missing', expect.stringMatching(/^gzip: /)])
  expect([records.length, acks.length]).toEqual([0, 0])
})

test('a journal that can not be written: nothing is acknowledged, each record is judged from memory once, and follows later', async () => {
  const { send, records, unjournalled, acked, acks, disk, told } = await intake()
  disk.full = true
  send(1)
  send(2)
  await until(() => unjournalled.length === 2)
  send(1)
  send(2)
  send(50) // shown ahead by a stuck agent
  send(50)
  await until(() => unjournalled.length === 3)
  expect(unjournalled.map(({ seq }) => seq)).toEqual([1, 2, 50])
  await until(() => acks.length > 0)
  expect(new Set(acks.splice(0))).toEqual(new Set(['a/x/0']))
  disk.full = false
  send(1)
  send(2)
  expect((await acked(1)).at(-1)).toBe('a/x/2')
  expect(records.map(({ seq }) => seq)).toEqual([1, 2])
  expect(told).toEqual([true, false])
})

test('the collector’s own samples are data of `collector`, with a header', async () => {
  const { subject, records } = await intake()
  await subject.writeLocal([{ measurement: 'jifang_collector', tags: { device: 'collector' }, fields: { x: 1 }, time: NOW }])
  expect(text(records[0])).toBe(
    `# jifang/1 session=own seq=1 base=1 sent=${NOW}000000 config=0\njifang_collector,device=collector,site=s x=1 ${NOW}000000\n`,
  )
  expect(records[0]).toMatchObject({ agent: 'collector', session: 'own', seq: 1, kind: 'data' })
})
