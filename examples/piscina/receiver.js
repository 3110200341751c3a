// A collector for the example: an OTLP/HTTP endpoint for logs, in JSON, that keeps what it is sent.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

export async function startReceiver() {
  const records = []
  const server = createServer(async (request, response) => {
    const { resourceLogs } = JSON.parse(gunzipSync(await buffer(request)).toString())
    for (const { scopeLogs } of resourceLogs) {
      for (const { logRecords } of scopeLogs) records.push(...logRecords.map(recordOf))
    }
    response.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${server.address().port}`,
    records,
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function recordOf({ body, attributes, traceId = '' }) {
  const values = attributes.map(({ key, value }) => [key, Number(value.intValue)])
  return { body: body.stringValue, attributes: Object.fromEntries(values), traceId }
}
