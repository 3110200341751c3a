// What `npm start` runs. A bare clone has nothing but Node 20 and npm, so this file needs no package: it installs and
// builds where that has not been done since the last change, and leaves the rest to the project's own Node.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const at = (...names) => join(root, ...names)
const windows = process.platform === 'win32'

if (!isInstalled()) npm('Installing the packages', 'ci', '--no-audit', '--no-fund', '--loglevel=error')
if (!isBuilt()) npm('Building', 'run', 'build', '--silent')

const node = at('node_modules', 'node', 'bin', windows ? 'node.exe' : 'node')
// Ctrl-C reaches the demo too, which ends this process by ending itself.
process.on('SIGINT', () => {})
const demo = spawnSync(node, [at('examples', 'demo', 'demo.ts')], {
  cwd: root,
  env: ownEnvironment(),
  stdio: 'inherit',
})
if (demo.error) console.error(`The demo did not start: ${demo.error.message}`)
process.exitCode = demo.status ?? 1

/** Without the telemetry that is set up for this machine: the demo's records are no business of its collector. */
function ownEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:OTEL_|NODE_OPTIONS$)/i.test(name)))
}

/** npm writes node_modules/.package-lock.json last: where it is missing, the installation was not finished. */
function isInstalled() {
  return changed(at('node_modules', '.package-lock.json')) >= changed(at('package-lock.json'))
}

function isBuilt() {
  const sources = ['src', 'adapters'].flatMap((folder) =>
    readdirSync(at(folder), { recursive: true }).map((file) => at(folder, file)),
  )
  return changed(at('dist', 'src', 'index.js')) >= Math.max(...sources.map(changed), changed(at('tsdown.config.ts')))
}

/** When the file was last written, in ms; 0 where there is none. */
function changed(file) {
  return existsSync(file) ? statSync(file).mtimeMs : 0
}

/** Says what is going on in one line, and shows npm's own words only where it failed. */
function npm(doing, ...args) {
  const started = Date.now()
  process.stdout.write(`${doing} (npm ${args[0] === 'run' ? 'run build' : args[0]}) … `)
  const { status, error, stdout, stderr } = spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    // npm start puts node_modules/.bin first, with a Node that `npm ci` is about to remove.
    env: { ...process.env, PATH: pathWithoutPackages() },
    shell: windows,
    maxBuffer: 2 ** 26,
  })
  if (status === 0) {
    console.log(`${Math.round((Date.now() - started) / 1000)} s`)
    return
  }
  console.log('failed')
  console.error(error?.message ?? `${stdout}${stderr}`)
  process.exit(1)
}

function pathWithoutPackages() {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.filter((folder) => !/node_modules[\\/]\.bin[\\/]?$/.test(folder)).join(delimiter)
}
