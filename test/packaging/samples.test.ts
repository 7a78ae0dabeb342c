import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parseRules } from '../../alarm/rules-file.ts'
import { formatIssue, parseDocument } from '../../core/config/document.ts'
import { settingsSchema } from '../../core/config/settings-schema.ts'
import { checkShape } from '../../core/config/shape.ts'

/** A shipped file with everything switched on that its comments show. The head, up to the first empty line, is prose. */
async function uncommented(name: string): Promise<string> {
  const text = await readFile(new URL(`../../config/${name}.yaml`, import.meta.url), 'utf8')
  const body = text.slice(text.indexOf('\n\n'))
  return body.replace(/^( *)# ?/gm, '$1').replace(/^(\w+): \[\]$/gm, '$1:')
}

/** jifang.yaml shows two ways to write `influx:`. */
const influxBlocks = /^influx:.*\n(?: .*\n)+/gm

test.each([0, 1])('what the comments of jifang.yaml show is valid, and shows the defaults (influx way %i)', async (way) => {
  const text = await uncommented('jifang')
  expect(text.match(influxBlocks)).toHaveLength(2)
  let seen = 0
  const doc = parseDocument(
    text.replace(influxBlocks, (block) => (seen++ === way ? block : '')),
    'jifang.yaml',
  )
  const shown = checkShape(doc, settingsSchema, doc.value, [])
  expect(doc.issues.map(formatIssue)).toEqual([])
  const defaults = checkShape(parseDocument('', 'x'), settingsSchema, {}, [])
  for (const section of ['collector', 'store', 'journal', 'spool', 'secrets', 'log'] as const)
    expect(shown?.[section]).toEqual(defaults?.[section])
  expect(shown?.agent.concurrency).toBe(defaults?.agent.concurrency)
  expect(shown?.mqtt.listen).toEqual(defaults?.mqtt.listen)
  expect(shown?.web.listen).toEqual(defaults?.web.listen)
  expect(shown?.ingest.future).toBe(defaults?.ingest.future)
  expect(shown?.influx?.version).toBe(way === 0 ? 2 : 1)
})

test('every option of jifang.yaml is shown', async () => {
  const text = await uncommented('jifang')
  const absent: string[] = []
  const visit = (schema: unknown, path: string): void => {
    const { entries, wrapped, item, options } = schema as { entries?: object; wrapped?: unknown; item?: unknown; options?: unknown[] }
    if (wrapped) visit(wrapped, path)
    else if (item) visit(item, path)
    else if (entries) {
      for (const [key, entry] of Object.entries(entries)) {
        if (!new RegExp(`(^|[ {])${key}: `, 'm').test(text) && !new RegExp(`^ *${key}:$`, 'm').test(text)) absent.push(`${path}${key}`)
        visit(entry, `${path}${key}.`)
      }
    } else if (options && typeof options[0] === 'object') for (const option of options) visit(option, path)
  }
  visit(settingsSchema, '')
  expect(absent).toEqual([])
})

test('the rules that the comments of alarms.yaml show are valid', async () => {
  const text = (await uncommented('alarms')).replace(/^defaults: false.*$/m, '')
  const doc = parseDocument(text, 'alarms.yaml')
  const names = parseRules(doc)?.rules.map((rule) => rule.name)
  expect(doc.issues.map(formatIssue)).toEqual([])
  expect(names).toEqual(expect.arrayContaining(['disk-room', 'disk-forecast', 'room-heating-up', 'syslog-silent', 'disk-full']))
})
