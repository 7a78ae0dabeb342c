// `npm start`: from a fresh clone to a running `jifang up --demo`; further arguments are passed on.
import { fileURLToPath } from 'node:url'
import { prepare } from './prepare.mjs'

prepare()
const entry = new URL('../dist/cli/main.js', import.meta.url)
process.argv = [process.argv[0], fileURLToPath(entry), 'up', '--demo', ...process.argv.slice(2)]
await import(entry.href)
