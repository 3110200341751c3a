// Nothing can be sent: the app ends all the same, and says what it had to leave.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'

const { status, stderr } = spawnSync(process.execPath, ['app.js'], { encoding: 'utf8', timeout: 60_000 })
assert.equal(status, 0)
assert.match(stderr, /1 records were not delivered/)
