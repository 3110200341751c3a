// An exporter as teams write them: it archives log records, and says so with the app's own logger.

import { logger } from './logger.js'

export class ArchiveExporter {
  archived = []

  export(records, callback) {
    this.archived.push(...records.map(({ body }) => body))
    logger.info({ records: records.length }, 'written to the archive')
    callback({ code: 0 })
  }

  async forceFlush() {}

  async shutdown() {}
}
