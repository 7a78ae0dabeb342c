import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { schemaFiles } from '../../packaging/schemas.ts'

const folder = new URL('../../config/', import.meta.url)

test.each(Object.entries(schemaFiles()))('config/schema/%s is up to date (-u writes it)', async (name, text) => {
  await expect(text).toMatchFileSnapshot(new URL(`schema/${name}`, folder).pathname)
})

test.each(['jifang', 'devices', 'alarms', 'notify'])('config/%s.yaml names its schema in the first line', async (name) => {
  const first = (await readFile(new URL(`${name}.yaml`, folder), 'utf8')).split('\n')[0]
  expect(first).toBe(`# yaml-language-server: $schema=./schema/${name}.schema.json`)
})

test('descriptions, defaults and patterns reach the editor', () => {
  const schema = JSON.parse(schemaFiles()['jifang.schema.json'] ?? '')
  expect(schema.properties.store.properties.retention).toMatchObject({
    description: 'How long the own store keeps samples.',
    default: '90d',
    pattern: expect.stringContaining('ms|s|m|h|d|w'),
  })
  expect(schema.properties.web.additionalProperties).toBe(false)
  const devices = JSON.parse(schemaFiles()['devices.schema.json'] ?? '')
  const kinds = devices.properties.devices.items.properties.checks.items.anyOf
  expect(kinds.map((kind: { properties: { kind: { const: string } } }) => kind.properties.kind.const)).toContain('ping')
})
