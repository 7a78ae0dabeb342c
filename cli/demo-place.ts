import { fileURLToPath } from 'node:url'
import { onlyDemoRuns } from './client.ts'
import { type PlaceOptions, placesOf } from './options.ts'
import { packageRoot } from './version.ts'

/** Configuration of `jifang up --demo`. */
export const demoConfigDir = fileURLToPath(new URL('config/demo', packageRoot))

/** As given, else that of the room that runs here: the demonstration's while it is the only one. */
export function configDirInUse(options: PlaceOptions): string {
  const { configDir, dataDir } = placesOf(options)
  return options.config === undefined && onlyDemoRuns(dataDir) ? demoConfigDir : configDir
}
