import { expect, test } from 'vitest'
import { encodeHeader, parseHeader } from '../../../core/wire/header.ts'
import { parseAgentTopic } from '../../../core/wire/topics.ts'

const header = { session: 'x-1', seq: 7, base: 3, sent: 1_700_000_000_123, config: 12 }

test.each([1_700_000_000_123, 90_000, 0, 4_102_444_800_000])('a header says the same again, whatever the clock reads: %d', (sent) => {
  expect(parseHeader(encodeHeader({ ...header, sent }))).toEqual({ ...header, sent })
})

test.each([
  '',
  '# jifang/2 session=x seq=1 base=1 sent=1 config=1',
  '# jifang/1 session=x seq=-1 base=1 sent=1 config=1',
  '# jifang/1 session=../x seq=1 base=1 sent=1 config=1',
  '# jifang/1 session=x seq=1 base=1 sent=1',
  '# jifang/1 session=x seq=1 base=1 sent=1 config=1 more',
])('is none: %s', (line) => {
  expect(parseHeader(line)).toBeNull()
})

test('an agent topic names an agent: not another site, not what is no name, not the collector itself', () => {
  expect(parseAgentTopic('s', 'jifang/s/agent/a/data')).toEqual({ agent: 'a', channel: 'data' })
  for (const topic of ['jifang/t/agent/a/data', 'jifang/s/agent/a b/data', 'jifang/s/agent/collector/data', 'jifang/s/agent/a/other'])
    expect(parseAgentTopic('s', topic)).toBeNull()
})
