import { type ConversionConfig, toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { rulesFileSchema } from '../alarm/rule-schema.ts'
import { settingsSchema } from '../core/config/settings-schema.ts'
import { commonCheckEntries, deviceSchema, inventorySchema } from '../core/inventory/schema.ts'
import { profileSchema } from '../core/profile/schema.ts'
import { notifySchema } from '../notify/notify-file.ts'
import { kinds } from '../probes/kinds.ts'

/** What editors need beside the YAML: config/schema/*.json. Written by `npx vitest run test/packaging/schemas.test.ts -u`. */
export function schemaFiles(): Readonly<Record<string, string>> {
  return {
    'jifang.schema.json': text('Settings of the programs on one machine', settingsSchema),
    'devices.schema.json': text('The inventory: everything that is watched', devicesSchema()),
    'alarms.schema.json': text('Alarm rules', rulesFileSchema),
    'notify.schema.json': text('Who is told of what', notifySchema),
    'profile.schema.json': text('What an SNMP device can be asked, and what its answers mean', profileSchema),
  }
}

/** Meaning that JSON Schema can't express is left to `jifang check`. */
const config: ConversionConfig = { typeMode: 'input', errorMode: 'ignore' }

function text(title: string, schema: v.GenericSchema): string {
  const { $schema, ...body } = toJsonSchema(schema, config)
  return `${JSON.stringify({ $schema, title, ...body }, null, 2)}\n`
}

/** A name or address in the file may be a range, `app-[01-06]`, that the expanded one may not. */
const ranged = (words: string) => v.pipe(v.string(), v.description(words))

/** One schema for the file, whose parts the parser checks one by one: devices as written, checks by kind. */
function devicesSchema(): v.GenericSchema {
  const common = { ...commonCheckEntries, address: v.optional(ranged('Host name or IP address, when it is not the device’s.')) }
  const checks = Object.entries(kinds).map(([name, kind]) => {
    const kindEntry = { kind: v.pipe(v.literal(name), v.description(`${kind.title.zh} ${kind.title.en}`)) }
    const entries = (kind.options as { entries?: v.ObjectEntries }).entries
    return entries && kind.options.type === 'strict_object'
      ? v.strictObject({ ...common, ...kindEntry, ...entries })
      : v.looseObject({ ...common, ...kindEntry })
  })
  const device = v.strictObject({
    ...deviceSchema.entries,
    name: ranged('Unique. `[01-06]` makes a range of devices: every range in the entry goes in step.'),
    address: v.optional(ranged('Host name or IP address, without port.')),
    checks: v.optional(v.pipe(v.array(v.union(checks)), v.description('What is measured.'))),
  })
  return v.strictObject({ ...inventorySchema.entries, devices: v.array(device) })
}
