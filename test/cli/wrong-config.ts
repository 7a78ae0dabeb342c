import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const fixtures = fileURLToPath(new URL('../fixtures/config/', import.meta.url))

/** A fixture `<file>.<what>.yaml` begins with the messages it must give, one `# expect: …` line each. */
export async function wrongConfigs(): Promise<{ name: string; target: string; expected: string[] }[]> {
  const names = (await readdir(fixtures)).filter((name) => name.endsWith('.yaml')).sort()
  return Promise.all(
    names.map(async (name) => ({
      name,
      target: `${name.split('.')[0]}.yaml`,
      expected: [...(await readFile(join(fixtures, name), 'utf8')).matchAll(/^# expect: (.*)$/gm)].map((match) => match[1] ?? ''),
    })),
  )
}

/** A folder with nothing wrong in it but that one file. */
export async function folderWith(dir: string, fixture: string): Promise<void> {
  await writeFile(join(dir, 'devices.yaml'), 'site: test\ndevices: []\n')
  await copyFile(join(fixtures, fixture), join(dir, `${basename(fixture).split('.')[0]}.yaml`))
}
