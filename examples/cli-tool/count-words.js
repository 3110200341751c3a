#!/usr/bin/env node
// Counts the words of a file. It logs three lines and exits in the same breath; all of them are delivered.

import { readFileSync } from 'node:fs'
import { createPinoTransport } from 'otel-log-bridge/pino'
import pino from 'pino'

const logger = pino({ name: 'count-words' }, createPinoTransport())
const [, , file] = process.argv

logger.info({ file }, 'reading')
const words = readFileSync(file, 'utf8').split(/\s+/).filter(Boolean).length
logger.info({ file, words }, 'counted')
console.log(`${words} words`)
logger.info('done')
process.exit(0)
