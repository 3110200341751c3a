import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createPinoTransport } from 'otel-log-bridge/pino'
import pino from 'pino'

const isChild = process.argv[2] === 'child'
pino({}, createPinoTransport()).info(isChild ? 'by the child' : 'by the parent')
if (!isChild) await once(fork(import.meta.filename, ['child']), 'exit')
