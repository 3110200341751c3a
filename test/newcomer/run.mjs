// A new user's path, timed: in an empty folder, the README's commands and one of its snippets after the other, pasted as
// they stand, and nothing else. The package is the packed tarball. `npm run test:newcomer`.

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const work = mkdtempSync(join(tmpdir(), 'otel-log-bridge-newcomer-'))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
/** Where the README says that records go. */
const PORT = 4318
const DEADLINE_MS = 180_000

/** What the README says to type, in blocks of commands or within a sentence. */
const commandsIn = (text) =>
  [...text.matchAll(/^```sh\n([\s\S]*?)```|`(npm install [^`]+)`/gm)].flatMap(([, block, inline]) =>
    (block ?? inline).trim().split('\n'),
  )

function section(title) {
  const start = readme.indexOf(`## ${title}\n`)
  if (start === -1) throw new Error(`the README has no section ${title}`)
  return readme.slice(start, readme.indexOf('\n## ', start + 1))
}

/** Each with the text that stands between it and the one before. */
const snippets = [...section('Use').matchAll(/([\s\S]*?)```js\n([\s\S]*?)```/g)].map(([, before, code]) => ({
  name: /\*\*(.+?)\.?\*\*/.exec(before)?.[1] ?? 'a snippet',
  commands: commandsIn(before),
  code,
}))

async function timed(what, fn) {
  const start = performance.now()
  const result = await fn()
  console.log(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  ${what}`)
  return result
}

const bodies = []
const collector = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    bodies.push(Buffer.concat(chunks).toString('latin1'))
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
})

function newFolder(name) {
  const folder = join(work, name.replace(/\W+/g, '-'))
  mkdirSync(folder)
  return folder
}

/** Types `command`, with the tarball for the package where it is installed. */
async function type(command, folder, tarball) {
  const text = command.startsWith('npm install') ? command.replace(/ otel-log-bridge(?= |$)/, ` ${tarball}`) : command
  await timed(command, () => run('sh', ['-c', text], { cwd: folder, timeout: DEADLINE_MS }))
}

/** @param logs whether `command` makes the record that the README logs. */
async function typeAndLook(command, folder, logs = true) {
  bodies.length = 0
  await type(command, folder)
  const arrived = bodies.some((body) => body.includes('order placed') && body.includes('orderId'))
  if (arrived !== logs) throw new Error(`${command}: the record has ${arrived ? '' : 'not '}arrived`)
}

async function follow({ name, commands, code }, tarball) {
  console.log(`\n${name}`)
  const folder = newFolder(name)
  for (const command of [...commandsIn(section('Install')), ...commands]) await type(command, folder, tarball)
  writeFileSync(join(folder, 'app.mjs'), code)
  await typeAndLook('node app.mjs', folder, code.includes('order placed'))
  return folder
}

/** An app that names none of it. */
const APP = "require('pino')({ name: 'shop' }).info({ orderId: 17 }, 'order placed')\n"

async function followWithoutCode(tarball) {
  console.log('\nwithout changing code')
  const text = section('Use')
  const [install, preload] = commandsIn(text.slice(text.indexOf('### Without changing code')))
  const pipe = /`(node app\.js \| [^`]+)`/.exec(text)?.[1]
  if (pipe === undefined) throw new Error('the README has no pipe')
  const folder = newFolder('without-code')
  writeFileSync(join(folder, 'app.js'), APP)
  await type(install, folder, tarball)
  await type('npm install pino', folder)
  await typeAndLook(preload, folder)
  await typeAndLook(pipe, folder)
}

const folderBytes = async (folder) => Number((await run('du', ['-sk', folder])).stdout.split('\t')[0]) * 1024
const kilobytes = (bytes) => `${Math.round(bytes / 1000).toLocaleString('en')} kB`

try {
  collector.listen(PORT)
  await once(collector, 'listening')
  if (snippets.length < 3) throw new Error(`the README has ${snippets.length} snippets, not three`)
  const packArgs = ['pack', '--json', '--ignore-scripts', '--pack-destination', work]
  const [{ filename }] = JSON.parse((await run('npm', packArgs, { cwd: root })).stdout)
  const tarball = join(work, filename)
  const [first] = await timed('all of it', async () => {
    const folders = []
    for (const snippet of snippets) folders.push(await follow(snippet, tarball))
    await followWithoutCode(tarball)
    await type('npx otel-log-bridge doctor', folders[0])
    return folders
  })

  const bare = join(work, 'bare')
  mkdirSync(bare)
  await run('npm', ['install', tarball], { cwd: bare, timeout: DEADLINE_MS })
  const installed = (await run('npm', ['ls', '--all', '--parseable'], { cwd: bare })).stdout.trim().split('\n').slice(1)
  const own = join(bare, 'node_modules/otel-log-bridge')
  console.log(`
tarball: ${kilobytes(statSync(tarball).size)}
installed: ${kilobytes(await folderBytes(own))}, with its dependencies and the API ${kilobytes(await folderBytes(join(bare, 'node_modules')))} in ${installed.length} packages
with what the first snippet needs: ${kilobytes(await folderBytes(join(first, 'node_modules')))}`)
  console.log(`\n${snippets.length + 1} passed, 0 failed`)
} catch (error) {
  console.log(`FAILED: ${error.stdout ?? ''}${error.stderr ?? error.stack}`)
  process.exitCode = 1
} finally {
  collector.close()
  collector.closeAllConnections()
  rmSync(work, { recursive: true, force: true })
}
