// Runs the app under `node --watch`, which stays when it has ended: until it says so.

import { spawn } from 'node:child_process'

const child = spawn(process.execPath, ['--watch', 'app.js'], { stdio: ['ignore', 'pipe', 'inherit'] })
child.stdout.setEncoding('utf8').on('data', (text) => {
  if (/Completed running/.test(text)) child.kill('SIGINT')
  if (/Failed running/.test(text)) process.exitCode = 1
})
