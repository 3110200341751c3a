// As a process manager does it: workers of a cluster, ended by a signal.

import cluster from 'node:cluster'
import { once } from 'node:events'
import { createPinoTransport } from 'otel-log-bridge/pino'
import pino from 'pino'

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()]
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  const ended = workers.map((worker) => once(worker, 'exit'))
  for (const worker of workers) worker.process.kill('SIGINT')
  await Promise.all(ended)
} else {
  setInterval(() => {}, 1000)
  pino({}, createPinoTransport()).info(`by worker ${cluster.worker.id}`)
  process.send('logged')
}
