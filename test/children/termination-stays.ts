// Logs and stays; logs once more, or closes one of its pipelines, where it is told to on standard input.

import pino from 'pino'
import { createPinoStream, createPinoTransport } from '../../adapters/pino/index.ts'
import { WorkerLoggerProvider } from '../../src/worker.ts'

const providers = [new WorkerLoggerProvider(), new WorkerLoggerProvider()]
const loggers = [
  pino({ name: 'first' }, createPinoStream({ loggerProvider: providers[0] as WorkerLoggerProvider })),
  pino({ name: 'second' }, createPinoStream({ loggerProvider: providers[1] as WorkerLoggerProvider })),
  pino({ name: 'transport' }, createPinoTransport()),
]
let count = 0
const log = () => {
  for (const logger of loggers) logger.info(`${count}`)
  count++
}

while (count < 10) log()
setInterval(() => {}, 1000)
if (process.argv[2] === 'logging') setInterval(log, 10)
if (process.argv[2] === 'twice') {
  process.kill(process.pid, 'SIGINT')
  process.kill(process.pid, 'SIGINT')
}
process.stdin.on('data', (order) => {
  if (String(order) === 'close') void providers[1]?.close()
  else log()
  process.stdout.write('done')
})
process.stdout.write('logged')
