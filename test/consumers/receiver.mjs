// A collector that keeps what was logged: OTLP in JSON.

import { once } from 'node:events'
import { createServer } from 'node:http'

export async function startReceiver() {
  const bodies = []
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      for (const { scopeLogs } of JSON.parse(Buffer.concat(chunks)).resourceLogs) {
        for (const { logRecords } of scopeLogs) bodies.push(...logRecords.map(({ body }) => body.stringValue))
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.address().port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    },
    bodies: () => [...bodies],
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
